import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { agentStates, type ListView, type SortKey } from '../address/route.ts'
import { sortText } from '../values/sort-text.ts'
import type { AgentUses } from './agent-use.ts'

/** An agent in a list. Where the list is grouped by tags it stands there once for each. */
export interface AgentRow {
  readonly type: 'agent'
  /** Tells it apart from all other rows, and is the same as long as it is there. */
  readonly key: string
  readonly agent: AgentSnapshot
  /** It is not there any more; the row is still looked at. */
  readonly isGone: boolean
  readonly group: string
  /** What it is put in order by: its group, what the list is sorted by, its name. */
  readonly groupRank: string | number
  readonly rank: string | number
  readonly name: string
}

/** The agents that fit a view, and their rows. */
export interface RowMaker {
  fits(agent: AgentSnapshot): boolean
  rowsOf(agent: AgentSnapshot): AgentRow[]
  compare(one: AgentRow, other: AgentRow): number
}

/** The group of agents without a tag, where the list is grouped by tags: no tag is called so. */
export const untagged = '-'

/** What a view makes of agents; `use` is asked where it matters. */
export function rowMaker(view: ListView, use: Pick<AgentUses, 'of'>): RowMaker {
  const { sort, descending, group } = view
  const sign = descending ? -1 : 1
  const rankOf = ranks[sort]
  return {
    fits: matcher(view),
    rowsOf: agent => {
      const one = { type: 'agent', agent, isGone: false, rank: rankOf(agent, use), name: sortText(agent.name) } as const
      switch (group) {
        case '':
          return [{ ...one, key: agent.id, group: '', groupRank: 0 }]
        case 'state':
          return [{ ...one, key: agent.id, group: agent.state, groupRank: agentStates.indexOf(agent.state) }]
        case 'tag':
          return (agent.tags.length === 0 ? [untagged] : agent.tags).map(tag => ({
            ...one,
            key: `${agent.id}\n${tag}`,
            group: tag,
            // Behind all others.
            groupRank: tag === untagged ? '\uffff' : sortText(tag),
          }))
      }
    },
    compare: (one, other) =>
      order(one.groupRank, other.groupRank) ||
      sign * order(one.rank, other.rank) ||
      // Those that are equal stand by name, and those of one name by id.
      (sort === 'name' ? sign : 1) * (order(one.name, other.name) || order(one.agent.id, other.agent.id)) ||
      order(one.key, other.key),
  }
}

/** Puts rows that are in order where they belong among others that are; one comparison for each halving, and none for rows that stay. */
export function mergeRows(sorted: readonly AgentRow[], fresh: readonly AgentRow[], compare: RowMaker['compare']): AgentRow[] {
  const merged: AgentRow[] = []
  let at = 0
  for (const row of fresh) {
    let [low, high] = [at, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(sorted[middle] as AgentRow, row) <= 0) low = middle + 1
      else high = middle
    }
    for (; at < low; at++) merged.push(sorted[at] as AgentRow)
    merged.push(row)
  }
  for (; at < sorted.length; at++) merged.push(sorted[at] as AgentRow)
  return merged
}

/** The newest first, and last those that have no time. */
const newestFirst = (at: string | undefined): number => (at === undefined ? Number.POSITIVE_INFINITY : -Date.parse(at))

const ranks: Readonly<Record<SortKey, (agent: AgentSnapshot, use: Pick<AgentUses, 'of'>) => string | number>> = {
  name: () => 0,
  id: ({ id }) => sortText(id),
  state: ({ state }) => agentStates.indexOf(state),
  since: ({ since }) => newestFirst(since),
  called: ({ id }, use) => newestFirst(use.of(id)?.lastCall),
  // Those first for which most wait, then those at which most run.
  waiting: ({ id }, use) => -((use.of(id)?.queued ?? 0) * 1e6 + (use.of(id)?.running ?? 0)),
  mode: ({ mode }) => mode,
  address: ({ uri }) => sortText(uri),
}

function order(one: string | number, other: string | number): number {
  return one < other ? -1 : one > other ? 1 : 0
}

/** What is searched of an agent, in lower case, by its snapshot: a change makes a new one. */
const searched = new WeakMap<AgentSnapshot, string>()

function searchedOf(agent: AgentSnapshot): string {
  let text = searched.get(agent)
  if (text === undefined) {
    const { id, name, uri, thumbprint, tags, services, reason } = agent
    text = [id, name, uri, thumbprint, ...tags, ...services, reason].join('\n').toLowerCase()
    searched.set(agent, text)
  }
  return text
}

/** Whether an agent is in a view: it is in one of the states, has the tag, and each word of the search stands somewhere in it. */
function matcher({ search, states, tag }: ListView): (agent: AgentSnapshot) => boolean {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  return agent => {
    if (states.length > 0 && !states.includes(agent.state)) return false
    if (tag !== '' && !agent.tags.includes(tag)) return false
    if (words.length === 0) return true
    const text = searchedOf(agent)
    return words.every(word => text.includes(word))
  }
}
