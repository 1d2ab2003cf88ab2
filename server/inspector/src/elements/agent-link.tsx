import type { ComponentChildren } from 'preact'
import { listView } from '../page.ts'
import { Link } from './link.tsx'

/** A link to the page of an agent. */
export function AgentLink({ id, ...shown }: { id: string; class?: string; children: ComponentChildren }) {
  return <Link to={{ page: 'agent', agent: id, service: undefined, method: undefined, list: listView.value }} {...shown} />
}
