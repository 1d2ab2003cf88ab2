import { gatewayLimits } from '../base/limits.ts'
import { LineBudget } from '../base/line-budget.ts'
import type { LogSink } from '../base/log.ts'
import type { DeniedEvent } from '../runtime/events.ts'
import type { DeniedRecord } from '../store/records.ts'
import type { RecordView } from '../store/store.ts'
import type { AgentCertificates } from './agent-certificates.ts'
import type { Agent, AgentDirectory } from './agent-directory.ts'
import { awayFromUs } from './agent-state.ts'
import { type PendingAgent, PendingAgents, type PendingLimits } from './pending.ts'
import { explainKnock, howOften, type Namesake } from './refusal.ts'
import { agentsWith } from './registered.ts'

/** What {@link Knocks} works with. */
export interface KnocksOptions {
  readonly directory: AgentDirectory
  readonly denied: RecordView<DeniedRecord>
  readonly certificates: AgentCertificates
  readonly log: LogSink
  readonly limits: PendingLimits
  readonly now: () => number
}

/** How often somebody has knocked whose certificate was denied. */
export interface DeniedKnocks {
  readonly count: number
  readonly lastSeenMs: number
}

/** Who knocks and is turned away: pending until a person decides, and told in the log and in the state of the agent that it is about. */
export class Knocks {
  readonly pending: PendingAgents
  readonly #options: KnocksOptions
  /** Of certificates that were denied, since the start. */
  readonly #denied = new Map<string, DeniedKnocks>()
  readonly #lines: LineBudget

  constructor(options: KnocksOptions) {
    this.#options = options
    this.pending = new PendingAgents(options.limits, options.now)
    this.pending.onExpired = gone => this.#onExpired(gone)
    this.#lines = new LineBudget(gatewayLimits.knockLinesPerMinute, options.now)
  }

  /** `undefined`: not since the start. */
  ofDenied(thumbprint: string): DeniedKnocks | undefined {
    return this.#denied.get(thumbprint)
  }

  /** It is not denied any more. */
  forgetDenied(thumbprint: string): void {
    this.#denied.delete(thumbprint)
  }

  /** It is decided about this certificate, whatever it knocked as. */
  decided(thumbprint: string): void {
    for (const { id, knock } of this.pending.list()) if (knock.thumbprint === thumbprint) this.pending.remove(id)
  }

  /** Somebody was turned away. */
  heard(knock: DeniedEvent): void {
    const { directory, denied, certificates, log, now } = this.#options
    const { thumbprint } = knock
    if (thumbprint !== undefined && denied.get(thumbprint)) {
      this.#denied.set(thumbprint, { count: (this.#denied.get(thumbprint)?.count ?? 0) + 1, lastSeenMs: now() })
      return
    }
    const known = thumbprint === undefined ? undefined : certificates.get(thumbprint)
    const owner = knock.subscription === undefined ? undefined : directory.bySubscription(knock.subscription)
    const refusal = explainKnock(knock, {
      owner: owner && namesakeOf(owner),
      holder: knock.why !== 'not_trusted' && !owner ? this.#holder(thumbprint) : undefined,
      revoked: known?.revokedMs === undefined ? undefined : { atMs: known.revokedMs, agent: known.agent },
      held: thumbprint === undefined ? undefined : certificates.heldAt({ thumbprint }, knock.remoteAddress),
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

  close(): void {
    this.pending.close()
  }

  #tellAgent(id: string, why: string, advice: string): void {
    const { directory } = this.#options
    const at = directory.get(id)?.state.at
    // One that is there all the same is not refused: somebody else is.
    directory.report(id, at === 'connected' ? { type: 'noticed', what: why, advice } : { type: 'refused', why, advice })
  }

  #onExpired({ refusal }: PendingAgent): void {
    if (refusal.agent === undefined || refusal.cause === 'revoked') return
    const { directory } = this.#options
    const agent = directory.get(refusal.agent)
    if (agent?.mode !== 'polling') return
    if (agent.state.at === 'untrusted')
      directory.report(refusal.agent, { type: 'gone', why: 'it has not knocked for a long time', advice: awayFromUs.advice })
    else if (agent.state.at === 'connected') directory.report(refusal.agent, { type: 'noticed', what: 'polls this gateway' })
  }

  /** Looks at all agents, which only those can cause whose certificate is trusted. */
  #holder(thumbprint: string | undefined): Namesake | undefined {
    const { directory } = this.#options
    const [id] = thumbprint === undefined ? [] : agentsWith(directory, thumbprint)
    const agent = id === undefined ? undefined : directory.get(id)
    return agent && namesakeOf(agent)
  }
}

function namesakeOf({ definition, state }: Agent): Namesake {
  const { id, uri, thumbprint, nextThumbprint } = definition
  return { id, uri, thumbprint, nextThumbprint, isConnected: state.at === 'connected', isDisabled: state.at === 'disabled' }
}
