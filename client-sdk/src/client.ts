import type { AgentEvent, AgentSnapshot, InvokeResult, MethodName, MethodParams, MethodResult } from '@halibut-gateway/schemas'
import type { Contract, ServiceClient } from '@halibut-gateway/schemas/contract'
import { controlNotifications } from '@halibut-gateway/schemas/wire'
import { backoffDelayMs } from './backoff.ts'
import { type Connection, type Ended, openConnection, type Welcome } from './connection.ts'
import { GatewayError } from './errors.ts'
import { type ClientOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import { type PendingCall, PendingCalls } from './pending-calls.ts'
import { type CallOptions, serviceProxy } from './service-proxy.ts'
import { ItemQueue } from './subscriptions.ts'

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
  /** The agent’s service, typed by its contract. Data streams do not travel yet. */
  service<C extends Contract>(contract: C): ServiceClient<C, never, CallOptions>
  /** A call without a contract at this end: arguments and result are in their JSON forms. */
  invoke(service: string, method: string, args: readonly unknown[], options?: CallOptions): Promise<InvokeResult>
}

/** A client of one gateway. Connects when the first request is made, and again whenever something waits for an answer. */
export class GatewayClient implements AsyncDisposable {
  readonly #options: ResolvedOptions
  readonly #pending = new PendingCalls()
  readonly #unsent = new Map<PendingCall, MethodParams<MethodName>>()
  readonly #listeners = new Set<(state: ClientState) => void>()
  readonly #closing = new AbortController()
  #state: ClientState = { at: 'idle' }
  #connection: Connection | undefined
  #retryTimer: ReturnType<typeof setTimeout> | undefined
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
   * The agents and every change of them: first a snapshot, then what changed. After a reconnect comes a new snapshot. A change that was not
   * read yet gives way to a newer one of the same agent. Ends by leaving the loop or by `signal`.
   */
  async *watchAgents(options: RequestOptions = {}): AsyncGenerator<AgentEvent, void, void> {
    this.#watches++
    try {
      for (;;) {
        const stop = new AbortController()
        const onAbort = (): void => stop.abort(options.signal?.reason)
        if (options.signal?.aborted) return
        options.signal?.addEventListener('abort', onAbort)
        const queue = new ItemQueue<AgentEvent>(event => (event.type === 'changed' ? event.agent.id : undefined))
        const answer = this.#request('agents.watch', {}, { signal: stop.signal }, item => queue.push(item as AgentEvent))
        answer.then(
          () => queue.end(),
          (error: unknown) => queue.end({ error }),
        )
        try {
          for (let next = await queue.next(); next; next = await queue.next()) yield next.item
          return
        } catch (error) {
          if (options.signal?.aborted) return
          if (!(error instanceof GatewayError && error.kind === 'connection_lost' && this.#options.reconnect)) throw error
        } finally {
          options.signal?.removeEventListener('abort', onAbort)
          stop.abort()
        }
      }
    } finally {
      this.#watches--
    }
  }

  /** The contract of a service, as the gateway knows it. */
  async contract(service: string, options: RequestOptions = {}): Promise<Contract> {
    return (await this.request('contracts.get', { service }, options)).contract as unknown as Contract
  }

  /** An agent by its id. Nothing is sent before a call is made. */
  agent(id: string): AgentHandle {
    const invoke = (service: string, method: string, args: readonly unknown[], options: CallOptions = {}): Promise<InvokeResult> => {
      const { signal, ...deadlines } = options
      return this.request('agent.invoke', { agent: id, service, method, args: [...args], ...deadlines }, { signal })
    }
    return {
      id,
      invoke,
      service: <C extends Contract>(contract: C) =>
        serviceProxy(
          contract,
          async (service, method, args, options) => (await invoke(service, method, args, options)).value,
        ) as ServiceClient<C, never, CallOptions>,
    }
  }

  /** Tries to connect at once instead of waiting for the next attempt, also after the gateway refused. */
  connectNow(): void {
    if (this.#state.at === 'closed' || this.#state.at === 'connecting' || this.#connection) return
    clearTimeout(this.#retryTimer)
    void this.#connect(1)
  }

  /** Ends the connection and everything that waits. Idempotent. */
  close(): void {
    if (this.#state.at === 'closed') return
    clearTimeout(this.#retryTimer)
    this.#closing.abort()
    this.#connection?.close()
    this.#connection = undefined
    this.#setState({ at: 'closed' })
    this.#unsent.clear()
    this.#pending.failAll(new GatewayError('closed', 'the client was closed', { delivery: 'unknown' }))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  async #request(
    method: MethodName,
    params: MethodParams<MethodName>,
    options: RequestOptions,
    onItem?: (item: unknown) => void,
  ): Promise<unknown> {
    if (this.#state.at === 'closed') throw new GatewayError('closed', 'the client was closed')
    if (options.signal?.aborted) throw cancelled(options.signal, false)
    const { call, answer } = this.#pending.add(method, onItem)
    const onAbort = (): void => this.#cancel(call, options.signal)
    options.signal?.addEventListener('abort', onAbort)
    this.#unsent.set(call, params)
    this.#flush()
    try {
      return await answer
    } finally {
      options.signal?.removeEventListener('abort', onAbort)
    }
  }

  #cancel(call: PendingCall, signal: AbortSignal | undefined): void {
    this.#unsent.delete(call)
    if (call.sent) this.#connection?.send({ jsonrpc: '2.0', method: controlNotifications.cancel, params: { id: call.id } })
    call.settle({ error: cancelled(signal, call.sent) })
  }

  /** Sends what waits, or begins to connect. */
  #flush(): void {
    const connection = this.#connection
    if (!connection) {
      if (this.#state.at === 'idle' || this.#state.at === 'failed') void this.#connect(1)
      return
    }
    for (const [call, params] of this.#unsent) {
      this.#unsent.delete(call)
      call.sent = true
      connection.send({ jsonrpc: '2.0', id: call.id, method: call.method, params })
    }
  }

  async #connect(attempt: number): Promise<void> {
    this.#lastAttempt = attempt
    this.#setState({ at: 'connecting', attempt })
    try {
      this.#connection = await openConnection(
        this.#options,
        {
          onResponse: response => void this.#pending.answer(response),
          onItem: (id, item) => this.#pending.item(id, item),
          onEnded: ended => this.#onEnded(ended),
        },
        this.#closing.signal,
      )
      this.#lastAttempt = 0
      this.#setState({ at: 'connected', welcome: this.#connection.welcome })
      this.#flush()
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#onRefused(error instanceof GatewayError ? error : new GatewayError('connect_failed', String(error), { cause: error }))
    }
  }

  #onEnded(ended: Ended): void {
    this.#connection = undefined
    const why = new GatewayError('connection_lost', ended.message, { delivery: 'unknown' })
    const wanted = this.#watches > 0 || this.#unsent.size > 0
    if (ended.retry && this.#options.reconnect && wanted) this.#retryLater(why)
    else if (ended.retry) this.#setState({ at: 'idle' })
    else this.#setState({ at: 'failed', why })
    this.#pending.connectionLost(ended.message)
  }

  #onRefused(why: GatewayError): void {
    if (why.retryable && this.#options.reconnect) this.#retryLater(why)
    else {
      this.#setState({ at: 'failed', why })
      this.#unsent.clear()
      this.#pending.failAll(why)
    }
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

/** A client of the gateway at `options.url`. Throws `invalid_argument` where the options do not fit. */
export function createClient(options: ClientOptions): GatewayClient {
  return new GatewayClient(options)
}

function cancelled(signal: AbortSignal | undefined, sent: boolean): GatewayError {
  return new GatewayError('cancelled', 'the call was cancelled', { delivery: sent ? 'unknown' : 'not_sent', cause: signal?.reason })
}
