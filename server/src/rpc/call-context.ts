import type { MethodParams, MethodResult } from '@halibut-gateway/schemas'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import type { CallPhase } from '@halibut-gateway/schemas/wire'
import type { TSchema } from '@sinclair/typebox'
import type { TypeCheck } from '@sinclair/typebox/compiler'
import type { Principal } from '../access/principal.ts'
import { createTraceId, traceIdIn } from '../base/trace-id.ts'
import type { Change } from '../store/store.ts'
import type { CallStreams } from './call-streams.ts'
import type { RequestSpan, TracedRequest } from './request-spans.ts'

/** What the session gives a request to run with. */
export interface RequestContext extends TracedRequest {
  readonly principal: Principal
  /** Who is served in turn with others where requests wait for an agent: one browser. */
  readonly caller?: string | undefined
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
export interface CallContext extends Omit<RequestContext, 'sendItem' | 'openSession' | 'traceparent' | 'tracestate' | 'isHttp'> {
  /** 32 hex digits: the caller’s, or fresh ones. */
  readonly traceId: string
  /** The span that stands for the request, where spans are made. */
  readonly span: RequestSpan | undefined
  /** Within which the request changes what is kept, once at most: what is written down of it is a part of that. Default: nothing is written down. */
  readonly change?: Change | undefined
  /** It is about this call to an agent. */
  name(activityId: string): void
  /** What the call to an agent took, before it failed. */
  took(phases: readonly CallPhase[]): void
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
  readonly span: RequestSpan | undefined
  change: Change | undefined
  /** Of the call to an agent that it is about. */
  activityId: string | undefined
  /** What it took, where it failed. */
  phases: readonly CallPhase[] | undefined
  #traceId: string | undefined
  #sequence = 0

  constructor(method: string, request: RequestContext, item: TypeCheck<TSchema> | undefined, span: RequestSpan | undefined) {
    this.#method = method
    this.#request = request
    this.#item = item
    this.span = span
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
    this.#traceId ??= this.toldTraceId ?? createTraceId()
    return this.#traceId
  }

  /** That of a trace which others know of. */
  get toldTraceId(): string | undefined {
    return this.span?.traceId ?? traceIdIn(this.#request.traceparent)
  }

  name(activityId: string): void {
    this.activityId = activityId
    this.span?.name(activityId)
  }

  took(phases: readonly CallPhase[]): void {
    this.phases = phases
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
