import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { LineBudget } from '../base/line-budget.ts'
import type { LogSink } from '../base/log.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import type { DialledAgent } from '../runtime/connections.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import type { DeniedEvent, SubscriberEvent } from '../runtime/events.ts'
import { AgentCertificates, type KnownCertificate, type SeenCertificate } from './agent-certificates.ts'
import { type Agent, type AgentDefinition, certificatesOf } from './agent-directory.ts'
import type { AgentManager } from './agent-manager.ts'
import { AgentRotation } from './agent-rotation.ts'
import { awayFromUs } from './agent-state.ts'
import { CloneDecisions } from './clone-decisions.ts'
import type { KeptRecords } from './kept-records.ts'
import type { Mesh, MeshAnswer } from './mesh.ts'
import { type PendingAgent, PendingAgents, type PendingLimits } from './pending.ts'
import { explainKnock, howOften, type Namesake } from './refusal.ts'

/** A certificate that is turned away without being shown as pending. */
export interface DeniedCertificate {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  readonly deniedMs: number
  readonly by: string
  readonly reason?: string | undefined
}

/** What is kept of trust beside the agents. */
export interface TrustRecords {
  readonly denied: KeptRecords<DeniedCertificate>
  readonly certificates: KeptRecords<KnownCertificate>
}

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
  readonly known: KnownCertificate | undefined
  /** The agents that are registered with it. */
  readonly agents: readonly string[]
}

/**
 * Whom the gateway believes, as people decide it: who knocks and waits for a decision, whose certificate was denied or revoked, and what is
 * noticed about certificates. What it knows of an agent’s refusals stands in the agent’s state, so that calls tell it too.
 */
export class Trust {
  readonly pending: PendingAgents
  /** Agents that get other certificates. */
  readonly rotation: AgentRotation
  /** Machines that poll with one certificate. */
  readonly clones: CloneDecisions
  readonly #certificates: AgentCertificates
  readonly #options: TrustOptions
  readonly #now: () => number
  /** How often certificates that were denied have knocked since the start. */
  readonly #deniedKnocks = new Map<string, { count: number; lastSeenMs: number }>()
  readonly #lines: LineBudget
  readonly #stops: (() => void)[] = []

