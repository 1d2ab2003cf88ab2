import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import type { DialledAgent } from '../runtime/connections.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import type { SubscriberEvent } from '../runtime/events.ts'
import type { CertificateRecord, DeniedRecord } from '../store/records.ts'
import type { Change, Store } from '../store/store.ts'
import { AgentCertificates, type SeenCertificate } from './agent-certificates.ts'
import { type Agent, type AgentDefinition, certificatesOf } from './agent-directory.ts'
import type { AgentManager } from './agent-manager.ts'
import { AgentRotation, type OwnChange } from './agent-rotation.ts'
import { CloneDecisions } from './clone-decisions.ts'
import { Knocks } from './knocks.ts'
import type { Mesh, MeshAnswer } from './mesh.ts'
import type { PendingAgent, PendingAgents, PendingLimits } from './pending.ts'
import { agentsByCertificate, agentsWith } from './registered.ts'

/** What is kept of trust beside the agents. */
export type TrustRecords = Pick<Store, 'denied' | 'certificates' | 'change'>

/** Our own certificate. */
export interface OwnCertificate {
  readonly thumbprint: string
  readonly thumbprint256: string
}

/** What trust is managed with. */
export interface TrustOptions {
  readonly mesh: Pick<Mesh, 'on' | 'revoke' | 'reinstate' | 'disconnect' | 'whoListens'>
  readonly agents: Pick<AgentManager, 'directory' | 'add' | 'edit' | 'mayPoll' | 'onAnswer'>
  readonly records: TrustRecords
  /** Our own certificate, which agents have to trust. */
  readonly own: OwnCertificate
  readonly log: LogSink
  /** Within which the gateway keeps what it does to agents by itself. Default: changes of which nobody else is told. */
  readonly ownChange?: OwnChange | undefined
  readonly limits?: PendingLimits
  /** How long two machines poll with one certificate before that is said. Default: that of `gatewayLimits`. */
  readonly cloneGraceMs?: number
  readonly now?: () => number
}

/** What a person saw of somebody who knocks, and decides on. */
export interface Expectation {
  readonly thumbprint: string
  readonly version: string
}

/** Who somebody who knocks is from now on. */
export type Approval =
  /** A new agent. */
  | { readonly as: Omit<AgentDefinition, 'uri' | 'thumbprint'>; readonly replace?: undefined }
  /** The agent of this id: it keeps its id, its name and all else, and the certificate that it had is revoked. */
  | { readonly replace: string; readonly as?: undefined }

/** A certificate that the gateway knows. */
export interface CertificateFacts {
  readonly thumbprint: string
  readonly known: CertificateRecord | undefined
  /** The agents that are registered with it. */
  readonly agents: readonly string[]
}

/**
 * Whom the gateway believes, as people decide it: who knocks and waits for a decision, whose certificate was denied or revoked, and what is
 * noticed about certificates. What it knows of an agent’s refusals stands in the agent’s state, so that calls tell it too.
 */
export class Trust {
  /** Agents that get other certificates. */
  readonly rotation: AgentRotation
  /** Machines that poll with one certificate. */
  readonly clones: CloneDecisions
  readonly #certificates: AgentCertificates
  readonly #knocks: Knocks
  readonly #options: TrustOptions
  readonly #now: () => number
  readonly #stops: (() => void)[] = []
  /** A change by itself. */
  readonly #change: Change = act => this.#options.records.change(act)

