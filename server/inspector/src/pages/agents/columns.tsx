import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { ComponentChildren } from 'preact'
import { type ColumnKey, columnKeys, type SortKey } from '../../address/route.ts'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { ShortThumbprint } from '../../elements/thumbprint.tsx'
import { uses } from '../../page.ts'

/** A column of the table of agents. */
export interface Column {
  readonly heading: string
  /** What puts the table in its order. */
  readonly sort?: SortKey
  /** As a track of a grid. */
  readonly width: string
  cell(agent: AgentSnapshot): ComponentChildren
}

/** Those beside state and name. */
export const columns: Readonly<Record<ColumnKey, Column>> = {
  id: { heading: 'Id', sort: 'id', width: 'minmax(7rem, 0.9fr)', cell: ({ id }) => <span class="mono">{id}</span> },
  why: {
    heading: 'Why, since',
    sort: 'since',
    width: 'minmax(11rem, 2.2fr)',
    cell: ({ reason, since }) => (
      <span title={reason}>
        {reason} · <RelativeTime at={since} />
      </span>
    ),
  },
  address: {
    heading: 'Address',
    sort: 'address',
    width: 'minmax(9rem, 1.3fr)',
    cell: ({ uri }) => (
      <span class="mono" title={uri}>
        {uri}
      </span>
    ),
  },
  pin: { heading: 'Pin', width: '11.5rem', cell: ({ thumbprint }) => <ShortThumbprint value={thumbprint} /> },
  mode: { heading: 'Reached by', sort: 'mode', width: '8.2rem', cell: reachedBy },
  called: { heading: 'Last call', sort: 'called', width: '6.2rem', cell: ({ id }) => <LastCall agent={id} /> },
  waiting: { heading: 'Calls', sort: 'waiting', width: '6.4rem', cell: ({ id }) => <OpenCalls agent={id} /> },
  tags: {
    heading: 'Tags',
    width: 'minmax(8rem, 1.4fr)',
    cell: ({ tags }) => (
      <span class="tags" title={tags.join(', ')}>
        {tags.map(tag => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
      </span>
    ),
  },
}

const forWide: readonly ColumnKey[] = columnKeys.filter(key => key !== 'id' && key !== 'pin')
const forOthers: readonly ColumnKey[] = ['why', 'mode', 'called', 'waiting', 'tags']

/** Those that there is room for, where nobody has chosen. */
export function usualColumns(isWide: boolean): readonly ColumnKey[] {
  return isWide ? forWide : forOthers
}

/** How the gateway and the agent come together, in few words. */
function reachedBy({ mode, connections, roundTripMs }: AgentSnapshot): string {
  if (mode === 'polling') return connections === 1 ? 'polls, 1 link' : `polls, ${connections} links`
  return roundTripMs === undefined ? 'listens' : `listens, ${Math.round(roundTripMs)} ms`
}

function LastCall({ agent }: { agent: string }) {
  const lastCall = uses.of(agent)?.lastCall
  return lastCall === undefined ? <span class="quiet">–</span> : <RelativeTime at={lastCall} after=" ago" />
}

function OpenCalls({ agent }: { agent: string }) {
  const { queued = 0, running = 0 } = uses.of(agent) ?? {}
  if (queued + running === 0) return <span class="quiet">–</span>
  return (
    <>
      {queued > 0 && <b>{queued.toLocaleString('en')} wait</b>}
      {queued > 0 && running > 0 && ', '}
      {running > 0 && `${running.toLocaleString('en')} run`}
    </>
  )
}
