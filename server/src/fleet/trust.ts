import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { LineBudget } from '../base/line-budget.ts'
import type { LogSink } from '../base/log.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { SubscriberCandidate } from '../runtime/acceptor.ts'
import { checkThumbprint } from '../runtime/endpoint.ts'
import type { DeniedEvent, SubscriberEvent } from '../runtime/events.ts'
import type { Agent, AgentDefinition } from './agent-directory.ts'
import type { AgentManager } from './agent-manager.ts'
import { type Clones, CloneWatch } from './clones.ts'
import type { Mesh } from './mesh.ts'
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

/** A certificate that an agent has shown, or that was revoked. */
export interface KnownCertificate {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  /** SHA-256, upper-case hex: recorded at first sight and checked from then on. */
  readonly thumbprint256?: string | undefined
  readonly agent?: string | undefined
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** From when on it is worth nothing. */
  readonly revokedMs?: number | undefined
}

/** Records by their id. A change is kept when its promise resolves, and seen from then on. */
export interface KeptRecords<T> {
  get(id: string): T | undefined
  all(): readonly T[]
  put(record: T): Promise<void>
  remove(id: string): Promise<boolean>
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
  readonly mesh: Pick<Mesh, 'on' | 'revoke' | 'reinstate'>
  readonly agents: Pick<AgentManager, 'directory' | 'add' | 'edit' | 'mayPoll'>
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

const dayMs = 86_400_000

/**
 * Whom the gateway believes, as people decide it: who knocks and waits for a decision, whose certificate was denied or revoked, and what is
 * noticed about certificates. What it knows of an agent’s refusals stands in the agent’s state, so that calls tell it too.
 */
export class Trust {
  readonly pending: PendingAgents
  readonly #options: TrustOptions
  readonly #now: () => number
  readonly #clones: CloneWatch
  /** How often certificates that were denied have knocked since the start. */
  readonly #deniedKnocks = new Map<string, { count: number; lastSeenMs: number }>()
  readonly #lines: LineBudget
  readonly #stops: (() => void)[] = []

