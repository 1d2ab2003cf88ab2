import { randomUUID } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { messageOf } from '../base/message-of.ts'
import { type CompiledContract, type CompiledMethod, refuseMisfit } from '../codec/contract-values.ts'
import { type CodecOptions, encodeRequest } from '../codec/envelope.ts'
import { namedTypes } from '../codec/named-types.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import type { AnswerStreams } from '../exchange/answer.ts'
import type { AgentConversation } from '../exchange/call-agent.ts'
import { type CallTimes, callWithin, checkTimes } from './call-deadline.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { type Endpoint, requirePin } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { CallEvent, EventHub } from './events.ts'
import { callListening } from './listening-client.ts'
import { type AnswerForm, OutgoingRequest } from './outgoing-request.ts'
import type { RequestQueue } from './queue/request-queue.ts'
import { cacheKey, ResponseCache } from './response-cache.ts'

/** What the calls of a runtime are made with. */
export interface OutgoingCallsOptions {
  readonly limits: Limits
  readonly codec: CodecOptions
  /** Resolves the `$type` names of responses to calls without a contract. */
  readonly untyped: TypeResolver
  /** Which error responses of cacheable methods are kept too; `undefined`: none (spec §12). */
  readonly cacheErrors: ((error: unknown) => boolean) | undefined
  readonly events: EventHub
  readonly log: (endpoint: string, type: LogEventType, message: string, error?: unknown) => void
  readonly queueFor: (subscription: string) => RequestQueue
  readonly poolFor: (endpoint: Endpoint) => ConnectionPool
  /** Opens a connection to a listening agent. */
  readonly open: (endpoint: Endpoint, signal: AbortSignal | undefined) => Promise<AgentConversation>
  /** Aborted with an error when the runtime closes. */
  readonly ending: AbortSignal
  /** Throws where no call is taken any more. */
  readonly assertOpen: () => void
  /** Throws for an endpoint whose certificate was revoked. */
  readonly assertNotRevoked: (endpoint: Endpoint) => void
  readonly ownThumbprint: string
}

/** Who is called, and how the call is known. */
type CallHead = Pick<CallEvent, 'activityId' | 'service' | 'method'>

/** What the cache keeps of a call: its result, or the error where the runtime keeps that. */
type CachedAnswer = { readonly result: unknown } | { readonly error: HalibutError }

/** The calls that a runtime makes: from arguments to a request, along the way of the agent’s kind, and from the response to a result. */
export class OutgoingCalls {
  readonly #options: OutgoingCallsOptions
  readonly #cache = new ResponseCache()
  readonly #untyped: AnswerForm
  /** Calls that have no answer, or whose data streams still come. */
  #running = 0
  #onIdle: (() => void) | undefined

  constructor(options: OutgoingCallsOptions) {
    this.#options = options
    this.#untyped = { types: options.untyped, method: undefined, limits: options.limits }
  }

