import type { AgentSnapshot, AgentStateName } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { agentStates, type ListView } from '../address/route.ts'
import { sortText } from '../values/sort-text.ts'
import { type AgentRow, mergeRows, type RowMaker, rowMaker } from './agent-rows.ts'
import type { AgentUses } from './agent-use.ts'
import type { Agents } from './agents.ts'

/** What stands above the agents of a group. */
export interface GroupRow {
  readonly type: 'group'
  readonly key: string
  readonly group: string
  readonly count: number
  readonly isOpen: boolean
}

/** What a list shows one below another. */
export type TableRow = AgentRow | GroupRow

/** What has happened to a list that somebody looks at, and is not shown yet. */
export interface Held {
  /** Agents that belong into it. */
  readonly came: number
  /** Those in it that do not any more. */
  readonly left: number
  /** Those in it that belong to another place. */
  readonly moved: number
}

/** The agents that a list shows, in its order. */
export interface AgentTable {
  readonly rows: ReadonlySignal<readonly TableRow[]>
  /** How many agents fit, in groups that are closed too. */
  readonly count: ReadonlySignal<number>
  /** Which: to be looked at when something is done with them. */
  shown(): readonly AgentSnapshot[]
  /** How many there are of each state, whatever is shown. */
  readonly counts: ReadonlySignal<Readonly<Record<AgentStateName, number>>>
  /** The tags that there are, by name. */
  readonly tags: ReadonlySignal<readonly string[]>
  /** Set while somebody points at the list, or is in it: what is in it stays where it is then, and what is new waits. */
  readonly isHeld: Signal<boolean>
  readonly held: ReadonlySignal<Held>
  /** Shows now what waits. */
  refresh(): void
}

/** A list as it is shown. */
interface Shown {
  readonly view: string
  readonly maker: RowMaker
  /** What it was made of. */
  readonly agents: number
  readonly use: number
  readonly refreshed: number
  readonly rows: readonly AgentRow[]
  /** Agents that changed since, and stand as they did before. */
  readonly waiting: ReadonlySet<string>
  readonly held: Held
}

const nothing: ReadonlySet<string> = new Set()
const noneHeld: Held = { came: 0, left: 0, moved: 0 }

/** The agents that a view shows. A change of some costs what they are, and next to nothing for all the others. */
export function createAgentTable(
  agents: Pick<Agents, 'all' | 'journal'>,
  view: ReadonlySignal<ListView>,
  use: Pick<AgentUses, 'of' | 'journal'>,
): AgentTable {
  const isHeld = signal(false)
  const refreshed = signal(0)
  let before: Shown | undefined

  const shown = computed(() => {
    const all = agents.all()
    const list = view.value
    const isByUse = list.sort === 'called' || list.sort === 'waiting'
    const at = {
      view: placeOf(list),
      agents: agents.journal.version.peek(),
      use: isByUse ? use.journal.version.value : 0,
      refreshed: refreshed.value,
    }
    const changed = before && before.view === at.view ? changedSince(before, isByUse) : undefined
    const mustStay = isHeld.value && before?.refreshed === at.refreshed
    before = !before || !changed ? whole(all, list, at) : mustStay ? stay(before, at, changed, all) : renew(before, at, changed, all)
    return before
  })

  function changedSince(last: Shown, isByUse: boolean): ReadonlySet<string> | undefined {
    const ofAgents = agents.journal.since(last.agents)
    const ofUse = isByUse ? use.journal.since(last.use) : nothing
    return ofAgents && ofUse && union(ofAgents, ofUse)
  }

  function whole(all: ReadonlyMap<string, AgentSnapshot>, list: ListView, at: Pick<Shown, 'view' | 'agents' | 'use' | 'refreshed'>): Shown {
    const maker = rowMaker(list, use)
    const rows = [...all.values()].filter(maker.fits).flatMap(maker.rowsOf)
    return { ...at, maker, rows: rows.sort(maker.compare), waiting: nothing, held: noneHeld }
  }

  const rows = computed(() => {
    const { group, closed } = view.value
    return group === '' ? shown.value.rows : withGroups(shown.value.rows, closed)
  })
  const counts = computed(() => {
    const found = Object.fromEntries(agentStates.map(state => [state, 0])) as Record<AgentStateName, number>
    for (const { state } of agents.all().values()) found[state]++
    return found
  })
  let tagsBefore: readonly string[] = []
  const tags = computed(() => {
    const found = new Set<string>()
    for (const agent of agents.all().values()) for (const tag of agent.tags) found.add(tag)
    // Nobody is to draw anything anew where they are the same.
    if (found.size !== tagsBefore.length || tagsBefore.some(tag => !found.has(tag))) tagsBefore = byName(found)
    return tagsBefore
  })
  const present = (): ReadonlyMap<string, AgentSnapshot> =>
    new Map(shown.value.rows.filter(({ isGone }) => !isGone).map(({ agent }) => [agent.id, agent]))
  return {
    rows,
    count: computed(() => (view.value.group === 'tag' ? present().size : shown.value.rows.length)),
    shown: () => [...present().values()],
    counts,
    tags,
    isHeld,
    held: computed(() => shown.value.held),
    refresh: () => {
      refreshed.value++
    },
  }
}

