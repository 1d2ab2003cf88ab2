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
import { type AgentHandle, type AgentLine, type CallOptions, invokeUntyped, serviceProxy } from './agent-calls.ts'
import { wireTime } from './deadlines.ts'
import { GatewayError, tell } from './errors.ts'
import { type ClientOptions, type RequestOptions, resolveOptions, type WatchOptions } from './options.ts'
import { Requests } from './requests.ts'
import type { ClientState } from './state.ts'
import type { Download } from './streams/download.ts'
import type { UploadSource } from './streams/upload-source.ts'
import { untilLeft, type WatchLine, watchItems } from './subscriptions.ts'

/** A client of one gateway. Connects when the first request is made, and again whenever something waits for an answer. */
export class GatewayClient implements AsyncDisposable {
  readonly #requests: Requests
  readonly #reconnects: boolean
  readonly #listeners = new Set<(state: ClientState) => void>()

  constructor(options: ClientOptions) {
    const resolved = resolveOptions(options)
    this.#reconnects = resolved.reconnect
    this.#requests = new Requests(resolved, state => {
      for (const listener of this.#listeners) tell(() => listener(state))
    })
  }

  get state(): ClientState {
    return this.#requests.connecting.state
  }

  /** Calls `listener` at each change of {@link state}; gives a function that ends this. */
  onState(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** One of the gateway’s own methods. */
  async request<M extends MethodName>(method: M, params: MethodParams<M>, options: RequestOptions = {}): Promise<MethodResult<M>> {
    return this.#requests.make(method, params, options) as Promise<MethodResult<M>>
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
    return this.watch('agents.watch', options, undefined, mergeAgents)
  }

  /** The calls that run, and every beginning and end of one. A `gap` says that some were missed. Ends as {@link watchAgents} does. */
  watchCalls(options: WatchOptions = {}): AsyncGenerator<CallEvent, void, void> {
    return this.watch('calls.watch', options, { type: 'gap' })
  }

  /** What happens on the connections to agents; for admins. A `gap` says that something was missed. Ends as {@link watchAgents} does. */
  watchMesh(options: WatchOptions = {}): AsyncGenerator<InspectEvent, void, void> {
    return this.watch('inspect.watch', options, { type: 'gap' })
  }

  /**
   * Any of the gateway’s watches, such as `trust.watch`, with its `params` (default: none). Ends as {@link watchAgents} does, or where there is nothing
   * more to tell, as of `agents.doctor`. `gap`: told where something was missed, for a watch whose first item does not say it all. `merge`: what tells
   * as much as two items that were not read yet.
   */
  watch<M extends WatchName>(
    method: M,
    { signal, params = {} as MethodParams<M> }: WatchOptions & { readonly params?: MethodParams<M> } = {},
    gap?: WatchItem<M>,
    merge?: (older: WatchItem<M>, newer: WatchItem<M>) => WatchItem<M> | undefined,
  ): AsyncGenerator<WatchItem<M>, void, void> {
    const line: WatchLine<WatchItem<M>> = {
      start: (stop, hooks) => this.#requests.make(method, params, { signal: stop }, hooks),
      notify: (name, params) => this.#requests.link.notify(name, params),
      merge,
      gap,
      // What is final for the connection is final for it too.
      restarts: () => this.#reconnects && this.state.at !== 'failed',
    }
    return untilLeft(left => watchItems(line, left), signal)
  }

  /** What became of the call with this idempotency key. `epoch`: that of the call; default: the one it had when this client made it. */
  async callOutcome(idempotencyKey: string, options: RequestOptions & { readonly epoch?: string } = {}): Promise<CallOutcome> {
    const epoch = options.epoch ?? this.#requests.epochs.get(idempotencyKey)
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
      streams: ({ onProgress }) => this.#requests.link.streams.ofCall(onProgress),
      invoke: async (service, method, args, streams, options, parameters) => {
        const { queueTimeoutMs, idempotencyKey, digest } = options
        // What is undefined JSON leaves out. What is left of `timeoutMs` is known when it is sent.
        const params = { agent: id, service, method, args, queueTimeoutMs: wireTime(queueTimeoutMs), idempotencyKey, digest }
        try {
          return (await this.#requests.make('agent.invoke', params, options, streams, parameters)) as InvokeResult
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
    this.#requests.connecting.now()
  }

  /** Ends the connection and everything that waits. Idempotent. */
  close(): void {
    this.#requests.connecting.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
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
