import type { GatewayError } from '@halibut-gateway/client'
import type { InvokeResult } from '@halibut-gateway/schemas'
import type { CallDraft } from './call-draft.ts'
import { withNames } from './stream-args.ts'

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
  /** Its times, where they were set. */
  readonly timeoutMs?: number | undefined
  readonly queueTimeoutMs?: number | undefined
  /** When it is given up, where a deadline was set. */
  readonly deadlineAt?: number | undefined
  /** What the gateway knows it by, to ask what became of it after the page was left. */
  readonly key: string
  readonly epoch?: string | undefined
  readonly outcome: CallOutcome
}

/** A call that was made, as one that may be made again. What is secret or was a file is not in it. */
export function draftOfCall({ agent, service, signature, shownArgs, timeoutMs, queueTimeoutMs }: MadeCall): CallDraft {
  return { agent, service, method: signature, args: withNames(shownArgs), timeoutMs, queueTimeoutMs }
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