/** The agents that changed, and those that wait, where they belong. */
function renew(
  before: Shown,
  at: Pick<Shown, 'view' | 'agents' | 'use' | 'refreshed'>,
  changed: ReadonlySet<string>,
  all: ReadonlyMap<string, AgentSnapshot>,
): Shown {
  const { maker } = before
  const ids = union(before.waiting, changed)
  if (ids.size === 0) return { ...before, ...at, held: noneHeld }
  const stay = before.rows.filter(({ agent }) => !ids.has(agent.id))
  const fresh = [...ids].flatMap(id => rowsOf(maker, all.get(id))).sort(maker.compare)
  return { ...before, ...at, rows: mergeRows(stay, fresh, maker.compare), waiting: nothing, held: noneHeld }
}

/** Every row where it is, with what is known of its agent now. */
function stay(
  before: Shown,
  at: Pick<Shown, 'view' | 'agents' | 'use' | 'refreshed'>,
  changed: ReadonlySet<string>,
  all: ReadonlyMap<string, AgentSnapshot>,
): Shown {
  const { maker } = before
  const waiting = union(before.waiting, changed)
  if (waiting.size === 0) return { ...before, ...at }
  const there = new Set<string>()
  const moved = new Set<string>()
  const left = new Set<string>()
  const rows = before.rows.map(row => {
    const { id } = row.agent
    if (!waiting.has(id)) return row
    there.add(id)
    const agent = all.get(id)
    const fresh = rowsOf(maker, agent).find(({ key }) => key === row.key)
    if (!fresh) left.add(id)
    else if (fresh.groupRank !== row.groupRank || fresh.rank !== row.rank || fresh.name !== row.name) moved.add(id)
    if (agent === row.agent && !row.isGone) return row
    return { ...row, agent: agent ?? row.agent, isGone: agent === undefined }
  })
  let came = 0
  for (const id of waiting) if (!there.has(id) && rowsOf(maker, all.get(id)).length > 0) came++
  return { ...before, ...at, rows, waiting, held: { came, left: left.size, moved: moved.size } }
}

function rowsOf(maker: RowMaker, agent: AgentSnapshot | undefined): AgentRow[] {
  return agent && maker.fits(agent) ? maker.rowsOf(agent) : []
}

function withGroups(rows: readonly AgentRow[], closed: readonly string[]): TableRow[] {
  const sizes = new Map<string, number>()
  for (const { group } of rows) sizes.set(group, (sizes.get(group) ?? 0) + 1)
  const found: TableRow[] = []
  let current: string | undefined
  for (const row of rows) {
    const { group } = row
    const isOpen = !closed.includes(group)
    if (group !== current) found.push({ type: 'group', key: `group\n${group}`, group, count: sizes.get(group) ?? 0, isOpen })
    current = group
    if (isOpen) found.push(row)
  }
  return found
}

/** What of a view says which rows there are in which order. */
function placeOf({ search, states, tag, sort, descending, group }: ListView): string {
  return JSON.stringify([search, states, tag, sort, descending, group])
}

function union(one: ReadonlySet<string>, other: ReadonlySet<string>): ReadonlySet<string> {
  if (one.size === 0) return other
  return other.size === 0 ? one : new Set([...one, ...other])
}

function byName(texts: Iterable<string>): string[] {
  return [...texts]
    .map(text => [sortText(text), text] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, text]) => text)
}
