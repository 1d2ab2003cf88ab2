import type { Contract, ServiceClient } from '@halibut-gateway/schemas/contract'
import type {
  AgentEvent,
  AgentSnapshot,
  CallEvent,
  CallOutcome,
  ErrorKind,
  InspectEvent,
  InvokeResult,
  MethodName,
  MethodParams,
  MethodResult,
  WatchItem,
  WatchName,
} from '@halibut-gateway/schemas/wire'
import { controlNotifications } from '@halibut-gateway/schemas/wire'
import { type AgentHandle, type AgentLine, type CallOptions, invokeUntyped, serviceProxy } from './agent-calls.ts'
import { backoffDelayMs } from './backoff.ts'
import { type Connection, type Ended, openConnection } from './connection.ts'
import { checkTime, timer, watchTimes, wireTime } from './deadlines.ts'
import { Epochs } from './epochs.ts'
import { closedError, encoded, GatewayError, tell, toGatewayError } from './errors.ts'
import { Link } from './link.ts'
import { type ClientOptions, type RequestOptions, type ResolvedOptions, resolveOptions, type WatchOptions } from './options.ts'
import { type CallHooks, type PendingCall, PendingCalls } from './pending-calls.ts'
import type { ClientState } from './state.ts'
import type { Download } from './streams/download.ts'
import type { UploadSource } from './streams/upload-source.ts'
import { untilLeft, type WatchLine, watchItems } from './subscriptions.ts'

