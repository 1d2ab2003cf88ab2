import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import { type Agent, type AgentDefinition, AgentDirectory } from './agent-directory.ts'
import { Liveness, type LivenessOptions } from './liveness.ts'
import type { Mesh } from './mesh.ts'

/** Where agents are kept: what is needed here of the store’s repository. */
export interface AgentStore {
  all(): readonly AgentDefinition[]
  /** Adds an agent, or replaces the one of the same id. */
  put(agent: AgentDefinition): Promise<void>
  remove(id: string): Promise<unknown>
}

/** What the agents are managed with. */
export interface AgentManagerOptions {
  readonly mesh: Pick<Mesh, 'probe' | 'on' | 'trust' | 'removeTrust' | 'disconnect'>
  /** Default: none; agents are forgotten with the process. */
  readonly store?: AgentStore
  readonly liveness?: LivenessOptions
}

/**
 * The life of the agents that this gateway serves: who they are (directory and store), whose certificate may connect (trust, and the binding of a
 * subscription to a certificate), their connections, and whether they are there.
 */
export class AgentManager {
  /** For looking; changes of who is there go through the manager. */
  readonly directory = new AgentDirectory()
  readonly #options: AgentManagerOptions
  readonly #liveness: Liveness
  /** How many agents may connect with a certificate. */
  readonly #trusted = new Map<string, number>()
  /** The end of the last change: each begins with what the one before has left, kept or taken back. */
  #changes: Promise<unknown> = Promise.resolve()

  /** With the agents of the store. */
  constructor(options: AgentManagerOptions) {
    this.#options = options
    this.#liveness = new Liveness(options.mesh, this.directory, options.liveness)
    for (const definition of options.store?.all() ?? []) this.serve(definition)
  }

  /** Begins to look whether they are there. */
  start(): void {
    this.#liveness.start()
  }

  /** Ends that. */
  close(): void {
    this.#liveness.close()
  }

  /** Serves an agent without keeping it in the store. Throws `invalid_argument` where its id or its subscription is taken, or its thumbprint is none. */
  serve(definition: AgentDefinition): Agent {
    checkDefinition(definition)
    const agent = this.directory.add(definition)
    this.#trust(agent)
    return agent
  }

  /** Adds an agent and keeps it. Rejects as {@link serve} throws, and where it cannot be kept; then it is not served. */
  add(definition: AgentDefinition): Promise<Agent> {
    return this.#inTurn(async () => {
      const agent = this.serve(definition)
      try {
        await this.#options.store?.put(definition)
      } catch (why) {
        this.#drop(definition.id)
        throw why
      }
      return agent
    })
  }

  /**
   * Puts another definition in the place of the one of the same id, and keeps it. An agent that is elsewhere from now on, has another certificate
   * or is disabled loses its connections. Rejects with `agent_not_found`, `invalid_argument`, or where it cannot be kept; then nothing has changed.
   */
  update(definition: AgentDefinition): Promise<Agent> {
    return this.#inTurn(async () => {
      const before = this.directory.require(definition.id)
      const agent = this.#change(before, definition)
      try {
        await this.#options.store?.put(definition)
      } catch (why) {
        this.#change(agent, before.definition)
        throw why
      }
      return agent
    })
  }

  /** Forgets an agent and ends its connections. Rejects with `agent_not_found`, or where the store fails; then it is still there. */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.directory.require(id)
      await this.#options.store?.remove(id)
      this.#drop(id)
    })
  }

  /** Whether a polling agent may have the subscription that it names: only the one that is registered with its certificate. Text says why not. */
  mayPoll({ subscription, thumbprint }: SubscriberCandidate): true | string {
    const agent = this.directory.bySubscription(subscription)
    if (!agent || agent.state.at === 'disabled') return `no agent polls as ${subscription}`
    return agent.definition.thumbprint === thumbprint || `the subscription ${subscription} belongs to another certificate`
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change)
    this.#changes = done.catch(() => undefined)
    return done
  }

  #change(before: Agent, definition: AgentDefinition): Agent {
    checkDefinition(definition)
    const agent = this.directory.update(definition)
    this.#trust(agent)
    this.#distrust(before)
    if (agent.endpoint !== before.endpoint || agent.state.at === 'disabled') this.#options.mesh.disconnect(before.endpoint)
    return agent
  }

  #drop(id: string): void {
    const agent = this.directory.remove(id)
    if (!agent) return
    this.#distrust(agent)
    this.#options.mesh.disconnect(agent.endpoint)
  }

  #trust(agent: Agent): void {
    if (!connects(agent)) return
    const { thumbprint } = agent.definition
    this.#trusted.set(thumbprint, (this.#trusted.get(thumbprint) ?? 0) + 1)
    this.#options.mesh.trust(thumbprint)
  }

  /** Its certificate is trusted as long as another agent connects with it. */
  #distrust(agent: Agent): void {
    if (!connects(agent)) return
    const { thumbprint } = agent.definition
    const left = (this.#trusted.get(thumbprint) ?? 1) - 1
    if (left > 0) this.#trusted.set(thumbprint, left)
    else {
      this.#trusted.delete(thumbprint)
      this.#options.mesh.removeTrust(thumbprint)
    }
  }
}

/** Before anything changes: an agent that cannot be trusted must not be half there. */
function checkDefinition({ id, thumbprint }: AgentDefinition): void {
  checkThumbprint(thumbprint, `the thumbprint of the agent ${id}`)
}

/** Whether an agent is one that connects to us. */
function connects({ mode, definition }: Agent): boolean {
  return mode === 'polling' && !definition.disabled
}
