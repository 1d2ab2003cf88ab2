import { HalibutError } from '../base/errors.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import type { Change, Draft, Store } from '../store/store.ts'
import { type Agent, type AgentDefinition, AgentDirectory, certificatesOf, hasSameCertificates, isOverlap } from './agent-directory.ts'
import { type AnswerListener, Liveness, type LivenessOptions } from './liveness.ts'
import type { Mesh } from './mesh.ts'

/** What the agents are managed with. */
export interface AgentManagerOptions {
  readonly mesh: Pick<Mesh, 'probe' | 'on' | 'trust' | 'distrust' | 'removeTrust' | 'disconnect' | 'leave'>
  /** Where they are; default: a directory of its own. */
  readonly directory?: AgentDirectory
  /** Default: none; agents are forgotten with the process. */
  readonly store?: Pick<Store, 'agents' | 'change'>
  readonly liveness?: LivenessOptions
}

/**
 * The life of the agents that this gateway serves: who they are (directory and store), whose certificate may connect (trust, and the binding of a
 * subscription to a certificate), their connections, and whether they are there.
 */
export class AgentManager {
  /** For looking; changes of who is there go through the manager. */
  readonly directory: AgentDirectory
  readonly #options: AgentManagerOptions
  readonly #liveness: Liveness
  /** How many agents may connect with a certificate. */
  readonly #trusted = new Map<string, number>()
  readonly #changes = new OneAtATime()

  /** With the agents of the store. */
  constructor(options: AgentManagerOptions) {
    this.#options = options
    this.directory = options.directory ?? new AgentDirectory()
    this.#liveness = new Liveness(options.mesh, this.directory, options.liveness)
    for (const definition of options.store?.agents.all() ?? []) this.#serve(definition, false)
  }

  /** Begins to look whether they are there. */
  start(): void {
    this.#liveness.start()
  }

  /** Ends that. */
  close(): void {
    this.#liveness.close()
  }

  /** Calls `listener` with what each listening agent told that was probed; gives a function that ends this. */
  onAnswer(listener: AnswerListener): () => void {
    return this.#liveness.onAnswer(listener)
  }

  /**
   * Serves an agent without keeping it in the store: it stays as it is as long as the gateway runs. Throws `conflict` where its id or its
   * subscription is taken, and `invalid_argument` where its thumbprint is none.
   */
  serve(definition: AgentDefinition): Agent {
    return this.#serve(definition, true)
  }

