/** The little of a WebSocket that this package needs: a browser’s, Node 22’s, or the one of the `ws` package. */
export interface WebSocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  binaryType: string
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  /** What the `ws` package and Node tell with it has a message; a browser says nothing. */
  addEventListener(type: 'error', listener: (event: object) => void): void
}

/** Opens a WebSocket with subprotocols. */
export type WebSocketFactory = (url: string, protocols: string[]) => WebSocketLike

/** The platform’s own WebSocket; `undefined` where there is none (Node 20). */
export function platformWebSocket(): WebSocketFactory | undefined {
  const Platform = globalThis.WebSocket as (new (url: string, protocols: string[]) => WebSocket) | undefined
  return Platform === undefined ? undefined : (url, protocols) => new Platform(url, protocols) as WebSocketLike
}
