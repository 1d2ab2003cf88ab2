import { createContext, createElement, type ReactNode, useContext, useSyncExternalStore } from 'react'
import type { GatewayClient } from '../client.ts'
import type { ClientState } from '../state.ts'

const GatewayContext = createContext<GatewayClient | undefined>(undefined)

/** Gives `client` to the components below. It does not close it: whoever made it does. */
export function GatewayProvider({ client, children }: { readonly client: GatewayClient; readonly children?: ReactNode }): ReactNode {
  return createElement(GatewayContext.Provider, { value: client }, children)
}

/** The client of the nearest {@link GatewayProvider}, or the one that is given. Throws where there is neither. */
export function useGateway(client?: GatewayClient): GatewayClient {
  const provided = useContext(GatewayContext)
  const used = client ?? provided
  if (!used) throw new Error('there is no gateway client: put a GatewayProvider around this component, or give the hook a client')
  return used
}

/** Where the client is with its connection, and why where it has none. Does not connect by itself. */
export function useGatewayState(client?: GatewayClient): ClientState {
  const used = useGateway(client)
  const state = (): ClientState => used.state
  return useSyncExternalStore(changed => used.onState(changed), state, state)
}
