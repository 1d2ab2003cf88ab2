// React: the client in the components of a page. Needs React 18 or later beside it.
export { GatewayProvider, useGateway, useGatewayState } from './react/gateway-context.ts'
export { type Caller, type CallState, useCall } from './react/use-call.ts'
export { type AgentsState, useAgents, useWatch, type WatchState } from './react/use-watch.ts'
