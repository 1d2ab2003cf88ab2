import { acceptedNow, type Known, type LostAgent, lostAgents } from '../fleet/acceptances.ts'
import type { StateContent } from '../store/state-copy.ts'

/** An agent that would not believe the gateway any more, as it is told. */
export interface ToldLoss {
  readonly agent: string
  /** Which of our certificates it accepts, as far as that was seen: empty where it was never seen. */
  readonly accepts: readonly string[]
  readonly lastSeen?: string
}

/** Whether an agent trusts certificates of ours; `unknown`: it was not seen to accept any yet. */
export type Trusts = 'yes' | 'no' | 'unknown'

/** The certificate that a gateway was known by when it wrote this state. */
export function presentIn({ identities, identity }: StateContent): string | undefined {
  return identities.find(({ state }) => state === 'present')?.id ?? identity?.thumbprint
}

/** The certificates that a gateway with this state presents to agents. */
export function presentedIn(content: StateContent): ReadonlySet<string> {
  const present = presentIn(content)
  const others = content.identities.filter(({ state }) => state === 'next' || state === 'previous').map(({ id }) => id)
  return new Set(present === undefined ? others : [present, ...others])
}

/** What agents have been seen to accept, by these states, of which the later one counts. */
export function acceptedIn(...states: readonly (StateContent | undefined)[]): (agent: string) => Known {
  const accepted = new Map(states.flatMap(state => (state?.acceptances ?? []).map(each => [each.id, each.accepted] as const)))
  return id => ({ accepted: accepted.get(id) ?? [] })
}

/** Whether an agent trusts a gateway that presents these. */
export function trustsOf(known: Known, presented: ReadonlySet<string>): Trusts {
  const accepts = acceptedNow(known)
  if (accepts.length === 0) return 'unknown'
  return accepts.some(each => presented.has(each)) ? 'yes' : 'no'
}

/**
 * The agents that would not believe a gateway that presents `after` and not `before` any more. One that was never seen may trust anything, and counts where
 * something is not presented any more that it may trust.
 */
export function lostBy(
  agents: Iterable<string>,
  knownOf: (agent: string) => Known,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): ToldLoss[] {
  const isAllKept = [...before].every(each => after.has(each))
  return [...lostAgents(agents, knownOf, after)].filter(({ accepts }) => !isAllKept || accepts.length > 0).map(told)
}

function told({ agent, accepts, lastSeenMs }: LostAgent): ToldLoss {
  return { agent, accepts, ...(lastSeenMs === undefined ? {} : { lastSeen: new Date(lastSeenMs).toISOString() }) }
}

/** What an agent accepts instead, for people. */
export function whyLost({ accepts, lastSeen }: ToldLoss): string {
  return accepts.length === 0
    ? 'it was not seen to accept any certificate of this gateway yet'
    : `it accepts ${accepts.join(' and ')}, as it was seen last at ${lastSeen}`
}
