import { randomUUID } from 'node:crypto'
import { HalibutError } from '../base/errors.ts'
import { inTurns } from '../base/in-turns.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { type CompiledContract, type CompiledMethod, refuseMisfit, toUntyped, toUntypedInParts } from '../codec/contract-values.ts'
import { type CodecOptions, type EncodedMessage, encodeRequest } from '../codec/envelope.ts'
import { namedTypes } from '../codec/named-types.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import { AgentConversation, type Exchanged, noResponse } from '../exchange/call-agent.ts'
import type { Transfer } from '../exchange/transfer.ts'
import { type CallTimes, callWithin, checkTimes } from './call-deadline.ts'
import type { ConnectionPool } from './connection-pool.ts'
import { type Endpoint, requirePin } from './endpoint.ts'
import type { LogEventType } from './event-log.ts'
import type { CallEvent, EventHub } from './events.ts'
import { callListening } from './listening-client.ts'
import type { RequestQueue } from './queue/request-queue.ts'
import { translateRemoteError } from './remote-error.ts'
import { cacheKey, ResponseCache } from './response-cache.ts'

/** What the calls of a runtime are made with. */
export interface OutgoingCallsOptions {
  readonly codec: CodecOptions
  /** Resolves the `$type` names of responses to calls without a contract. */
  readonly untyped: TypeResolver
  /** Which error responses of cacheable methods are kept too; `undefined`: none (spec §12). */
  readonly cacheErrors: ((error: unknown) => boolean) | undefined
  readonly events: EventHub
  readonly log: (endpoint: string, type: LogEventType, message: string, error?: unknown) => void
  readonly queueFor: (subscription: string) => RequestQueue
  readonly poolFor: (endpoint: Endpoint) => ConnectionPool
  /** Opens a connection; it is not identified yet. */
  readonly dial: (endpoint: Endpoint, signal: AbortSignal | undefined) => Promise<Transfer>
  /** Aborted with an error when the runtime closes. */
  readonly ending: AbortSignal
  /** Throws where no call is taken any more. */
  readonly assertOpen: () => void
  readonly ownThumbprint: string
  /** How long a call without times of its own may wait for a connection to a listening agent. Milliseconds; 0: no limit. */
  readonly connectWaitMs: number
}

/** Who is called, and how the call is known. */
type CallHead = Pick<CallEvent, 'activityId' | 'service' | 'method'>

/** A request, encoded, and what its response is read with. */
interface OutgoingRequest {
  readonly id: string
  readonly message: EncodedMessage
  /** Resolves the `$type` names of the response. */
  readonly types: TypeResolver
  /** `undefined`: untyped. */
  readonly method: CompiledMethod | undefined
  /** Puts the answer in the cache. */
  readonly keep: ((answer: CachedAnswer) => void) | undefined
}

/** What the cache keeps of a call: its result, or the error where the runtime keeps that. */
type CachedAnswer = { readonly result: unknown } | { readonly error: HalibutError }

/** The calls that a runtime makes: from arguments to a request, along the way of the agent’s kind, and from the response to a result. */
export class OutgoingCalls {
  readonly #options: OutgoingCallsOptions
  readonly #cache = new ResponseCache()
  /** Calls that have no answer, or whose data streams still come. */
  #running = 0
  #onIdle: (() => void) | undefined

