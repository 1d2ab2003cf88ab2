// For users
export type {
  AgentEvent,
  AgentSnapshot,
  AgentStateName,
  CallEvent,
  CallOutcome,
  CallSnapshot,
  Delivery,
  ErrorKind,
  InspectEvent,
  InvokeResult,
  MethodName,
  MethodParams,
  MethodResult,
  ParamError,
  Phase,
  RemoteError,
} from '@halibut-gateway/schemas/wire'
export type { AgentHandle, CallOptions } from './agent-calls.ts'
export { createClient, type GatewayClient } from './client.ts'
export { GatewayError, type GatewayErrorDetails } from './errors.ts'
export type { ClientHooks, Logger, RequestInfo, RequestOutcome } from './hooks.ts'
export type { ClientOptions, RequestOptions, WatchOptions } from './options.ts'
export type { ClientState, Outage } from './state.ts'
export { Download } from './streams/download.ts'
export type { UploadProgress } from './streams/upload.ts'
export type { UploadSource } from './streams/upload-source.ts'
export type { WebSocketFactory, WebSocketLike } from './websocket.ts'
export type { Welcome } from './welcome.ts'