  constructor(options: TrustOptions) {
    this.#options = options
    this.#now = options.now ?? steadyTime
    this.#certificates = new AgentCertificates(options.records, this.#now)
    const { agents, log, ownChange } = options
    this.rotation = new AgentRotation({ agents, log, ownChange, dropping: (its, by, change) => this.#dropping(its, by, change) })
    const { directory } = agents
    this.#knocks = new Knocks({
      ...{ directory, denied: options.records.denied, certificates: this.#certificates, log },
      ...{ limits: options.limits ?? gatewayLimits, now: this.#now },
    })
    this.clones = new CloneDecisions({
      ...{ mesh: options.mesh, agents, certificates: this.#certificates, log, graceMs: options.cloneGraceMs },
      change: this.#change,
    })
  }

  /** Begins to notice. What was revoked is revoked from now on. */
  start(): void {
    const { mesh, agents } = this.#options
    const its = agentsByCertificate(agents.directory)
    for (const { id, revokedMs } of this.#certificates.all()) if (revokedMs !== undefined) this.#cutOff(id, revokedMs, its.get(id))
    this.#stops.push(
      mesh.on('clientDenied', event => this.#knocks.heard(event)),
      mesh.on('subscriberConnected', event => this.#onSubscriber(event)),
      mesh.on('subscriberDisconnected', event => this.clones.left(event)),
      agents.onAnswer((id, answer) => this.#onAnswer(id, answer)),
    )
  }

  /** Who knocks and waits for a decision. */
  get pending(): PendingAgents {
    return this.#knocks.pending
  }

  get own(): OwnCertificate {
    const { thumbprint, thumbprint256 } = this.#options.own
    return { thumbprint, thumbprint256 }
  }

  /** Ends that. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.clones.close()
    this.#knocks.close()
  }

  /** Whether a polling agent may have the subscription that it names. Text says why not. */
  mayPoll(candidate: SubscriberCandidate): true | string {
    const forged = this.#certificates.whyForged(candidate)
    if (forged !== undefined) return forged
    const held = this.#certificates.heldAt(candidate, candidate.remoteAddress)
    if (held) return `a person (${held.by}) keeps this machine out since ${timeOf(held.heldMs)}: another one has its certificate, too`
    return this.#options.agents.mayPoll(candidate)
  }

  /** Whether a listening agent is who it seems to be: its certificate has the pinned SHA-1. Text says why not. */
  mayAnswer(agent: DialledAgent): true | string {
    const forged = this.#certificates.whyForged(agent)
    return forged === undefined || `${agent.uri} is not the agent: ${forged}`
  }

  /** The certificate that somebody presents who listens, for a person to compare with what the machine itself tells. */
  discover(uri: string, signal: AbortSignal): ReturnType<Mesh['whoListens']> {
    return this.#options.mesh.whoListens(uri, { signal })
  }

  /**
   * Lets somebody in who knocks: its certificate and its subscription together are the agent’s from now on, and no denial or revocation of it counts any
   * more. All of it is kept within `change` (default: one by itself). Rejects with `not_found`, with `version_conflict` where it is not any more what the
   * person saw, and as the agents’ manager does; then nothing has changed.
   */
  async approve(id: string, expected: Expectation, approval: Approval, by: string, change?: Change): Promise<Agent> {
    const { agents, log } = this.#options
    const { knock } = this.#expected(id, expected)
    const { thumbprint, thumbprint256, subscription: uri } = knock
    if (thumbprint === undefined || uri === undefined || !uri.startsWith('poll:')) {
      const named = uri === undefined ? 'does not say as which subscription it polls' : `polls as ${uri}, which is no poll://name/`
      const what = thumbprint === undefined ? 'presents no certificate' : named
      throw new HalibutError('invalid_argument', `${id} ${what}, so that there is nothing to approve`, {
        advice: 'let the machine poll this gateway as poll://name/ with a certificate, and approve it when it knocks so',
      })
    }
    const approving = this.#approving({ thumbprint, thumbprint256 }, approval.as?.id ?? approval.replace ?? '', by, change)
    const agent =
      approval.as !== undefined
        ? await agents.add({ ...approval.as, uri, thumbprint }, approving)
        : await this.#replace(approval.replace, { uri, thumbprint }, by, approving)
    this.#knocks.decided(thumbprint)
    log('info', `the agent ${agent.definition.id} was approved`, { by, thumbprint, uri, replaced: approval.replace !== undefined })
    return agent
  }

  /** Turns a certificate away for good: it is not shown any more when it knocks. */
  async deny(id: string, by: string, reason?: string, change = this.#change): Promise<DeniedRecord> {
    const { log } = this.#options
    const { thumbprint } = this.#require(id).knock
    if (thumbprint === undefined) {
      throw new HalibutError('invalid_argument', 'it presented no certificate, so that there is nothing to deny', {
        advice: 'let it expire, or keep its address out with a firewall',
      })
    }
    const [holder] = this.#registered(thumbprint)
    if (holder !== undefined) {
      throw new HalibutError('invalid_argument', `its certificate is that of the agent ${holder}, and is trusted`, {
        advice: `revoke it, or remove the agent ${holder}, first`,
      })
    }
    const denied: DeniedRecord = { id: thumbprint, deniedMs: this.#now(), by, ...(reason === undefined ? {} : { reason }) }
    await change(draft => draft.denied.put(denied), { thumbprint })
    this.#knocks.decided(thumbprint)
    log('info', 'a certificate was denied', { by, thumbprint, reason })
    return denied
  }

  /** Puts the decision off. */
  later(id: string, forMs?: number): PendingAgent {
    return this.pending.later(id, forMs) ?? this.#require(id)
  }

  /** Forgets somebody who knocks; it is back when it knocks again. */
  expire(id: string): void {
    this.#require(id)
    this.pending.remove(id)
  }

  /** The certificates that were denied, with how often they have knocked since the start. */
  denied(): (DeniedRecord & { readonly count: number; readonly lastSeenMs: number | undefined })[] {
    return this.#options.records.denied.all().map(denied => {
      const knocks = this.#knocks.ofDenied(denied.id)
      return { ...denied, count: knocks?.count ?? 0, lastSeenMs: knocks?.lastSeenMs }
    })
  }

  /**
   * Takes trust in a certificate back for good, cuts its connections, and ends the calls to its agents. Gives the ids of these. Rejects where that
   * cannot be kept: then it is so until the end of the process.
   */
  async revoke(given: string, by: string, change = this.#change): Promise<readonly string[]> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    // First of all: whoever has it is not to go on while a disk is slow, or full.
    const cut = this.#registered(thumbprint)
    this.#cutOff(thumbprint, this.#now(), cut)
    await change(draft => this.#certificates.revoke(draft, thumbprint))
    this.#options.log('info', 'a certificate was revoked', { by, thumbprint, agents: cut })
    return cut
  }

  /** Takes a denial or a revocation back. Rejects with `not_found` where the certificate is neither denied nor revoked. */
  async restore(given: string, by: string, change = this.#change): Promise<void> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const wasRevoked = await change(draft => {
      const wasDenied = draft.denied.remove(thumbprint)
      const revoked = this.#certificates.reinstate(draft, thumbprint)
      if (wasDenied || revoked) return revoked
      throw new HalibutError('not_found', `the certificate ${thumbprint} is neither denied nor revoked`, {
        advice: 'ask trust.denied and trust.thumbprints',
      })
    })
    this.#restored(thumbprint, wasRevoked, by)
  }

  /** What is known of a certificate; `undefined`: nobody has shown it, or had it revoked. */
  known(thumbprint: string): CertificateRecord | undefined {
    return this.#certificates.get(thumbprint.toUpperCase())
  }

  /** The certificates of the agents, and those that were revoked. */
  *certificates(): Generator<CertificateFacts, void, undefined> {
    const its = agentsByCertificate(this.#options.agents.directory)
    for (const [thumbprint, ids] of its) yield { thumbprint, known: this.#certificates.get(thumbprint), agents: ids }
    for (const known of this.#certificates.all()) {
      if (known.revokedMs !== undefined && !its.has(known.id)) yield { thumbprint: known.id, known, agents: [] }
    }
  }

  /** The agents that are registered with a certificate. */
  #registered(thumbprint: string): string[] {
    return agentsWith(this.#options.agents.directory, thumbprint)
  }

  #replace(id: string, place: { readonly uri: string; readonly thumbprint: string }, by: string, change: Change): Promise<Agent> {
    let its: readonly string[] = []
    return this.#options.agents.edit(
      id,
      before => {
        its = certificatesOf(before)
        const { nextThumbprint: _, ...known } = before
        return { ...known, ...place }
      },
      undefined,
      this.#dropping(() => its, by, change),
    )
  }

  /** A change within which a certificate becomes that of an agent. */
  #approving(seen: SeenCertificate, agent: string, by: string, change = this.#change): Change {
    const { thumbprint } = seen
    return async (act, facts) => {
      const { made, wasDenied, wasRevoked } = await change(draft => {
        const made = act(draft)
        const wasDenied = draft.denied.remove(thumbprint)
        const wasRevoked = this.#certificates.reinstate(draft, thumbprint)
        this.#certificates.see(draft, seen, agent, () => false)
        return { made, wasDenied, wasRevoked }
      }, facts)
      if (wasDenied || wasRevoked) this.#restored(thumbprint, wasRevoked, by)
      return made
    }
  }

  /**
   * A change within which certificates are taken from an agent: those that no agent has any more are revoked in it, and cut off when it is kept. Another
   * agent may have one still: a person who copied it knows, and revokes it where that is meant.
   */
  #dropping(its: () => readonly string[], by: string, change = this.#change): Change {
    return async (act, facts) => {
      const { made, dropped } = await change(draft => {
        const made = act(draft)
        const dropped = its().filter(each => this.#registered(each).length === 0)
        for (const each of dropped) this.#certificates.revoke(draft, each)
        return { made, dropped }
      }, facts)
      for (const thumbprint of dropped) {
        this.#cutOff(thumbprint, this.#now())
        this.#options.log('info', 'a certificate was revoked', { by, thumbprint, agents: [] })
      }
      return made
    }
  }

  /** A certificate is not denied or revoked any more. */
  #restored(thumbprint: string, wasRevoked: boolean, by: string): void {
    const { mesh, agents, log } = this.#options
    this.#knocks.forgetDenied(thumbprint)
    log('info', 'a certificate is not denied or revoked any more', { by, thumbprint })
    if (!wasRevoked) return
    mesh.reinstate(thumbprint)
    for (const id of this.#registered(thumbprint)) agents.directory.report(id, { type: 'gone', why: 'its certificate is trusted again' })
  }

  #require(id: string): PendingAgent {
    const pending = this.pending.get(id)
    if (pending) return pending
    throw new HalibutError('not_found', `nobody is pending with the id ${id}`, {
      advice: 'ask trust.pending: somebody may have decided already, or it has expired',
    })
  }

  #expected(id: string, { thumbprint, version }: Expectation): PendingAgent {
    const pending = this.#require(id)
    const shown = pending.knock.thumbprint
    const expected = thumbprint.toUpperCase()
    if (shown !== expected) {
      throw new HalibutError('version_conflict', `who is pending as ${id} has ${shown ?? 'no certificate'}, and not ${expected}`, {
        advice: 'compare it with what the machine itself tells; where that has another one, somebody else knocks in its name',
      })
    }
    if (pending.version === version) return pending
    throw new HalibutError('version_conflict', `what is pending as ${id} is not any more what was seen: ${pending.refusal.reason}`, {
      advice: 'look at it again, then decide',
    })
  }

  #onSubscriber(event: SubscriberEvent): void {
    this.clones.came(event)
    const { thumbprint, subscription } = event
    const agent = this.#options.agents.directory.bySubscription(subscription)
    if (!agent) return
    const { id } = agent.definition
    void this.#remember(event, id)
    void this.rotation.seen(id, thumbprint)
  }

  #onAnswer(id: string, { thumbprint, thumbprint256, expiresMs }: MeshAnswer): void {
    if (thumbprint === undefined) return
    void this.#remember({ thumbprint, thumbprint256, expiresMs }, id)
    void this.rotation.seen(id, thumbprint)
  }

  /** Never rejects. */
  async #remember(seen: SeenCertificate, agent: string): Promise<void> {
    const { thumbprint } = seen
    try {
      const { directory } = this.#options.agents
      const isIts = (id: string): boolean => certificatesOf(directory.get(id)?.definition ?? { thumbprint: '' }).includes(thumbprint)
      await this.#certificates.remember(seen, agent, isIts)
    } catch (why) {
      this.#options.log('error', 'what was seen of a certificate could not be kept', {
        why: messageOf(why),
      })
    }
  }

  /** `ids`: the agents that are registered with it. */
  #cutOff(thumbprint: string, revokedMs: number, ids: readonly string[] = []): void {
    const { mesh, agents } = this.#options
    const why = `its certificate ${thumbprint} was revoked at ${timeOf(revokedMs)}`
    for (const id of ids)
      agents.directory.report(id, { type: 'refused', why, advice: 'give the machine a new certificate, or take the revocation back' })
    mesh.revoke(thumbprint)
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