  /**
   * Adds an agent and keeps it, within `change` (default: one by itself). Rejects as {@link serve} throws, and where it cannot be kept; then it is not
   * served.
   */
  add(definition: AgentDefinition, change?: Change): Promise<Agent> {
    return this.#changes.run(async () => {
      const agent = this.#serve(definition, false)
      try {
        await this.#keep(draft => draft.agents.put(definition), change)
      } catch (why) {
        this.#drop(definition.id)
        throw why
      }
      return agent
    })
  }

  /**
   * Puts another definition in the place of the one of an id, and keeps it. An agent that is elsewhere from now on, has another certificate
   * or is disabled loses its connections; where it may have had the certificate before, what runs on them comes to its end. Rejects with `agent_not_found`, `invalid_argument`, `conflict`, `version_conflict` where it is not in the `version`
   * that is told (default: whichever there is), or where it cannot be kept; then nothing has changed.
   */
  edit(id: string, make: (before: AgentDefinition) => AgentDefinition, version?: string, change?: Change): Promise<Agent> {
    return this.#changes.run(async () => {
      const before = this.#editable(id, version)
      const definition = make(before.definition)
      const agent = this.#change(before, definition)
      try {
        await this.#keep(draft => draft.agents.put(definition), change)
      } catch (why) {
        this.#change(agent, before.definition)
        throw why
      }
      return agent
    })
  }

  /**
   * Forgets an agent and ends its connections. What is kept of it alone goes with it: its contracts, and which of our certificates it accepts. Rejects as
   * {@link edit}; then it is still there.
   */
  remove(id: string, version?: string, change?: Change): Promise<void> {
    return this.#changes.run(async () => {
      this.#editable(id, version)
      await this.#keep(draft => {
        for (const contract of draft.contracts.all()) if (contract.agent === id) draft.contracts.remove(contract.id)
        draft.acceptances.remove(id)
        draft.agents.remove(id)
      }, change)
      this.#drop(id)
    })
  }

  /** Whether a polling agent may have the subscription that it names: only the one that is registered with its certificate. Text says why not. */
  mayPoll({ subscription, thumbprint }: SubscriberCandidate): true | string {
    const agent = this.directory.bySubscription(subscription)
    if (!agent || agent.state.at === 'disabled') return `no agent polls as ${subscription}`
    return certificatesOf(agent.definition).includes(thumbprint) || `the subscription ${subscription} belongs to another certificate`
  }

  async #keep(act: (draft: Draft) => void, change?: Change): Promise<void> {
    await (change ? change(act) : this.#options.store?.change(act))
  }

  #serve(definition: AgentDefinition, readOnly: boolean): Agent {
    checkDefinition(definition)
    const agent = this.directory.add(definition, readOnly)
    this.#trust(agent)
    return agent
  }

  #editable(id: string, version: string | undefined): Agent {
    const agent = this.directory.require(id)
    if (agent.readOnly) {
      throw new HalibutError('invalid_argument', `the agent ${id} stands in the settings, and cannot be changed while the gateway runs`, {
        advice: 'change it in the settings, and start the gateway again',
      })
    }
    if (version === undefined || version === agent.version) return agent
    throw new HalibutError('version_conflict', `the agent ${id} is in version ${agent.version}, not in ${version}`)
  }

  #change(before: Agent, definition: AgentDefinition): Agent {
    checkDefinition(definition)
    const agent = this.directory.update(definition)
    const stays = agent.state.at !== 'disabled' && isOverlap(before.definition, definition)
    this.#trust(agent)
    this.#distrust(before, stays)
    if (!stays) this.#options.mesh.disconnect(before.endpoint)
    else if (!hasSameCertificates(before.definition, definition)) this.#leave(before, agent)
    return agent
  }

  /** An agent that stays where it is has other certificates: its connections with one that it has no more end, and so do those that we opened. */
  #leave(before: Agent, { mode, definition }: Agent): void {
    const { mesh } = this.#options
    if (mode === 'listening') {
      mesh.leave(before.endpoint)
      return
    }
    const its = certificatesOf(definition)
    const { uri } = definition
    for (const thumbprint of certificatesOf(before.definition)) if (!its.includes(thumbprint)) mesh.leave({ uri, thumbprint })
  }

  #drop(id: string): void {
    const agent = this.directory.remove(id)
    if (!agent) return
    this.#distrust(agent)
    this.#options.mesh.disconnect(agent.endpoint)
  }

  #trust(agent: Agent): void {
    if (!connects(agent)) return
    for (const thumbprint of certificatesOf(agent.definition)) {
      this.#trusted.set(thumbprint, (this.#trusted.get(thumbprint) ?? 0) + 1)
      this.#options.mesh.trust(thumbprint)
    }
  }

  /** Its certificates are trusted as long as another agent connects with them. `gently`: what runs on their connections comes to its end. */
  #distrust(agent: Agent, gently = false): void {
    if (!connects(agent)) return
    const { mesh } = this.#options
    for (const thumbprint of certificatesOf(agent.definition)) {
      const left = (this.#trusted.get(thumbprint) ?? 1) - 1
      if (left > 0) this.#trusted.set(thumbprint, left)
      else {
        this.#trusted.delete(thumbprint)
        if (gently) mesh.distrust(thumbprint)
        else mesh.removeTrust(thumbprint)
      }
    }
  }
}

/** Before anything changes: an agent that cannot be trusted must not be half there. */
function checkDefinition({ id, thumbprint, nextThumbprint }: AgentDefinition): void {
  checkThumbprint(thumbprint, `the thumbprint of the agent ${id}`)
  if (nextThumbprint !== undefined) checkThumbprint(nextThumbprint, `the next thumbprint of the agent ${id}`)
}

/** Whether an agent is one that connects to us. */
function connects({ mode, definition }: Agent): boolean {
  return mode === 'polling' && !definition.disabled
}
