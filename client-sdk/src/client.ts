import type { Contract, ServiceClient } from '@halibut-gateway/schemas/contract'
import type {
  AgentEvent,
  AgentSnapshot,
  CallEvent,
  CallOutcome,
  InspectEvent,
  InvokeResult,
  MethodName,
  MethodParams,
  MethodResult,
  WatchItem,
  WatchName,
} from '@halibut-gateway/schemas/wire'
import { controlNotifications } from '@halibut-gateway/schemas/wire'
import { type AgentLine, type CallOptions, invokeParams, invokeUntyped, serviceProxy } from './agent-calls.ts'
import { backoffDelayMs } from './backoff.ts'
import { type Ended, openConnection, type Welcome } from './connection.ts'
import { closedError, GatewayError } from './errors.ts'
import { Link } from './link.ts'
import { type ClientOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { type CallHooks, type PendingCall, PendingCalls } from './pending-calls.ts'
import type { Download } from './streams/download.ts'
import type { UploadSource } from './streams/upload-source.ts'
import { watchItems } from './subscriptions.ts'

/** Where a client is with its connection. */
export type ClientState =
  | { readonly at: 'idle' }
  | { readonly at: 'connecting'; readonly attempt: number }
  | { readonly at: 'connected'; readonly welcome: Welcome }
  | { readonly at: 'waiting'; readonly attempt: number; readonly delayMs: number; readonly why: GatewayError }
  | { readonly at: 'failed'; readonly why: GatewayError }
  | { readonly at: 'closed' }

/** Ends a request early. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined
}

/** One agent, as the client calls it. */
export interface AgentHandle {
  readonly id: string
  /** The agent’s service, typed by its contract: a data stream goes up as an {@link UploadSource} and comes down as a {@link Download}. */
  service<C extends Contract>(contract: C): ServiceClient<C, UploadSource, CallOptions, Download>
  /** A call without a contract at this end: arguments and result are in their JSON forms, but for data streams. */
  invoke(service: string, method: string, args: readonly unknown[], options?: CallOptions): Promise<InvokeResult>
}

/** A client of one gateway. Connects when the first request is made, and again whenever something waits for an answer. */
export class GatewayClient implements AsyncDisposable {
  readonly #options: ResolvedOptions
  readonly #pending = new PendingCalls()
  readonly #unsent = new Map<PendingCall, object>()
  readonly #listeners = new Set<(state: ClientState) => void>()
  readonly #closing = new AbortController()
  readonly #epochs = new Map<string, string>()
  readonly #link = new Link({
    onResponse: response => {
      const wanted = this.#pending.answer(response)
      if (this.#unsent.size > 0) this.#flush()
      return wanted
    },
    onItem: (id, sequence, item) => this.#pending.item(id, sequence, item),
  })
  #state: ClientState = { at: 'idle' }
  #close: (() => void) | undefined
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #resumeTimer: ReturnType<typeof setTimeout> | undefined
  #watches = 0
  #lastAttempt = 0

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
  request<M extends MethodName>(method: M, params: MethodParams<M>, options: RequestOptions = {}): Promise<MethodResult<M>> {
    return this.#request(method, params, options) as Promise<MethodResult<M>>
  }

  /** Every agent with its state. */
  async agents(options: RequestOptions = {}): Promise<AgentSnapshot[]> {
    return (await this.request('agents.list', {}, options)).agents
  }

  /**
   * The agents and every change of them: first a snapshot, then what changed; a new snapshot where the session was lost. A change that was
   * not read yet gives way to a newer one of the same agent. Ends by leaving the loop or by `signal`.
   */
  watchAgents(options: RequestOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    return this.#watch('agents.watch', options, undefined, event => (event.type === 'changed' ? event.agent.id : undefined))
  }

  /** The calls that run, and every beginning and end of one. A `gap` says that some were missed. Ends as {@link watchAgents} does. */
  watchCalls(options: RequestOptions = {}): AsyncGenerator<CallEvent, void, void> {
    return this.#watch('calls.watch', options, { type: 'gap' })
  }

  /** What happens on the connections to agents; for admins. A `gap` says that something was missed. Ends as {@link watchAgents} does. */
  watchMesh(options: RequestOptions = {}): AsyncGenerator<InspectEvent, void, void> {
    return this.#watch('inspect.watch', options, { type: 'gap' })
  }

  /** What became of the call with this idempotency key. `epoch`: that of the call; default: the one it had when this client made it. */
  callOutcome(idempotencyKey: string, options: RequestOptions & { readonly epoch?: string } = {}): Promise<CallOutcome> {
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
      uploads: ({ onProgress }) => this.#link.streams.uploads(onProgress),
      download: handle => this.#link.streams.download(handle),
      invoke: async (service, method, args, uploads, options) => {
        const params = { agent: id, service, method, args, ...invokeParams(options) }
        try {
          return (await this.#request('agent.invoke', params, options, { onSent: () => uploads.begin() })) as InvokeResult
        } finally {
          uploads.cancel('the call has ended')
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
    void this.#connect(1)
  }

  /** Ends the connection and everything that waits. Idempotent. */
  close(): void {
    if (this.#state.at === 'closed') return
    clearTimeout(this.#retryTimer)
    this.#closing.abort()
    this.#close?.()
    this.#link.detach()
    this.#unsent.clear()
    this.#setState({ at: 'closed' })
    const why = closedError('unknown')
    this.#sessionOver(why)
    this.#pending.failAll(why)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async *#watch<M extends WatchName>(
    method: M,
    { signal }: RequestOptions,
    gap: WatchItem<M> | undefined,
    keyOf: (item: WatchItem<M>) => string | undefined = () => undefined,
  ): AsyncGenerator<WatchItem<M>, void, void> {
    this.#watches++
    try {
      yield* watchItems<WatchItem<M>>(
        {
          start: (stop, hooks) => this.#request(method, {}, { signal: stop }, hooks),
          notify: (name, params) => this.#link.notify(name, params),
          keyOf,
          gap,
          restarts: this.#options.reconnect,
        },
        signal,
      )
    } finally {
      this.#watches--
    }
  }

  async #request(
    method: MethodName,
    params: object,
    options: RequestOptions & Pick<CallOptions, 'cancel'>,
    hooks: CallHooks = {},
  ): Promise<unknown> {
    const { signal } = options
    if (this.#state.at === 'closed') throw closedError()
    if (signal?.aborted) throw cancelled(signal, false)
    const { call, answer } = this.#pending.add(method, hooks)
    const onAbort = (): void => this.#cancel(call, signal, options.cancel)
    signal?.addEventListener('abort', onAbort)
    this.#unsent.set(call, params)
    this.#flush()
    try {
      return await answer
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #cancel(call: PendingCall, signal: AbortSignal | undefined, mode: CallOptions['cancel']): void {
    this.#unsent.delete(call)
    if (call.sent) this.#link.notify(controlNotifications.cancel, { id: call.id, ...(mode ? { mode } : {}) })
    call.settle({ error: cancelled(signal, call.sent) })
  }

  /** Sends what waits and what the gateway takes at a time, or begins to connect. */
  #flush(): void {
    if (!this.#link.isOpen) {
      if (this.#state.at === 'idle' || this.#state.at === 'failed') void this.#connect(1)
      return
    }
    const { welcome } = this.#link
    if (!welcome) return
    const { epoch, limits } = welcome
    for (const [call, params] of this.#unsent) {
      if (this.#pending.size - this.#unsent.size >= limits.callsInFlight) return
      this.#unsent.delete(call)
      call.sent = true
      if (this.#link.request({ jsonrpc: '2.0', id: call.id, method: call.method, params: this.#keyed(params, epoch) }))
        call.onSent?.(call.id)
      else call.settle({ error: new GatewayError('message_too_large', `a request may have ${limits.textBytes} bytes`) })
    }
  }

  /** A call with an idempotency key says its epoch: that of the first attempt. */
  #keyed(params: object, present: string): object {
    const { idempotencyKey: key, epoch } = params as { idempotencyKey?: string; epoch?: string }
    if (key === undefined || epoch !== undefined) return params
    const first = this.#epochs.get(key) ?? present
    this.#epochs.set(key, first)
    const [oldest] = this.#epochs.keys()
    if (this.#epochs.size > maxEpochs && oldest !== undefined) this.#epochs.delete(oldest)
    return { ...params, epoch: first }
  }

  async #connect(attempt: number): Promise<void> {
    this.#lastAttempt = attempt
    this.#setState({ at: 'connecting', attempt })
    try {
      const link = this.#link
      const connection = await openConnection(
        this.#options,
        link.resume,
        {
          onText: text => link.receive(text),
          onBinary: frame => link.streams.receive(frame),
          onEnded: ended => this.#onEnded(ended),
        },
        this.#closing.signal,
      )
      clearTimeout(this.#resumeTimer)
      this.#lastAttempt = 0
      this.#close = () => connection.close()
      link.attach(connection)
      const { welcome } = connection
      if (welcome.resumed) {
        link.goOn()
        this.#pending.resumed()
      } else this.#sessionOver(lost(`the session ended: ${welcome.reason}`))
      this.#setState({ at: 'connected', welcome })
      this.#flush()
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#onRefused(error instanceof GatewayError ? error : new GatewayError('connect_failed', String(error), { cause: error }))
    }
  }

  #onEnded(ended: Ended): void {
    this.#link.detach()
    const why = lost(ended.message)
    if (!ended.retry || !this.#options.reconnect) this.#sessionOver(why)
    else {
      const resumeMs = this.#link.welcome?.limits.resumeMs
      this.#resumeTimer = setTimeout(() => this.#sessionOver(lost(`${ended.message}; for too long`)), resumeMs)
    }
    const wanted = this.#watches > 0 || this.#pending.size > 0 || this.#link.streams.open > 0
    if (ended.retry && this.#options.reconnect && wanted) this.#retryLater(why)
    else if (ended.retry) this.#setState({ at: 'idle' })
    else this.#setState({ at: 'failed', why })
  }

  #onRefused(why: GatewayError): void {
    if (why.retryable && this.#options.reconnect) this.#retryLater(why)
    else {
      this.#setState({ at: 'failed', why })
      this.#unsent.clear()
      this.#sessionOver(lost(why.message))
      this.#pending.failAll(why)
    }
  }

  /** What was under way in the session ends; what was not sent yet waits for the next one. */
  #sessionOver(why: GatewayError): void {
    clearTimeout(this.#resumeTimer)
    this.#link.forget(why)
    this.#pending.sessionLost(why)
  }

  #retryLater(why: GatewayError): void {
    const attempt = this.#lastAttempt + 1
    const delayMs = backoffDelayMs(attempt, this.#options.backoff, Math.random)
    this.#setState({ at: 'waiting', attempt, delayMs, why })
    this.#retryTimer = setTimeout(() => void this.#connect(attempt), delayMs)
  }

  #setState(state: ClientState): void {
    this.#state = state
    for (const listener of this.#listeners) listener(state)
  }
}

/** Idempotency keys whose epoch is remembered. */
const maxEpochs = 10_000

/** A client of the gateway at `options.url`. Throws `invalid_argument` where the options do not fit. */
export function createClient(options: ClientOptions): GatewayClient {
  return new GatewayClient(options)
}

function cancelled(signal: AbortSignal | undefined, sent: boolean): GatewayError {
  return new GatewayError('cancelled', 'the call was cancelled', { delivery: sent ? 'unknown' : 'not_sent', cause: signal?.reason })
}

function lost(message: string): GatewayError {
  return new GatewayError('connection_lost', message, { delivery: 'unknown' })
}
