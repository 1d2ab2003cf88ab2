import type { AgentSnapshot, AgentStateName } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { agentStates, type ListView, type SortKey } from '../address/route.ts'
import type { Agents } from './agents.ts'

/** The agents that a list shows, in its order. */
export interface AgentTable {
  readonly rows: ReadonlySignal<readonly AgentSnapshot[]>
  /** How many there are of each state, whatever is shown. */
  readonly counts: ReadonlySignal<Readonly<Record<AgentStateName, number>>>
  /** The tags that there are, by name. */
  readonly tags: ReadonlySignal<readonly string[]>
  /** Set while somebody points at the list: what is in it stays where it is then, and what is new comes at the end. */
  readonly held: Signal<boolean>
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/** The agents that a view shows. */
export function createAgentTable(agents: Agents, view: ReadonlySignal<ListView>): AgentTable {
  const held = signal(false)
  let before: { readonly view: ListView; readonly ids: readonly string[] } | undefined

  const rows = computed(() => {
    const all = agents.all()
    const fits = matcher(view.value)
    const isSameView = before?.view === view.value
    const shown = before?.ids ?? []
    const found: AgentSnapshot[] = []
    if (held.value && isSameView) {
      const stays = new Set(shown)
      for (const id of shown) keep(all.get(id))
      for (const agent of all.values()) if (!stays.has(agent.id) && fits(agent)) keep(agent)
    } else {
      // In the order from before almost everything is sorted already, and sorting costs next to nothing then.
      for (const id of new Set([...shown, ...all.keys()])) {
        const agent = all.get(id)
        if (agent && fits(agent)) keep(agent)
      }
      found.sort(comparer(view.value))
    }
    before = { view: view.value, ids: found.map(agent => agent.id) }
    return found

    function keep(agent: AgentSnapshot | undefined): void {
      if (agent) found.push(agent)
    }
  })

  const counts = computed(() => {
    const found = Object.fromEntries(agentStates.map(state => [state, 0])) as Record<AgentStateName, number>
    for (const { state } of agents.all().values()) found[state]++
    return found
  })
  const tags = computed(() => {
    const found = new Set<string>()
    for (const agent of agents.all().values()) for (const tag of agent.tags) found.add(tag)
    return [...found].sort(collator.compare)
  })
  return { rows, counts, tags, held }
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

/** The order of a view. Those that are equal stand by name. */
function comparer({ sort, descending }: ListView): (one: AgentSnapshot, other: AgentSnapshot) => number {
  const sign = descending ? -1 : 1
  const byName = (one: AgentSnapshot, other: AgentSnapshot): number =>
    collator.compare(one.name, other.name) || (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  const first = comparers[sort]
  return (one, other) => sign * first(one, other) || byName(one, other) * (sort === 'name' ? sign : 1)
}

const comparers: Readonly<Record<SortKey, (one: AgentSnapshot, other: AgentSnapshot) => number>> = {
  name: () => 0,
  state: (one, other) => agentStates.indexOf(one.state) - agentStates.indexOf(other.state),
  // The newest change first: RFC 3339 text in UTC is in the order of time.
  since: (one, other) => (one.since < other.since ? 1 : one.since > other.since ? -1 : 0),
  mode: (one, other) => (one.mode < other.mode ? -1 : one.mode > other.mode ? 1 : 0),
  address: (one, other) => collator.compare(one.uri, other.uri),
}