  constructor(options: TrustOptions) {
    this.#options = options
    this.#now = options.now ?? steadyTime
    this.pending = new PendingAgents(options.limits ?? gatewayLimits, this.#now)
    this.pending.onExpired = gone => this.#onExpired(gone)
    this.#clones = new CloneWatch(clones => this.#onClones(clones), options.cloneGraceMs)
    this.#lines = new LineBudget(gatewayLimits.knockLinesPerMinute, this.#now)
  }

  /** Begins to notice. What was revoked is revoked from now on. */
  start(): void {
    const { mesh, records } = this.#options
    for (const { id, revokedMs } of records.certificates.all()) if (revokedMs !== undefined) this.#cutOff(id, revokedMs)
    this.#stops.push(
      mesh.on('clientDenied', event => this.#onDenied(event)),
      mesh.on('subscriberConnected', event => this.#onSubscriber(event)),
      mesh.on('subscriberDisconnected', event => this.#clones.left(event)),
    )
  }

  get own(): OwnCertificate {
    const { thumbprint, thumbprint256 } = this.#options.own
    return { thumbprint, thumbprint256 }
  }

  /** Ends that. */
  close(): void {
    for (const stop of this.#stops.splice(0)) stop()
    this.#clones.close()
    this.pending.close()
  }

  /** Whether a polling agent may have the subscription that it names. Text says why not. */
  mayPoll(candidate: SubscriberCandidate): true | string {
    const { thumbprint, thumbprint256 } = candidate
    const known = this.#options.records.certificates.get(thumbprint)?.thumbprint256
    if (known !== undefined && known !== thumbprint256) {
      return `its certificate has the SHA-1 ${thumbprint} and not the SHA-256 that was seen with it before: it is a forged one`
    }
    return this.#options.agents.mayPoll(candidate)
  }

  /** Agents of which several machines poll at the same time. */
  clones(): Clones[] {
    return this.#clones.list()
  }

  /**
   * Lets somebody in who knocks: its certificate and its subscription together are the agent’s from now on. Rejects with `not_found`, with
   * `version_conflict` where it is not any more what the person saw, and as the agents’ manager does.
   */
  async approve(id: string, expected: Expectation, approval: Approval, by: string): Promise<Agent> {
    const { agents, records, log } = this.#options
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
    if (records.certificates.get(thumbprint)?.revokedMs !== undefined) await this.restore(thumbprint, by)
    // It is let in, whatever becomes of this.
    await this.#remember(thumbprint, thumbprint256, agent.definition.id).catch(why => this.#notKept(why))
    this.#forget(thumbprint)
    log('info', `the agent ${agent.definition.id} was approved`, { by, thumbprint, uri, replaced: approval.replace !== undefined })
    return agent
  }

  /** Turns a certificate away for good: it is not shown any more when it knocks. */
  async deny(id: string, by: string, reason?: string): Promise<DeniedCertificate> {
    const { records, agents, log } = this.#options
    const { thumbprint } = this.#require(id).knock
    if (thumbprint === undefined) {
      throw new HalibutError('invalid_argument', 'it presented no certificate, so that there is nothing to deny', {
        advice: 'let it expire, or keep its address out with a firewall',
      })
    }
    const holder = agents.directory.ids().find(each => agents.directory.get(each)?.definition.thumbprint === thumbprint)
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

  /** Takes trust in a certificate back for good, cuts its connections, and ends the calls to its agents. Gives the ids of these. */
  async revoke(given: string, by: string): Promise<readonly string[]> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const { records, log } = this.#options
    const now = this.#now()
    const known = records.certificates.get(thumbprint) ?? { id: thumbprint, firstSeenMs: now, lastSeenMs: now }
    await records.certificates.put({ ...known, revokedMs: known.revokedMs ?? now })
    const cut = this.#cutOff(thumbprint, now)
    log('info', 'a certificate was revoked', { by, thumbprint, agents: cut })
    return cut
  }

  /** Takes a denial or a revocation back. Rejects with `not_found` where the certificate is neither denied nor revoked. */
  async restore(given: string, by: string): Promise<void> {
    checkThumbprint(given, 'the thumbprint')
    const thumbprint = given.toUpperCase()
    const { records, mesh, agents, log } = this.#options
    const known = records.certificates.get(thumbprint)
    const wasDenied = await records.denied.remove(thumbprint)
    this.#deniedKnocks.delete(thumbprint)
    if (known?.revokedMs !== undefined) {
      const { revokedMs, ...rest } = known
      await records.certificates.put(rest)
      mesh.reinstate(thumbprint)
      for (const id of this.#registered(thumbprint)) agents.directory.report(id, { type: 'gone', why: 'its certificate is trusted again' })
    } else if (!wasDenied) {
      throw new HalibutError('not_found', `the certificate ${thumbprint} is neither denied nor revoked`, {
        advice: 'ask trust.denied and trust.thumbprints',
      })
    }
    log('info', 'a certificate is not denied or revoked any more', { by, thumbprint })
  }

  /** The certificates of the agents, and those that were revoked. */
  *certificates(): Generator<CertificateFacts, void, undefined> {
    const { agents, records } = this.#options
    const its = new Map<string, string[]>()
    for (const id of agents.directory.ids()) {
      const thumbprint = agents.directory.get(id)?.definition.thumbprint.toUpperCase()
      if (thumbprint === undefined) continue
      const ids = its.get(thumbprint)
      if (ids) ids.push(id)
      else its.set(thumbprint, [id])
    }
    for (const [thumbprint, ids] of its) yield { thumbprint, known: records.certificates.get(thumbprint), agents: ids }
    for (const known of records.certificates.all()) {
      if (known.revokedMs !== undefined && !its.has(known.id)) yield { thumbprint: known.id, known, agents: [] }
    }
  }

  async #replace(id: string, place: { readonly uri: string; readonly thumbprint: string }, by: string): Promise<Agent> {
    const { agents } = this.#options
    const before = agents.directory.require(id).definition
    const agent = await agents.edit(id, known => ({ ...known, ...place }))
    // Another agent may have it still: a person who copied it knows, and revokes it where that is meant.
    if (before.thumbprint !== place.thumbprint && this.#registered(before.thumbprint).length === 0) await this.revoke(before.thumbprint, by)
    return agent
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
    if (pending.knock.thumbprint === thumbprint.toUpperCase() && pending.version === version) return pending
    throw new HalibutError('version_conflict', `what is pending as ${id} is not any more what was seen: ${pending.refusal.reason}`, {
      advice: 'look at it again, then decide with what trust.pending tells now',
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
    const known = thumbprint === undefined ? undefined : records.certificates.get(thumbprint)
    const owner = knock.subscription === undefined ? undefined : agents.directory.bySubscription(knock.subscription)
    const refusal = explainKnock(knock, {
      owner: owner && namesakeOf(owner),
      holder: knock.why !== 'not_trusted' && !owner ? this.#holder(thumbprint) : undefined,
      revoked: known?.revokedMs === undefined ? undefined : { atMs: known.revokedMs, agent: known.agent },
    })
    const { id, count, firstSeenMs } = this.pending.note(knock, refusal)
    // Often enough for who looks, and never more than a few times.
    if ((count & (count - 1)) !== 0) return
    const why = `${refusal.reason}${howOften(count, firstSeenMs)}`
    if (refusal.agent !== undefined && refusal.cause !== 'disabled') this.#tellAgent(refusal.agent, why)
    const line = this.#lines.take()
    if (!line.allowed) return
    const { remoteAddress, subject, issuer, protocol } = knock
    const fields = { pending: id, cause: refusal.cause, remoteAddress, thumbprint, subject, issuer, protocol, expected: refusal.expected }
    log('warn', `refused: ${why}; ${refusal.advice}`, { ...fields, ...(line.missed > 0 ? { leftOut: line.missed } : {}) })
  }

  #tellAgent(id: string, why: string): void {
    const { directory } = this.#options.agents
    const at = directory.get(id)?.state.at
    // One that is there all the same is not refused: somebody else is.
    directory.report(id, at === 'connected' ? { type: 'noticed', what: why } : { type: 'refused', why })
  }

  #onExpired({ refusal }: PendingAgent): void {
    if (refusal.agent === undefined || refusal.cause === 'revoked') return
    const { directory } = this.#options.agents
    const agent = directory.get(refusal.agent)
    if (agent?.mode !== 'polling') return
    if (agent.state.at === 'untrusted') directory.report(refusal.agent, { type: 'gone', why: 'it has not knocked for a long time' })
    else if (agent.state.at === 'connected') directory.report(refusal.agent, { type: 'noticed', what: 'polls this gateway' })
  }

  #onSubscriber(event: SubscriberEvent): void {
    this.#clones.came(event)
    const { thumbprint, thumbprint256, subscription } = event
    const agent = this.#options.agents.directory.bySubscription(subscription)
    if (agent) void this.#remember(thumbprint, thumbprint256, agent.definition.id).catch(why => this.#notKept(why))
  }

  /** Only what is new: an agent that comes and goes writes nothing. */
  async #remember(thumbprint: string, thumbprint256: string | undefined, agent: string): Promise<void> {
    const { certificates } = this.#options.records
    const now = this.#now()
    const known = certificates.get(thumbprint)
    if (known?.agent === agent && known.thumbprint256 !== undefined && now - known.lastSeenMs < dayMs) return
    await certificates.put({
      ...known,
      id: thumbprint,
      thumbprint256: known?.thumbprint256 ?? thumbprint256,
      agent,
      firstSeenMs: known?.firstSeenMs ?? now,
      lastSeenMs: now,
    })
  }

  #notKept(why: unknown): void {
    this.#options.log('error', 'what was seen of a certificate could not be kept', {
      why: why instanceof Error ? why.message : String(why),
    })
  }