  /** Calls a method of a contract; `count` is the number of the call in the id of its request. Every failure is a rejection. */
  call(
    endpoint: Endpoint,
    compiled: CompiledContract,
    method: CompiledMethod,
    given: readonly unknown[],
    times: CallTimes,
    count: number,
    activityId: string = randomUUID(),
  ): Promise<unknown> {
    try {
      checkTimes(times)
      this.#options.assertNotRevoked(endpoint)
      const { service } = compiled
      const args = method.complete(given)
      refuseMisfit(method.marked.arguments?.(args), '/params', 'invalid_argument')
      const seconds = method.cacheSeconds
      // By the certificate too: what another one has answered at the same address is not this agent’s.
      const key = seconds === undefined ? undefined : cacheKey(endpoint.key, service, method.signature, args)
      const kept = key === undefined ? undefined : (this.#cache.get(key) as CachedAnswer | undefined)
      if (kept) return 'error' in kept ? Promise.reject(kept.error) : Promise.resolve(kept.result)
      const keep = key === undefined || seconds === undefined ? undefined : (answer: CachedAnswer) => this.#keep(key, answer, seconds)
      const head = { id: requestId(service, method.name, count, activityId), activityId, service, method: method.name }
      const { codec, limits } = this.#options
      const message = encodeRequest(head, method.params, args, codec)
      const request = new OutgoingRequest(head.id, message, { types: compiled, method, limits })
      return this.#observed(endpoint, head, request, times, keep)
    } catch (why) {
      return Promise.reject(why)
    }
  }

  /** Calls a method by its name alone: values go and come untyped. Every failure is a rejection. */
  callUntyped(
    endpoint: Endpoint,
    {
      service,
      method,
      activityId = randomUUID(),
    }: { readonly service: string; readonly method: string; readonly activityId?: string | undefined },
    args: readonly unknown[],
    times: CallTimes,
  ): Promise<unknown> {
    try {
      checkTimes(times)
      const head = { id: requestId(service, method, 1, activityId), activityId, service, method }
      const message = encodeRequest(head, undefined, args, this.#options.codec)
      return this.#observed(endpoint, head, new OutgoingRequest(head.id, message, this.#untyped), times, undefined)
    } catch (why) {
      return Promise.reject(why)
    }
  }

  /** Resolves when no call runs, data streams of answers included. */
  async idle(): Promise<void> {
    if (this.#running === 0) return
    await new Promise<void>(resolve => {
      this.#onIdle = resolve
    })
  }

  readonly #ended = (): void => {
    if (--this.#running === 0) this.#onIdle?.()
  }

  /** Forgets the answers that it has kept. */
  clear(): void {
    this.#cache.clear()
  }

  #keep(key: string, answer: CachedAnswer, seconds: number): void {
    const isWanted = 'error' in answer ? this.#options.cacheErrors?.(answer.error) : answer.result !== null
    if (isWanted) this.#cache.put(key, answer, seconds)
  }

  /** Sends a request on its way, between `callStarted` and `callFinished`, and reads what comes of it. */
  async #observed(
    endpoint: Endpoint,
    { activityId, service, method }: CallHead,
    request: OutgoingRequest,
    times: CallTimes,
    keep: ((answer: CachedAnswer) => void) | undefined,
  ): Promise<unknown> {
    const { events, assertOpen, assertNotRevoked } = this.#options
    assertOpen()
    assertNotRevoked(endpoint)
    this.#running++
    const watched = events.wants('callStarted') || events.wants('callFinished')
    const event = watched ? { activityId, service, method, endpoint: endpoint.uri } : undefined
    const startedAt = event ? performance.now() : 0
    if (event) events.emit('callStarted', event)
    let streams: AnswerStreams | undefined
    let isAnswered = false
    try {
      streams = await this.#route(endpoint, request, times)
      streams?.done.catch(why => this.#logError(endpoint, why))
      if (endpoint.scheme === 'poll') request.requireAnswer(endpoint.uri)
      isAnswered = true
      const error = request.remoteError(endpoint.uri)
      if (error) {
        keep?.({ error })
        throw error
      }
      const result = await request.result(endpoint.uri)
      request.handOver(times.onCharge)
      keep?.({ result })
      if (event) events.emit('callFinished', { ...event, durationMs: performance.now() - startedAt, error: undefined })
      return result
    } catch (failure) {
      request.release()
      streams?.settle(new Set())
      const why = withTypesInDoubt(failure, request.message.document)
      const told = why instanceof HalibutError && why.endpoint === undefined ? why.with({ endpoint: endpoint.uri }) : why
      if (event) events.emit('callFinished', { ...event, durationMs: performance.now() - startedAt, error: told })
      // An error that the agent answered with is no trouble of the connection.
      if (!isAnswered) this.#logError(endpoint, told)
      throw told
    } finally {
      if (streams) void streams.done.then(this.#ended, this.#ended)
      else this.#ended()
    }
  }

  #logError({ uri }: Endpoint, why: unknown): void {
    this.#options.log(uri, 'Error', messageOf(why), why)
  }

  #route(endpoint: Endpoint, request: OutgoingRequest, times: CallTimes): Promise<AnswerStreams | undefined> {
    const { timeoutMs, queueTimeoutMs, onSending } = times
    // The queue of a polling agent times its part itself.
    const waitMs = endpoint.scheme === 'https' ? queueTimeoutMs : undefined
    if (timeoutMs === undefined && waitMs === undefined) return this.#send(endpoint, request, times, times.signal, onSending)
    const wait = waitMs === undefined ? undefined : ({ name: 'queueTimeoutMs', ms: waitMs } as const)
    return callWithin(times, wait, (signal, onBegun) =>
      this.#send(endpoint, request, times, signal, () => {
        onBegun()
        onSending?.()
      }),
    )
  }

  #send(
    endpoint: Endpoint,
    request: OutgoingRequest,
    { timeoutMs, queueTimeoutMs, caller, onStep }: CallTimes,
    signal: AbortSignal | undefined,
    onBegun: (() => void) | undefined,
  ): Promise<AnswerStreams | undefined> {
    const { queueFor, poolFor, open, ending, ownThumbprint, limits, log } = this.#options
    const { id, message } = request
    const { connectWaitMs } = limits
    request.signal = signal
    request.onStep = onStep
    if (endpoint.scheme === 'poll') {
      return queueFor(endpoint.uri).queueAndWait({
        id,
        message,
        reader: request,
        thumbprint: endpoint.thumbprint,
        nextThumbprint: endpoint.nextThumbprint,
        // The deadline of the whole call ends it while it waits, too.
        queueTimeoutMs: queueTimeoutMs ?? (timeoutMs === undefined ? endpoint.limits.pollingRequestQueueTimeoutMs : undefined),
        signal,
        caller,
        onCollected: onBegun,
      })
    }
    requirePin(endpoint)
    return callListening({
      endpoint,
      pool: poolFor(endpoint),
      request,
      signal,
      ending,
      onBegun,
      onStep,
      waitMs: timeoutMs === undefined && queueTimeoutMs === undefined && connectWaitMs > 0 ? connectWaitMs : undefined,
      dial: cancel => open(endpoint, cancel),
      ownThumbprint,
      log: (text, error) => log(endpoint.uri, 'Error', text, error),
    })
  }
}

/** An agent that does not know a type of a request closes the connection and says nothing; who called is told what to look at. */
function withTypesInDoubt(why: unknown, document: Buffer): unknown {
  if (!(why instanceof HalibutError) || why.kind !== 'connection_lost' || why.delivery !== 'unknown') return why
  const names = namedTypes(document)
  if (names.length === 0) return why
  const shown = names.slice(0, 5).join(' and ')
  const advice = `${why.advice}; where it ends so each time, the agent may not know a type of the request, and then closes without a word: compare ${shown} with its own`
  return why.with({ advice })
}

/** As .NET names a request (spec §6.1). */
function requestId(service: string, method: string, count: number, activityId: string): string {
  return `${service}::${method}Async[${count}] / ${activityId}`
}
