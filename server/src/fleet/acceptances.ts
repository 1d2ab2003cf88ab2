import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import type { AcceptanceRecord, AcceptedCertificate, PortName } from '../store/records.ts'
import type { Repository } from '../store/store.ts'

/** An agent that would not believe us any more. */
export interface LostAgent {
  readonly agent: string
  /** What it accepts, as far as that was seen: empty where it was never seen. */
  readonly accepts: readonly string[]
  readonly lastSeenMs: number | undefined
}

/** What is known of an agent. `connected`: what the connections accept on which it polls now. */
export interface Known {
  readonly accepted: readonly AcceptedCertificate[]
  readonly connected?: ReadonlySet<string> | undefined
}

/**
 * The agents that would be lost if these certificates of ours were the only ones: those that accept none of them now. What an agent accepts now is what its
 * connections show, else what it accepted last, since whoever trusted two may have forgotten the older one; an agent that was never seen may trust anything,
 * and counts. Pure: for a certificate that is to be retired, and for a backup that is to be restored.
 */
export function* lostAgents(
  agents: Iterable<string>,
  knownOf: (agent: string) => Known,
  stays: ReadonlySet<string>,
): Generator<LostAgent, void, undefined> {
  for (const agent of agents) {
    const known = knownOf(agent)
    const accepts = acceptedNow(known)
    if (accepts.some(each => stays.has(each))) continue
    yield { agent, accepts, lastSeenMs: known.accepted[0]?.lastSeenMs }
  }
}

/** What an agent accepts, as far as it can be known. */
export function acceptedNow({ accepted, connected }: Known): readonly string[] {
  if (connected && connected.size > 0) return [...connected]
  return accepted.slice(0, 1).map(({ thumbprint }) => thumbprint)
}

const dayMs = 86_400_000
/** More certificates than we present at a time. */
const keptCertificates = 4

/** Keeps which of our certificates each agent has been seen to accept. */
export class Acceptances {
  readonly #kept: Repository<AcceptanceRecord>
  readonly #log: LogSink
  readonly #now: () => number
  /** What is not kept yet, and is true already. */
  readonly #underWay = new Map<string, AcceptanceRecord>()

  constructor(kept: Repository<AcceptanceRecord>, log: LogSink, now: () => number) {
    this.#kept = kept
    this.#log = log
    this.#now = now
  }

  of(agent: string): readonly AcceptedCertificate[] {
    return (this.#underWay.get(agent) ?? this.#kept.get(agent))?.accepted ?? []
  }

  /** An agent has accepted a certificate, and refused others. Only what is new is written: an agent that comes and goes writes nothing. */
  note(
    agent: string,
    thumbprint: string,
    { port, refused = [] }: { readonly port?: PortName | undefined; readonly refused?: readonly string[] },
  ): void {
    const known = this.of(agent)
    const lastSeenMs = this.#now()
    const [first] = known
    const isNew = first?.thumbprint !== thumbprint || first.port !== port || lastSeenMs - first.lastSeenMs >= dayMs
    if (!isNew && !known.some(each => refused.includes(each.thumbprint))) return
    const others = known.filter(each => each.thumbprint !== thumbprint && !refused.includes(each.thumbprint))
    const accepted = [{ thumbprint, lastSeenMs, ...(port === undefined ? {} : { port }) }, ...others].slice(0, keptCertificates)
    const acceptance = { id: agent, accepted }
    this.#underWay.set(agent, acceptance)
    this.#write(agent, acceptance, this.#kept.put(acceptance))
  }

  /** The agent is gone. */
  forget(agent: string): void {
    if (!this.#kept.get(agent) && !this.#underWay.has(agent)) return
    const nothing: AcceptanceRecord = { id: agent, accepted: [] }
    this.#underWay.set(agent, nothing)
    this.#write(agent, nothing, this.#kept.remove(agent))
  }

  #write(agent: string, what: AcceptanceRecord, kept: Promise<unknown>): void {
    kept
      .catch((why: unknown) =>
        this.#log('error', `which certificate the agent ${agent} accepts could not be kept`, {
          cause: messageOf(why),
        }),
      )
      .finally(() => {
        if (this.#underWay.get(agent) === what) this.#underWay.delete(agent)
      })
  }
}