  #onClones({ subscription, thumbprint, addresses }: Clones): void {
    const { agents, log } = this.#options
    const agent = agents.directory.bySubscription(subscription)
    if (agent?.definition.thumbprint !== thumbprint) return
    const { id } = agent.definition
    if (addresses.length < 2) {
      agents.directory.report(id, { type: 'noticed', what: 'polls this gateway' })
      log('info', `one machine polls as ${subscription} again`, { agent: id, addresses })
      return
    }
    const what = `${addresses.length} machines poll with its certificate at the same time, ${addresses.join(' and ')}: perhaps a copied disk`
    agents.directory.report(id, { type: 'noticed', what })
    log('warn', `${id}: ${what}; give one of them a certificate of its own`, { agent: id, thumbprint, addresses })
  }

  /** Gives the agents that are registered with it. */
  #cutOff(thumbprint: string, revokedMs: number): string[] {
    const { mesh, agents } = this.#options
    const ids = this.#registered(thumbprint)
    const why = `its certificate ${thumbprint} was revoked at ${new Date(revokedMs).toISOString()}`
    for (const id of ids) agents.directory.report(id, { type: 'refused', why })
    mesh.revoke(thumbprint)
    return ids
  }

  #registered(thumbprint: string): string[] {
    const { directory } = this.#options.agents
    return directory.ids().filter(id => directory.get(id)?.definition.thumbprint.toUpperCase() === thumbprint.toUpperCase())
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
  const { id, uri, thumbprint } = definition
  return { id, uri, thumbprint, isConnected: state.at === 'connected', isDisabled: state.at === 'disabled' }
}