/** A client of one gateway. Connects when the first request is made, and again whenever something waits for an answer. */
export class GatewayClient implements AsyncDisposable {
  readonly #options: ResolvedOptions
  readonly #pending = new PendingCalls()
  readonly #unsent = new Map<PendingCall, (epoch: string) => string>()
  readonly #listeners = new Set<(state: ClientState) => void>()
  readonly #closing = new AbortController()
  readonly #epochs = new Epochs()
  readonly #link = new Link({
    onResponse: (response, downloads) => {
      const wanted = this.#pending.answer(response, downloads)
      if (this.#unsent.size > 0) this.#flush()
      return wanted
    },
    onItem: (id, sequence, item) => this.#pending.item(id, sequence, item),
  })
  #state: ClientState = { at: 'idle' }
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #resumeTimer: ReturnType<typeof setTimeout> | undefined
  /** To connect, since a connection has lasted. */
  #attempts = 0
  /** Why there is no connection; the next attempt waits for its time, counted from {@link #sinceMs}. */
  #why: GatewayError | undefined
  /** When the last connection began, or ended. */
  #sinceMs = 0

  constructor(options: ClientOptions) {
    this.#options = resolveOptions(options)
  }

  get state(): ClientState {
    return this.#state
  }

  /** Calls `listener` at each change of {@link state}; gives a function that ends this. */
  onState(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** One of the gateway’s own methods. */
  async request<M extends MethodName>(method: M, params: MethodParams<M>, options: RequestOptions = {}): Promise<MethodResult<M>> {
    return (await this.#request(method, params, options)) as MethodResult<M>
  }

  /** Every agent with its state. */
  async agents(options: RequestOptions = {}): Promise<AgentSnapshot[]> {
    return (await this.request('agents.list', {}, options)).agents
  }

  /**
   * The agents and what changes: first a snapshot, of thousands in parts (`more`, and the others follow as changes), then what changed; a new
   * snapshot where the session was lost. What was not read yet gives way to what is newer. Ends by leaving the loop or by `signal`.
   */
  watchAgents(options: WatchOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    return this.#watch('agents.watch', options, undefined, mergeAgents)
  }

  /** The calls that run, and every beginning and end of one. A `gap` says that some were missed. Ends as {@link watchAgents} does. */
  watchCalls(options: WatchOptions = {}): AsyncGenerator<CallEvent, void, void> {
    return this.#watch('calls.watch', options, { type: 'gap' })
  }

  /** What happens on the connections to agents; for admins. A `gap` says that something was missed. Ends as {@link watchAgents} does. */
  watchMesh(options: WatchOptions = {}): AsyncGenerator<InspectEvent, void, void> {
    return this.#watch('inspect.watch', options, { type: 'gap' })
  }

  /** What became of the call with this idempotency key. `epoch`: that of the call; default: the one it had when this client made it. */
  async callOutcome(idempotencyKey: string, options: RequestOptions & { readonly epoch?: string } = {}): Promise<CallOutcome> {
    const epoch = options.epoch ?? this.#epochs.get(idempotencyKey)
    if (epoch === undefined) throw new GatewayError('invalid_argument', 'no call had that key: say its epoch')
    return this.request('calls.get', { idempotencyKey, epoch }, options)
  }

  /** The contract of a service, as the gateway knows it. */
  async contract(service: string, options: RequestOptions = {}): Promise<Contract> {
    return (await this.request('contracts.get', { service }, options)).contract as unknown as Contract
  }

  /** An agent by its id. Nothing is sent before a call is made. */
  agent(id: string): AgentHandle {
    const line: AgentLine = {
      streams: ({ onProgress }) => this.#link.streams.ofCall(onProgress),
      invoke: async (service, method, args, streams, options) => {
        const { queueTimeoutMs, idempotencyKey, digest } = options
        // What is undefined JSON leaves out. What is left of `timeoutMs` is known when it is sent.
        const params = { agent: id, service, method, args, queueTimeoutMs: wireTime(queueTimeoutMs), idempotencyKey, digest }
        try {
          return (await this.#request('agent.invoke', params, options, streams)) as InvokeResult
        } finally {
          streams.cancel('the call has ended')
        }
      },
    }
    return {
      id,
      invoke: (service, method, args, options = {}) => invokeUntyped(line, service, method, args, options),
      service: <C extends Contract>(contract: C) => serviceProxy(contract, line) as ServiceClient<C, UploadSource, CallOptions, Download>,
    }
  }

  /** Tries to connect at once instead of waiting for the next attempt, also after the gateway refused. */
  connectNow(): void {
    if (this.#state.at === 'closed' || this.#state.at === 'connecting' || this.#link.isOpen) return
    clearTimeout(this.#retryTimer)
    this.#attempts = 0
    void this.#connect()
  }

  /** Ends the connection and everything that waits. Idempotent. */
  close(): void {
    if (this.#state.at === 'closed') return
    clearTimeout(this.#retryTimer)
    this.#closing.abort()
    this.#link.detach()
    this.#setState({ at: 'closed' })
    this.#endAll(closedError('unknown'), closedError())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #watch<M extends WatchName>(
    method: M,
    { signal }: WatchOptions,
    gap: WatchItem<M> | undefined,
    merge?: (older: WatchItem<M>, newer: WatchItem<M>) => WatchItem<M> | undefined,
  ): AsyncGenerator<WatchItem<M>, void, void> {
    const line: WatchLine<WatchItem<M>> = {
      start: async (stop, hooks) => this.#request(method, {}, { signal: stop }, hooks),
      notify: (name, params) => this.#link.notify(name, params),
      merge,
      gap,
      // What is final for the connection is final for it too.
      restarts: () => this.#options.reconnect && this.#state.at !== 'failed',
    }
    return untilLeft(left => watchItems(line, left), signal)
  }

  /** Throws where the request cannot be made at all. */
  #request(method: MethodName, params: object, options: CallOptions | RequestOptions, hooks: CallHooks = {}): Promise<unknown> {
    const { signal, timeoutMs, queueTimeoutMs, cancel } = options as CallOptions
    checkTime('timeoutMs', timeoutMs)
    checkTime('queueTimeoutMs', queueTimeoutMs)
    if (this.#state.at === 'closed') throw closedError()
    const text = encoded(() => JSON.stringify(params))
    const { idempotencyKey: key, epoch: said, timeoutMs: told } = params as { idempotencyKey?: string; epoch?: string; timeoutMs?: number }
    const isCall = method === 'agent.invoke'
    const beganMs = performance.now()
    const { call, answer } = this.#pending.add(hooks)
    const onAbort = (): void => this.#giveUp(call, cancel, 'cancelled', 'the call was cancelled', signal?.reason)
    if (signal?.aborted) {
      onAbort()
      return answer
    }
    signal?.addEventListener('abort', onAbort)
    const endTimes = watchTimes(
      { timeoutMs, queueTimeoutMs },
      () => call.sent,
      () => isCall && this.#link.isOpen,
      ms => this.#giveUp(call, cancel, 'deadline_exceeded', `${call.sent ? 'no answer came' : 'the request was not sent'} within ${ms} ms`),
    )
    call.onEnded = () => {
      endTimes()
      signal?.removeEventListener('abort', onAbort)
    }
    this.#unsent.set(call, epoch => {
      const of = key === undefined || said !== undefined ? '' : `,"epoch":"${this.#epochs.first(key, epoch)}"`
      const leftMs = isCall && told === undefined && timeoutMs ? wireTime(timeoutMs - (performance.now() - beganMs)) : undefined
      const within = leftMs ? `,"timeoutMs":${leftMs}` : ''
      return `{"jsonrpc":"2.0","id":${call.id},"method":"${method}","params":${text.slice(0, -1)}${of}${within}}}`
    })
    this.#flush()
    return answer
  }

  #giveUp(call: PendingCall, mode: CallOptions['cancel'], kind: ErrorKind, what: string, cause: unknown = this.#why): void {
    this.#unsent.delete(call)
    if (call.sent) this.#link.notify(controlNotifications.cancel, { id: call.id, mode })
    const message = this.#why ? `${what}; there is no connection: ${this.#why.message}` : what
    call.settle(new GatewayError(kind, message, { delivery: call.sent ? 'unknown' : 'not_sent', cause }))
  }

  /** Sends what waits and what the gateway takes at a time, or begins to connect. */
  #flush(): void {
    if (!this.#link.isOpen) {
      const { at } = this.#state
      if (at === 'idle' && this.#why) this.#retryLater(this.#why)
      else if (at === 'idle' || at === 'failed') void this.#connect()
      return
    }
    const { welcome } = this.#link
    if (!welcome) return
    const { epoch, limits } = welcome
    for (const [call, textIn] of this.#unsent) {
      if (this.#pending.size - this.#pending.reading - this.#unsent.size >= limits.callsInFlight) return
      this.#unsent.delete(call)
      call.sent = true
      if (this.#link.request(textIn(epoch))) call.hooks.onSent?.(call.id)
      else call.settle(new GatewayError('message_too_large', `a request may have ${limits.textBytes} bytes`))
    }
  }

  async #connect(): Promise<void> {
    this.#setState({ at: 'connecting', attempt: ++this.#attempts })
    const link = this.#link
    let connection: Connection
    try {
      connection = await openConnection(
        this.#options,
        link.resume,
        {
          onText: text => link.receive(text),
          onBinary: frame => link.streams.receive(frame),
          onEnded: ended => this.#onEnded(ended),
        },
        this.#closing.signal,
      )
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#onRefused(toGatewayError('connect_failed', 'no connection was opened', error))
      return
    }
    clearTimeout(this.#resumeTimer)
    this.#why = undefined
    this.#sinceMs = performance.now()
    link.attach(connection)
    const { welcome } = connection
    if (welcome.resumed) {
      link.goOn()
      this.#pending.resumed()
    } else this.#sessionOver(lost(`the session ended: ${welcome.reason}`))
    this.#setState({ at: 'connected', welcome })
    this.#flush()
  }

  #onEnded({ message, retry }: Ended): void {
    this.#link.detach()
    const nowMs = performance.now()
    if (nowMs - this.#sinceMs >= this.#options.backoff.maxMs) this.#attempts = 0
    this.#sinceMs = nowMs
    const why = lost(message)
    if (this.#attempts > 0) this.#why = why
    if (!retry || !this.#options.reconnect) {
      this.#endAll(why, new GatewayError('connection_lost', message, { retryable: retry }))
      this.#setState(retry ? { at: 'idle' } : { at: 'failed', why })
      return
    }
    this.#resumeTimer = setTimeout(() => this.#sessionOver(lost(`${message}; for too long`)), this.#link.welcome?.limits.resumeMs)
    if (this.#pending.size > 0 || this.#link.streams.open > 0) this.#retryLater(why)
    else this.#setState({ at: 'idle' })
  }

  #onRefused(why: GatewayError): void {
    this.#why = why
    this.#sinceMs = performance.now()
    if (why.retryable && this.#options.reconnect) this.#retryLater(why)
    else {
      this.#endAll(lost(why.message, why), why)
      this.#setState({ at: 'failed', why })
    }
  }

  /** Nothing will connect by itself: all that waits ends. */
  #endAll(ofSent: GatewayError, ofUnsent: GatewayError): void {
    this.#unsent.clear()
    this.#sessionOver(ofSent)
    this.#pending.failAll(ofUnsent)
  }

  /** What was under way in the session ends; what was not sent yet waits for the next one. */
  #sessionOver(why: GatewayError): void {
    clearTimeout(this.#resumeTimer)
    this.#link.forget(why)
    this.#pending.failAll(why, true)
  }

  #retryLater(why: GatewayError): void {
    const attempt = this.#attempts + 1
    const passedMs = performance.now() - this.#sinceMs
    const delayMs = Math.max(0, backoffDelayMs(attempt, this.#options.backoff, Math.random) - passedMs)
    this.#why = why
    this.#setState({ at: 'waiting', attempt, delayMs, why })
    this.#retryTimer = timer(() => void this.#connect(), delayMs)
  }

  #setState(state: ClientState): void {
    this.#state = state
    for (const listener of this.#listeners) tell(listener, state)
  }
}

/** A client of the gateway at `options.url`. Throws `invalid_argument` where the options do not fit. */
export function createClient(options: ClientOptions): GatewayClient {
  return new GatewayClient(options)
}

/** One event in the place of two, each agent as it was last. */
function mergeAgents(older: AgentEvent, newer: AgentEvent): AgentEvent | undefined {
  if (older.type === 'removed' || newer.type === 'removed') return undefined
  const agents = new Map([...older.agents, ...newer.agents].map(agent => [agent.id, agent]))
  return { ...newer, type: older.type, agents: [...agents.values()] }
}

function lost(message: string, cause?: GatewayError): GatewayError {
  return new GatewayError('connection_lost', message, { delivery: 'unknown', cause })
}