  constructor(options: OutgoingCallsOptions) {
    this.#options = options
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
      const { service } = compiled
      const args = method.complete(given)
      refuseMisfit(method.marked.arguments?.(args), '/params', 'invalid_argument')
      const seconds = method.cacheSeconds
      const key = seconds === undefined ? undefined : cacheKey(endpoint.uri, service, method.signature, args)
      const kept = key === undefined ? undefined : (this.#cache.get(key) as CachedAnswer | undefined)
      if (kept) return 'error' in kept ? Promise.reject(kept.error) : Promise.resolve(kept.result)
      const keep =
        key === undefined || seconds === undefined ? undefined : (answer: CachedAnswer): void => this.#cache.put(key, answer, seconds)
      const head = { id: requestId(service, method.name, count, activityId), activityId, service, method: method.name }
      const message = encodeRequest(head, method.params, args, this.#options.codec)
      return this.#observed(endpoint, head, { id: head.id, message, types: compiled, method, keep }, times)
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
      const request = { id: head.id, message, types: this.#options.untyped, method: undefined, keep: undefined }
      return this.#observed(endpoint, head, request, times)
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

  /** The result in a response; what it is charged with is released, or goes with it. */
  async #readCharged(
    endpoint: Endpoint,
    request: OutgoingRequest,
    exchanged: Exchanged,
    charge: MemoryCharge,
    { onCharge }: CallTimes,
  ): Promise<unknown> {
    const { response } = exchanged
    try {
      const isLarge = request.method === undefined && response !== null && !response.error
      const result = isLarge ? await inTurns(toUntypedInParts(response.result)) : this.#read(endpoint, request, exchanged)
      if (onCharge) onCharge(charge)
      else charge.release()
      return result
    } catch (why) {
      charge.release()
      throw why
    }
  }

  /** The result in a response. */
  #read(endpoint: Endpoint, { method, keep }: OutgoingRequest, { response, streams }: Exchanged): unknown {
    if (response === null) throw noResponse().with({ endpoint: endpoint.uri })
    if (response.error) {
      const error = translateRemoteError(response.error, { endpoint: endpoint.uri, phase: 'response' })
      if (keep && this.#options.cacheErrors?.(error)) keep({ error })
      throw error
    }
    if (!method) return toUntyped(response.result)
    try {
      const result = method.result.fromResult(response.result)
      refuseMisfit(method.marked.result?.(result), '/result', 'serialization_failed')
      if (keep && result !== null) keep({ result })
      return result
    } catch (why) {
      streams?.settle(new Set())
      if (!(why instanceof HalibutError)) throw why
      const error = why.with({ phase: 'response', delivery: 'executed', endpoint: endpoint.uri })
      throw new UnfitResultError(error, response.result.value)
    }
  }

  /** Sends a request on its way, between `callStarted` and `callFinished`, and reads what comes of it. */
  async #observed(
    endpoint: Endpoint,
    { activityId, service, method }: CallHead,
    request: OutgoingRequest,
    times: CallTimes,
  ): Promise<unknown> {
    const { events, assertOpen } = this.#options
    assertOpen()
    this.#running++
    const watched = events.wants('callStarted') || events.wants('callFinished')
    const event = watched ? { activityId, service, method, endpoint: endpoint.uri } : undefined
    const startedAt = event ? performance.now() : 0
    if (event) events.emit('callStarted', event)
    let exchanged: Exchanged | undefined
    try {
      exchanged = await this.#route(endpoint, request, times)
      exchanged.streams?.done.catch(why => this.#logError(endpoint, why))
      const { charge } = exchanged
      const result = charge
        ? await this.#readCharged(endpoint, request, exchanged, charge, times)
        : this.#read(endpoint, request, exchanged)
      if (event) events.emit('callFinished', { ...event, durationMs: performance.now() - startedAt, error: undefined })
      return result
    } catch (failure) {
      const why = withTypesInDoubt(failure, request.message.document)
      const told = why instanceof HalibutError && why.endpoint === undefined ? why.with({ endpoint: endpoint.uri }) : why
      if (event) events.emit('callFinished', { ...event, durationMs: performance.now() - startedAt, error: told })
      // An error that the agent answered with is no trouble of the connection.
      if (!exchanged) this.#logError(endpoint, told)
      throw told
    } finally {
      const { streams } = exchanged ?? {}
      if (streams) void streams.done.then(this.#ended, this.#ended)
      else this.#ended()
    }
  }

  #logError({ uri }: Endpoint, why: unknown): void {
    this.#options.log(uri, 'Error', why instanceof Error ? why.message : String(why), why)
  }

  #route(endpoint: Endpoint, request: OutgoingRequest, times: CallTimes): Promise<Exchanged> {
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
    { timeoutMs, queueTimeoutMs, caller }: CallTimes,
    signal: AbortSignal | undefined,
    onBegun: (() => void) | undefined,
  ): Promise<Exchanged> {
    const { queueFor, poolFor, dial, ending, ownThumbprint, connectWaitMs, log } = this.#options
    const { id, message, types } = request
    if (endpoint.scheme === 'poll') {
      return queueFor(endpoint.uri).queueAndWait({
        id,
        message,
        types,
        thumbprint: endpoint.thumbprint,
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
      id,
      message,
      types,
      signal,
      ending,
      onBegun,
      waitMs: timeoutMs === undefined && queueTimeoutMs === undefined && connectWaitMs > 0 ? connectWaitMs : undefined,
      dial: async cancel => new AgentConversation(await dial(endpoint, cancel)),
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
