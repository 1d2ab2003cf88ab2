import type { Grouping, ListView, Route } from '../../address/route.ts'
import { listView, router } from '../../page.ts'
import { untagged } from '../../state/agent-rows.ts'

/** Narrows the list, or puts it in another order; Back does not lead through every letter of a search. */
export function narrow(change: Partial<ListView>): void {
  const route = router.route.peek()
  if (route.page === 'agents' || route.page === 'agent') router.replace({ ...route, list: { ...route.list, ...change } })
}

/** Opens a group that is closed, and the other way round. */
export function toggleGroup(group: string): void {
  const { closed } = listView.peek()
  narrow({ closed: closed.includes(group) ? closed.filter(each => each !== group) : [...closed, group] })
}

/** How a group is called. */
export function groupName(grouping: Grouping | '', group: string): string {
  return grouping === 'tag' && group === untagged ? 'no tag' : group
}

/** The page of an agent, at the same method as that of the agent that is looked at, where it has one. */
export function placeOf(agent: string): Route {
  const route = router.route.peek()
  const same = route.page === 'agent' ? { service: route.service, method: route.method } : { service: undefined, method: undefined }
  return { page: 'agent', agent, ...same, list: listView.peek() }
}
