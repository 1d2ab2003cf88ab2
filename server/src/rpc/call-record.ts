import type { InvokeResult } from '@halibut-gateway/schemas'
import { type Delivery, type ErrorKind, isErrorKind, type Phase, type RemoteError } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import type { CallMemory } from '../store/call-memory.ts'

/** What is known of a call with an idempotency key. */
export type KeptOutcome =
  | { readonly state: 'running' }
  /** Without a result where it was too large to keep, or holds data streams. */
  | { readonly state: 'answered'; readonly result?: InvokeResult; readonly holdsStreams: boolean }
  | { readonly state: 'failed'; readonly error: HalibutError }
  /** The process ended while it ran. */
  | { readonly state: 'lost' }

/** A call whose key is known. */
export interface KnownCall {
  readonly owner: string
  readonly key: string
  readonly fingerprint: string
  /** When it ended, in UTC milliseconds since 1970; `undefined`: it runs. */
  readonly endedMs: number | undefined
  readonly outcome: KeptOutcome
}

type CallRecord = CallMemory['records'][number]

/** What a record says of the outcome. */
type Written = Exclude<KeptOutcome, { state: 'failed' }> | { readonly state: 'failed'; readonly error: WrittenError }

interface WrittenError {
  readonly kind: ErrorKind
  readonly message: string
  readonly phase?: Phase | undefined
  readonly delivery: Delivery
  readonly retryable?: boolean | undefined
  readonly advice?: string | undefined
  readonly remote?: RemoteError | undefined
}

/** Above every time: what runs is not forgotten. */
const running = Number.MAX_SAFE_INTEGER

/** A call as it is kept. */
export function toRecord({ owner, key, fingerprint, endedMs, outcome }: KnownCall): CallRecord {
  const written: Written = outcome.state === 'failed' ? { state: 'failed', error: writtenError(outcome.error) } : outcome
  return { id: JSON.stringify([owner, key]), atMs: endedMs ?? running, outcome: { fingerprint, ...written } }
}

/** Whether a record is one that {@link toRecord} has made. */
export function isCallRecord({ id, outcome }: CallRecord): boolean {
  return isName(id) && isWritten(outcome)
}

function isName(id: string): boolean {
  try {
    const name: unknown = JSON.parse(id)
    return Array.isArray(name) && name.length === 2 && name.every(each => typeof each === 'string')
  } catch {
    return false
  }
}

function isWritten(outcome: unknown): boolean {
  if (typeof outcome !== 'object' || outcome === null) return false
  const { fingerprint, state, result, error } = outcome as Readonly<Record<string, unknown>>
  if (typeof fingerprint !== 'string') return false
  if (state === 'answered') return result === undefined || (typeof result === 'object' && result !== null)
  if (state !== 'failed') return state === 'running' || state === 'lost'
  if (typeof error !== 'object' || error === null) return false
  const { kind, message } = error as Readonly<Record<string, unknown>>
  return typeof kind === 'string' && isErrorKind(kind) && typeof message === 'string'
}

/** The call of a record of an earlier process: what ran then is lost since `nowMs`. */
export function fromRecord({ id, atMs, outcome }: CallRecord, nowMs: number): KnownCall {
  const [owner, key] = JSON.parse(id) as [string, string]
  const { fingerprint, ...written } = outcome as { readonly fingerprint: string } & Written
  return { owner, key, fingerprint, endedMs: Math.min(atMs, nowMs), outcome: readOutcome(written) }
}

function readOutcome(written: Written): KeptOutcome {
  if (written.state === 'running') return { state: 'lost' }
  if (written.state !== 'failed') return written
  const { kind, message, ...context } = written.error
  return { state: 'failed', error: new HalibutError(kind, message, context) }
}

function writtenError({ kind, message, phase, delivery, remote, exceptions }: HalibutError): WrittenError {
  return { kind, message, phase, delivery, remote, ...exceptions }
}
