import type { ComponentChildren } from 'preact'
import type { AgentTab } from '../address/route.ts'
import { listView } from '../page.ts'
import { Link } from './link.tsx'

/** What of an agent is linked to. */
interface Target {
  readonly id: string
  /** Default: the form to call it. */
  readonly tab?: AgentTab | undefined
  readonly service?: string | undefined
  readonly method?: string | undefined
  readonly explain?: string | undefined
}

/** A link to the page of an agent. */
export function AgentLink({
  id,
  tab,
  service,
  method,
  explain,
  ...shown
}: Target & { class?: string; current?: boolean; children: ComponentChildren }) {
  return <Link to={{ page: 'agent', agent: id, service, method, tab, explain, list: listView.value }} {...shown} />
}
