import type { MethodParams, MethodResult } from '@halibut-gateway/schemas'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import type { TSchema } from '@sinclair/typebox'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import type { Principal } from '../access/principal.ts'
import { createTraceId } from '../base/trace-id.ts'
import type { CallStreams } from './call-streams.ts'

/** What the session gives a request to run with. */
export interface RequestContext {
  readonly principal: Principal
  /** Who is served in turn with others where requests wait for an agent: one browser. */
  readonly caller?: string | undefined
  /** That of the caller’s trace, where it told one. */
  readonly traceId?: string | undefined
  /** When the request came, by `performance.now()`. */
  readonly receivedMs: number
  /** Aborted when the caller cancels the request (reason: `cancelled`), or when the session is over (reason: `closed`). */
  readonly signal: AbortSignal
  /** It came in a long text: what has to be done with all of its parameters is done in turns with others. */
  readonly isLong?: boolean | undefined
  /** The data streams in parameters and result. */
  readonly streams: CallStreams
  /** From now on a cancelled request may have run; `cancel`: what becomes of it where whoever gives it up does not say. */
  begun(cancel: CancelMode): void
  /** Opens a session, or goes on with one: for `hello` alone. */
  openSession?(resume: MethodParams<'hello'>['resume']): OpenedSession
  sendItem(sequence: number, item: unknown): void
  /** Resolves when the client takes more items, or the request is aborted. */
  writable(): Promise<void>
}

/** What `hello` tells of the session. */
export type OpenedSession = Pick<MethodResult<'hello'>, 'session' | 'resumeToken' | 'resumed' | 'reason' | 'sequence' | 'streams'>

/** What a handler knows beside its parameters. */
export interface CallContext extends Omit<RequestContext, 'sendItem' | 'openSession' | 'traceId'> {
  /** 32 hex digits: the caller’s, or fresh ones. */
  readonly traceId: string
  /** Opens a session, or goes on with one; `undefined` where there is one already. */
  openSession(resume: MethodParams<'hello'>['resume']): OpenedSession | undefined
  /** Sends an item of a watch. */
  sendItem(item: unknown): void
}

/** What a handler sees of its request. Nothing is made that it does not ask for. */
export class RunningCall implements CallContext {
  readonly #method: string
  readonly #request: RequestContext
  readonly #item: TypeCheck<TSchema> | undefined
  #traceId: string | undefined
  #sequence = 0

  constructor(method: string, request: RequestContext, item: TypeCheck<TSchema> | undefined) {
    this.#method = method
    this.#request = request
    this.#item = item
  }

  get principal(): Principal {
    return this.#request.principal
  }

  get caller(): string | undefined {
    return this.#request.caller
  }

  get receivedMs(): number {
    return this.#request.receivedMs
  }

  get isLong(): boolean {
    return this.#request.isLong ?? false
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  get streams(): CallStreams {
    return this.#request.streams
  }

  get traceId(): string {
    this.#traceId ??= this.#request.traceId ?? createTraceId()
    return this.#traceId
  }

  begun(cancel: CancelMode): void {
    this.#request.begun(cancel)
  }

  openSession(resume: MethodParams<'hello'>['resume']): OpenedSession | undefined {
    return this.#request.openSession?.(resume)
  }

  writable(): Promise<void> {
    return this.#request.writable()
  }

  sendItem(item: unknown): void {
    if (!this.#item?.Check(item)) throw new Error(`an item of ${this.#method} does not fit its schema`)
    this.#request.sendItem(++this.#sequence, item)
  }
}
