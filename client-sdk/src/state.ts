import type { Welcome } from './connection.ts'
import type { GatewayError } from './errors.ts'

/** Where a client is with its connection. */
export type ClientState =
  | { readonly at: 'idle' }
  | { readonly at: 'connecting'; readonly attempt: number }
  | { readonly at: 'connected'; readonly welcome: Welcome }
  | { readonly at: 'waiting'; readonly attempt: number; readonly delayMs: number; readonly why: GatewayError }
  | { readonly at: 'failed'; readonly why: GatewayError }
  | { readonly at: 'closed' }
