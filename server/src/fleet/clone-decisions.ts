import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import type { SubscriberEvent } from '../runtime/events.ts'
import type { HeldMachine } from '../store/records.ts'
import type { Change } from '../store/store.ts'
import type { AgentCertificates } from './agent-certificates.ts'
import { certificatesOf } from './agent-directory.ts'
import type { AgentManager } from './agent-manager.ts'
import { type Clones, CloneWatch } from './clones.ts'
import type { Mesh } from './mesh.ts'

/** Machines that poll with one certificate as one agent, and those of them that a person keeps out. */
export interface KnownClones extends Clones {
  readonly agent: string
  readonly held: readonly HeldMachine[]
}

/** What clones are decided about with. */
export interface CloneDecisionsOptions {
  readonly mesh: Pick<Mesh, 'disconnect'>
  readonly agents: Pick<AgentManager, 'directory'>
  readonly certificates: AgentCertificates
  /** Within which decisions are kept where nobody says so. */
  readonly change: Change
  readonly log: LogSink
  /** How long two machines poll with one certificate before that is said. Default: that of `gatewayLimits`. */
  readonly graceMs?: number | undefined
}

/** Machines that poll with one certificate: that they are noticed is told, and a person keeps some of them out. */
export class CloneDecisions {
  readonly #options: CloneDecisionsOptions
  readonly #watch: CloneWatch

  constructor(options: CloneDecisionsOptions) {
    this.#options = options
    this.#watch = new CloneWatch(clones => this.#onChange(clones), options.graceMs)
  }

  /** A connection of a polling agent has come. */
  came(event: SubscriberEvent): void {
    this.#watch.came(event)
  }

  /** One is gone. */
  left(event: SubscriberEvent): void {
    this.#watch.left(event)
  }

  close(): void {
    this.#watch.close()
  }

  /** Agents of which several machines poll at the same time, or would if a person did not keep them out. */
  list(): KnownClones[] {
    const { directory } = this.#options.agents
    const found = new Map<string, KnownClones>()
    for (const clones of this.#watch.list()) {
      const { subscription, thumbprint } = clones
      const agent = directory.bySubscription(subscription)
      if (!agent || !certificatesOf(agent.definition).includes(thumbprint)) continue
      const { id } = agent.definition
      found.set(`${id} ${thumbprint}`, { ...clones, agent: id, held: this.#options.certificates.get(thumbprint)?.held ?? [] })
    }
    for (const { id: thumbprint, held, agent } of this.#options.certificates.all()) {
      if (held === undefined || agent === undefined || found.has(`${agent} ${thumbprint}`)) continue
      const definition = directory.get(agent)?.definition
      if (!definition || !certificatesOf(definition).includes(thumbprint)) continue
      found.set(`${agent} ${thumbprint}`, { agent, subscription: definition.uri, thumbprint, addresses: [], held })
    }
    return [...found.values()]
  }

  /**
   * Keeps a machine out that polls as an agent with the same certificate as another one: its connections are cut, and it is refused until it is
   * released. Rejects with `version_conflict` where it is not, or not any more, one of several.
   */
  async hold(id: string, address: string, by: string, change = this.#options.change): Promise<void> {
    const { agents, mesh, certificates, log } = this.#options
    const { uri } = agents.directory.require(id).definition
    const clones = this.list().find(each => each.agent === id && each.addresses.includes(address))
    if (!clones) {
      throw new HalibutError('version_conflict', `${address} is not one of several machines that poll as ${uri} with one certificate`, {
        advice: 'look at the clones that trust.pending tells now, then decide',
      })
    }
    const { thumbprint } = clones
    await change(draft => certificates.hold(draft, thumbprint, address, by))
    mesh.disconnect({ uri, thumbprint }, address)
    log('info', `${address} is kept out, which polls as ${uri} too`, { by, agent: id, thumbprint, address })
  }

  /** Takes that back. Rejects with `not_found` where no such machine is kept out. */
  async release(id: string, address: string, by: string, change = this.#options.change): Promise<void> {
    const { agents, certificates, log } = this.#options
    const its = certificatesOf(agents.directory.require(id).definition)
    await change(draft => {
      const released = its.map(each => certificates.release(draft, each, address))
      if (released.includes(true)) return
      throw new HalibutError('not_found', `no machine at ${address} is kept out that has the certificate of the agent ${id}`, {
        advice: 'ask trust.pending for the clones',
      })
    })
    log('info', `${address} is not kept out any more`, { by, agent: id, address })
  }

  #onChange({ subscription, thumbprint, addresses }: Clones): void {
    const { agents, log } = this.#options
    const agent = agents.directory.bySubscription(subscription)
    if (!agent || !certificatesOf(agent.definition).includes(thumbprint)) return
    const { id } = agent.definition
    if (addresses.length < 2) {
      agents.directory.report(id, { type: 'noticed', what: 'polls this gateway' })
      log('info', `one machine polls as ${subscription} again`, { agent: id, addresses })
      return
    }
    const what = `${addresses.length} machines poll with its certificate at the same time, ${addresses.join(' and ')}: perhaps a copied disk`
    agents.directory.report(id, { type: 'noticed', what, advice: 'give one of them a certificate of its own' })
    log('warn', `${id}: ${what}; give one of them a certificate of its own`, { agent: id, thumbprint, addresses })
  }
}
