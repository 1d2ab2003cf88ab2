import type { Transfer } from '../exchange/transfer.ts'

/** A connection over which an agent gets its calls, as it is at one moment. Times are UTC milliseconds since 1970. */
export interface AgentConnection {
  /** Who opened it: `incoming` where the agent polls us, `outgoing` where we dialled it. */
  readonly direction: 'incoming' | 'outgoing'
  readonly remoteAddress: string
  /** `TLSv1.2` or `TLSv1.3`, and the cipher suite by its IANA name; without one the connection is ending. */
  readonly protocol: string
  readonly cipher: string | undefined
  /** The certificates: the agent’s and until when it is valid, and ours; SHA-1. */
  readonly thumbprint: string | undefined
  readonly expiresMs: number | undefined
  readonly own: string | undefined
  /** The port of ours that the agent polls. */
  readonly port: number | undefined
  readonly sinceMs: number
  /** Requests that were given to it. */
  readonly calls: number
  /** One of them is under way. */
  readonly isBusy: boolean
  /** When the last one came to its end. */
  readonly usedMs: number | undefined
  readonly bytesRead: number
  readonly bytesWritten: number
}

/** What only whoever has opened or accepted a connection knows of it. */
type Beginning = Pick<AgentConnection, 'direction' | 'own' | 'sinceMs'> & { readonly port?: number | undefined }

export function connectionOf({ channel, calls, isBusy, usedMs }: Transfer, { direction, own, port, sinceMs }: Beginning): AgentConnection {
  const { remoteAddress, protocol, thumbprint, expiresMs } = channel.peer
  return {
    ...{ direction, remoteAddress, protocol, cipher: channel.cipher(), thumbprint, expiresMs, own, port, sinceMs, calls, isBusy },
    usedMs: usedMs === undefined ? undefined : timeOf(usedMs),
    bytesRead: channel.bytesRead,
    bytesWritten: channel.bytesWritten,
  }
}

/** A moment by `performance.now()` as a time of day. */
export function timeOf(ms: number): number {
  return Math.round(performance.timeOrigin + ms)
}
