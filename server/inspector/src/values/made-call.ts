import type { GatewayError } from '@halibut-gateway/client'
import type { InvokeResult } from '@halibut-gateway/schemas'

/** What the call form is set to. */
export interface Selection {
  readonly agent: string
  readonly service: string
  readonly signature: string
}

/** A call that was made from this page. */
export interface MadeCall extends Selection {
  readonly number: number
  readonly args: readonly unknown[]
  /** The same without its secrets. */
  readonly shownArgs: readonly unknown[]
  readonly startedAt: number
  readonly outcome:
    | { readonly at: 'running' }
    | {
        readonly at: 'answered'
        readonly result: InvokeResult
        readonly elapsedMs: number /** Its value is not kept. */
        readonly dropped?: true
      }
    | { readonly at: 'failed'; readonly error: GatewayError; readonly elapsedMs: number }
}
