import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal } from '@preact/signals'
import { mostSelected, type Route, type Selection } from '../address/route.ts'
import type { Router } from '../address/router.ts'
import type { AgentTable } from './agent-table.ts'

/** The agents of the list that something is to be done with. They stand in the address. */
export interface AgentSelection {
  has(id: string): boolean
  /** Those that are in the list now. */
  readonly agents: ReadonlySignal<readonly AgentSnapshot[]>
  /** How many of the selected ones the list does not show. */
  readonly hidden: ReadonlySignal<number>
  readonly isAll: ReadonlySignal<boolean>
  /** Selects one, or does not any more; with `through` all from the one before to it, as far as there is room. */
  toggle(id: string, through?: boolean): void
  /** Selects all that the list shows, whichever these are; or none. */
  all(): void
  none(): void
}

export function createSelection(router: Pick<Router, 'route' | 'replace'>, table: Pick<AgentTable, 'shown'>): AgentSelection {
  const selected = computed<Selection>(() => selectedIn(router.route.value))
  const asSet = computed<ReadonlySet<string>>(() => new Set(selected.value === 'shown' ? [] : selected.value))
  const has = (id: string): boolean => selected.value === 'shown' || asSet.value.has(id)
  const agents = computed(() => (selected.value.length === 0 ? [] : table.shown().filter(({ id }) => has(id))))
  let last: string | undefined

  function put(next: readonly string[] | 'shown'): void {
    const route = router.route.peek()
    if (route.page !== 'agents') return
    const { selected: _, ...rest } = route
    router.replace(next.length === 0 ? rest : { ...rest, selected: next === 'shown' ? next : next.slice(0, mostSelected) })
  }

  /** The ids that are selected one by one from now on. */
  function ids(): string[] {
    const now = selected.peek()
    return now === 'shown' ? table.shown().map(({ id }) => id) : [...now]
  }

  return {
    has,
    agents,
    hidden: computed(() => (selected.value === 'shown' ? 0 : selected.value.length - agents.value.length)),
    isAll: computed(() => selected.value === 'shown'),
    toggle: (id, through = false) => {
      const before = ids()
      const isOn = !before.includes(id)
      const range = through ? between(table.shown(), last, id) : [id]
      last = id
      put(isOn ? [...new Set([...before, ...range])] : before.filter(each => !range.includes(each)))
    },
    all: () => put('shown'),
    none: () => put([]),
  }
}

function selectedIn(route: Route): Selection {
  return route.page === 'agents' ? (route.selected ?? []) : []
}

function between(agents: readonly AgentSnapshot[], one: string | undefined, other: string): string[] {
  const [from, to] = [agents.findIndex(({ id }) => id === one), agents.findIndex(({ id }) => id === other)]
  if (from < 0 || to < 0) return [other]
  return agents.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ id }) => id)
}
