import type { Route } from '../../address/route.ts'
import { router } from '../../page.ts'

/** Changes where the page of many agents is; Back does not lead through every letter of a search. */
export function narrowMany(change: Partial<Omit<Extract<Route, { page: 'many' }>, 'page'>>): void {
  const route = router.route.peek()
  if (route.page === 'many') router.replace({ ...route, ...change })
}
