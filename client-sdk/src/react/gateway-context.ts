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

const idle: ClientState = { at: 'idle' }

/**
 * Where the client is with its connection, and why where it has none. Does not connect by itself. On a server `idle`, and so in the first
 * rendering over its page, which has to show the same.
 */
export function useGatewayState(client?: GatewayClient): ClientState {
  const used = useGateway(client)
  return useSyncExternalStore(
    changed => used.onState(changed),
    () => used.state,
    () => idle,
  )
}
