// For users
export { type AgentHandle, type ClientState, createClient, type GatewayClient, type RequestOptions } from './client.ts'
export type { Welcome } from './connection.ts'
export { GatewayError, type GatewayErrorDetails } from './errors.ts'
export type { ClientOptions } from './options.ts'
export type { CallOptions } from './service-proxy.ts'
export type { WebSocketFactory, WebSocketLike } from './websocket.ts'
