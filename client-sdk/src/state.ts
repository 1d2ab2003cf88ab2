import type { GatewayError } from './errors.ts'
import type { Welcome } from './welcome.ts'

/** Why there is no connection. */
export interface Outage {
  /** What happened last: `kind` and `message` say what, `advice` what to do next. */
  readonly why: GatewayError
  /** When the connection was lost, or could not be made for the first time. */
  readonly since: Date
}

/** Where a client is with its connection. `attempt` counts those since a connection has lasted. */
export type ClientState =
  /** Nobody needs a connection; after one that was lost with the reason. */
  | ({ readonly at: 'idle' } & Partial<Outage>)
  | ({ readonly at: 'connecting'; readonly attempt: number } & Partial<Outage>)
  /** `after`: the outage that it has ended. */
  | { readonly at: 'connected'; readonly welcome: Welcome; readonly after: Outage | undefined }
  /** Until the next attempt, at `nextAt`. */
  | ({ readonly at: 'waiting'; readonly attempt: number; readonly delayMs: number; readonly nextAt: Date } & Outage)
  /** Connecting again, as it is, would end the same way. */
  | ({ readonly at: 'failed' } & Outage)
  | { readonly at: 'closed' }
