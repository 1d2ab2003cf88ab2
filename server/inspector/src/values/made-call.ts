import type { GatewayError } from '@halibut-gateway/client'
import type { InvokeResult } from '@halibut-gateway/schemas'

/** What a call goes to. */
export interface Target {
  readonly agent: string
  readonly service: string
  readonly signature: string
}

/** A call that was made from this page. */
export interface MadeCall extends Target {
  readonly number: number
  /** Absent where they could not be kept when the page was left: files, and what the contract calls a secret. */
  readonly args?: readonly unknown[] | undefined
  /** The same without its secrets. */
  readonly shownArgs: readonly unknown[]
  /** The contract says that its answer has a secret in it: it is shown, and not kept. */
  readonly hidesResult?: true
  readonly startedAt: number
  /** When it is given up, where a deadline was set. */
  readonly deadlineAt?: number | undefined
  /** What the gateway knows it by, to ask what became of it after the page was left. */
  readonly key: string
  readonly epoch?: string | undefined
  readonly outcome: CallOutcome
}

/** What came of a call. */
export type CallOutcome =
  | { readonly at: 'running' }
  | {
      readonly at: 'answered'
      readonly result: InvokeResult
      readonly elapsedMs: number
      /** Its value is not kept: it was long, a data stream of a page that was left, or has a secret in it. */
      readonly dropped?: 'long' | 'stream' | 'secret'
    }
  | { readonly at: 'failed'; readonly error: GatewayError; readonly elapsedMs: number }