  constructor(options: TrustOptions) {
    this.#options = options
    this.#now = options.now ?? steadyTime
    this.#certificates = new AgentCertificates(options.records.certificates, this.#now)
    const { agents, log } = options
    this.rotation = new AgentRotation({ agents, log, onDropped: (thumbprint, by) => this.#revokeUnused(thumbprint, by) })
    this.pending = new PendingAgents(options.limits ?? gatewayLimits, this.#now)
    this.pending.onExpired = gone => this.#onExpired(gone)
    this.clones = new CloneDecisions({ mesh: options.mesh, agents, certificates: this.#certificates, log, graceMs: options.cloneGraceMs })
    this.#lines = new LineBudget(gatewayLimits.knockLinesPerMinute, this.#now)
  }

  /** Begins to notice. What was revoked is revoked from now on. */
  start(): void {
    const { mesh, agents } = this.#options
    const its = this.#allRegistered()
    for (const { id, revokedMs } of this.#certificates.all()) if (revokedMs !== undefined) this.#cutOff(id, revokedMs, its.get(id))
    this.#stops.push(
      mesh.on('clientDenied', event => this.#onDenied(event)),
      mesh.on('subscriberConnected', event => this.#onSubscriber(event)),
      mesh.on('subscriberDisconnected', event => this.clones.left(event)),
      agents.onAnswer((id, answer) => this.#onAnswer(id, answer)),
    )
  }

  get own(): OwnCertificate {
    const { thumbprint, thumbprint256 } = this.#options.own
    return { thumbprint, thumbprint256 }
  }

  /** Ends that. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.clones.close()
    this.pending.close()
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
   * Lets somebody in who knocks: its certificate and its subscription together are the agent’s from now on. Rejects with `not_found`, with
   * `version_conflict` where it is not any more what the person saw, and as the agents’ manager does.
   */
  async approve(id: string, expected: Expectation, approval: Approval, by: string): Promise<Agent> {
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
    const agent =
      approval.as !== undefined
        ? await agents.add({ ...approval.as, uri, thumbprint })
        : await this.#replace(approval.replace, { uri, thumbprint }, by)
    if (this.#certificates.get(thumbprint)?.revokedMs !== undefined) await this.restore(thumbprint, by)
    // It is let in, whatever becomes of this.
    await this.#remember({ thumbprint, thumbprint256 }, agent.definition.id)
    this.#forget(thumbprint)
    log('info', `the agent ${agent.definition.id} was approved`, { by, thumbprint, uri, replaced: approval.replace !== undefined })
    return agent
  }

  /** Turns a certificate away for good: it is not shown any more when it knocks. */
  async deny(id: string, by: string, reason?: string): Promise<DeniedCertificate> {
    const { records, log } = this.#options
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
    const denied: DeniedCertificate = { id: thumbprint, deniedMs: this.#now(), by, ...(reason === undefined ? {} : { reason }) }
    await records.denied.put(denied)
    this.#forget(thumbprint)
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
  denied(): (DeniedCertificate & { readonly count: number; readonly lastSeenMs: number | undefined })[] {
    return this.#options.records.denied.all().map(denied => {
      const knocks = this.#deniedKnocks.get(denied.id)
      return { ...denied, count: knocks?.count ?? 0, lastSeenMs: knocks?.lastSeenMs }
    })
  }

  /**
   * Takes trust in a certificate back for good, cuts its connections, and ends the calls to its agents. Gives the ids of these. Rejects where that
   * cannot be kept: then it is so until the end of the process.
   */
  async revoke(given: string, by: string): Promise<readonly string[]> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    // First of all: whoever has it is not to go on while a disk is slow, or full.
    const cut = this.#registered(thumbprint)
    this.#cutOff(thumbprint, this.#now(), cut)
    await this.#certificates.revoke(thumbprint)
    this.#options.log('info', 'a certificate was revoked', { by, thumbprint, agents: cut })
    return cut
  }

  /** Takes a denial or a revocation back. Rejects with `not_found` where the certificate is neither denied nor revoked. */
  async restore(given: string, by: string): Promise<void> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const { records, mesh, agents, log } = this.#options
    const wasDenied = await records.denied.remove(thumbprint)
    this.#deniedKnocks.delete(thumbprint)
    if (await this.#certificates.reinstate(thumbprint)) {
      mesh.reinstate(thumbprint)
      for (const id of this.#registered(thumbprint)) agents.directory.report(id, { type: 'gone', why: 'its certificate is trusted again' })
    } else if (!wasDenied) {
      throw new HalibutError('not_found', `the certificate ${thumbprint} is neither denied nor revoked`, {
        advice: 'ask trust.denied and trust.thumbprints',
      })
    }
    log('info', 'a certificate is not denied or revoked any more', { by, thumbprint })
  }

  /** What is known of a certificate; `undefined`: nobody has shown it, or had it revoked. */
  known(thumbprint: string): KnownCertificate | undefined {
    return this.#certificates.get(thumbprint.toUpperCase())
  }

  /** The certificates of the agents, and those that were revoked. */
  *certificates(): Generator<CertificateFacts, void, undefined> {
    const its = this.#allRegistered()
    for (const [thumbprint, ids] of its) yield { thumbprint, known: this.#certificates.get(thumbprint), agents: ids }
    for (const known of this.#certificates.all()) {
      if (known.revokedMs !== undefined && !its.has(known.id)) yield { thumbprint: known.id, known, agents: [] }
    }
  }

  async #replace(id: string, place: { readonly uri: string; readonly thumbprint: string }, by: string): Promise<Agent> {
    const { agents } = this.#options
    const before = agents.directory.require(id).definition
    const agent = await agents.edit(id, ({ nextThumbprint: _, ...known }) => ({ ...known, ...place }))
    for (const each of certificatesOf(before)) if (each !== place.thumbprint) await this.#revokeUnused(each, by)
    return agent
  }

  /** Another agent may have it still: a person who copied it knows, and revokes it where that is meant. */
  async #revokeUnused(thumbprint: string, by: string): Promise<void> {
    if (this.#registered(thumbprint).length === 0) await this.revoke(thumbprint, by)
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

  #onDenied(knock: DeniedEvent): void {
    const { records, agents, log } = this.#options
    const { thumbprint } = knock
    if (thumbprint !== undefined && records.denied.get(thumbprint)) {
      const { count } = this.#deniedKnocks.get(thumbprint) ?? { count: 0 }
      this.#deniedKnocks.set(thumbprint, { count: count + 1, lastSeenMs: this.#now() })
      return
    }
    const known = thumbprint === undefined ? undefined : this.#certificates.get(thumbprint)
    const owner = knock.subscription === undefined ? undefined : agents.directory.bySubscription(knock.subscription)
    const refusal = explainKnock(knock, {
      owner: owner && namesakeOf(owner),
      holder: knock.why !== 'not_trusted' && !owner ? this.#holder(thumbprint) : undefined,
      revoked: known?.revokedMs === undefined ? undefined : { atMs: known.revokedMs, agent: known.agent },
      held: thumbprint === undefined ? undefined : this.#certificates.heldAt({ thumbprint }, knock.remoteAddress),
    })
    const { id, count, firstSeenMs } = this.pending.note(knock, refusal)
    // Often enough for who looks, and never more than a few times.
    if ((count & (count - 1)) !== 0) return
    const why = `${refusal.reason}${howOften(count, firstSeenMs)}`
    const isDecided = refusal.cause === 'disabled' || refusal.cause === 'held'
    if (refusal.agent !== undefined && !isDecided) this.#tellAgent(refusal.agent, why, refusal.advice)
    const line = this.#lines.take()
    if (!line.allowed) return
    const { remoteAddress, subject, issuer, protocol } = knock
    const fields = { pending: id, cause: refusal.cause, remoteAddress, thumbprint, subject, issuer, protocol, expected: refusal.expected }
    log('warn', `refused: ${why}; ${refusal.advice}`, { ...fields, ...(line.missed > 0 ? { leftOut: line.missed } : {}) })
  }

  #tellAgent(id: string, why: string, advice: string): void {
    const { directory } = this.#options.agents
    const at = directory.get(id)?.state.at
    // One that is there all the same is not refused: somebody else is.
    directory.report(id, at === 'connected' ? { type: 'noticed', what: why, advice } : { type: 'refused', why, advice })
  }

  #onExpired({ refusal }: PendingAgent): void {
    if (refusal.agent === undefined || refusal.cause === 'revoked') return
    const { directory } = this.#options.agents
    const agent = directory.get(refusal.agent)
    if (agent?.mode !== 'polling') return
    if (agent.state.at === 'untrusted')
      directory.report(refusal.agent, { type: 'gone', why: 'it has not knocked for a long time', advice: awayFromUs.advice })
    else if (agent.state.at === 'connected') directory.report(refusal.agent, { type: 'noticed', what: 'polls this gateway' })
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
    try {
      await this.#certificates.remember(seen, agent)
    } catch (why) {
      this.#options.log('error', 'what was seen of a certificate could not be kept', {
        why: why instanceof Error ? why.message : String(why),
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

  /** The agents that are registered with a certificate. */
  #registered(thumbprint: string): string[] {
    const { directory } = this.#options.agents
    const wanted = thumbprint.toUpperCase()
    return directory.ids().filter(id => {
      const definition = directory.get(id)?.definition
      return definition !== undefined && certificatesOf(definition).some(each => each.toUpperCase() === wanted)
    })
  }

  /** The same of all certificates: one look at all agents, and not one for each certificate. */
  #allRegistered(): Map<string, string[]> {
    const { directory } = this.#options.agents
    const its = new Map<string, string[]>()
    for (const id of directory.ids()) {
      const definition = directory.get(id)?.definition
      for (const each of definition ? certificatesOf(definition) : []) {
        const thumbprint = each.toUpperCase()
        const ids = its.get(thumbprint)
        if (ids) ids.push(id)
        else its.set(thumbprint, [id])
      }
    }
    return its
  }

  /** Looks at all agents, which only those can cause whose certificate is trusted. */
  #holder(thumbprint: string | undefined): Namesake | undefined {
    const [id] = thumbprint === undefined ? [] : this.#registered(thumbprint)
    const agent = id === undefined ? undefined : this.#options.agents.directory.get(id)
    return agent && namesakeOf(agent)
  }

  /** It is decided about this certificate, whatever it knocked as. */
  #forget(thumbprint: string): void {
    for (const { id, knock } of this.pending.list()) if (knock.thumbprint === thumbprint) this.pending.remove(id)
  }
}

function namesakeOf({ definition, state }: Agent): Namesake {
  const { id, uri, thumbprint, nextThumbprint } = definition
  return { id, uri, thumbprint, nextThumbprint, isConnected: state.at === 'connected', isDisabled: state.at === 'disabled' }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
