import type { Route } from './route.ts'

/** What the tab says of a place. `nameOf`: the name of an agent, where it is known. */
export function titleOf(route: Route, nameOf: (agent: string) => string | undefined): string {
  switch (route.page) {
    case 'overview':
      return 'Overview'
    case 'agents':
      return route.list.search === '' ? 'Agents' : `Agents: ${route.list.search}`
    case 'agent':
      return nameOf(route.agent) ?? route.agent
    case 'attach':
      return 'Add an agent'
    case 'trust':
      return 'Trust'
    case 'saved':
      return route.call ?? 'Saved calls'
    case 'many':
      return 'Call many agents'
    case 'certificates':
      return 'Certificates'
    case 'rotation':
      return 'Replace a certificate'
    case 'audit':
      return route.entry === undefined ? 'Audit' : `Audit entry ${route.entry}`
    case 'settings':
      return 'Settings'
    case 'components':
      return 'Components'
  }
}
