import { WebSocket } from 'ws'
import type { WebSocketFactory } from '../../client-sdk/src/index.ts'

/** The sockets of the `ws` package, as the SDK takes them. */
export const nodeWebSocket: WebSocketFactory = (url, protocols) => new WebSocket(url, protocols) as never
