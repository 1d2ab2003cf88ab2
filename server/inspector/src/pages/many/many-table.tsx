import { useRef } from 'preact/hooks'
import { AgentLink } from '../../elements/agent-link.tsx'
import { useVirtualRows } from '../../elements/use-virtual-rows.ts'
import { agents, contracts, many } from '../../page.ts'
import type { ManyRow } from '../../state/many.ts'
import { formatMs } from '../../values/format.ts'
import { type ExportedRow, rowsAsCsv } from '../../values/many-export.ts'
import { resultWithoutSecrets } from '../../values/masked-secrets.ts'
import { saveAs } from '../../values/save-as.ts'

const rowHeight = 38

/** Each agent by itself. */
export function ManyTable({ only }: { only: string | undefined }) {
  const made = many.made.value
  const scroller = useRef<HTMLDivElement>(null)
  const numbers = new Map(many.groups().map(({ key }, index) => [key, index + 1]))
  const shown = (made?.agents ?? []).filter(agent => only === undefined || groupOf(many.row(agent)) === only)
  const { items, totalHeight } = useVirtualRows(scroller, shown.length, rowHeight, -1)
  return (
    <section class="panel many-table" aria-label="Agent by agent">
      <div class="row wrap">
        <h2>Agent by agent</h2>
        <span class="quiet">{only === undefined ? '' : `only group ${numbers.get(only)}`}</span>
        <span class="spacer" />
        <button type="button" class="small" disabled={many.isRunning.value} onClick={() => save('json', numbers)}>
          Save as JSON
        </button>
        <button type="button" class="small" disabled={many.isRunning.value} onClick={() => save('csv', numbers)}>
          Save as CSV
        </button>
      </div>
      <div class="many-rows" ref={scroller}>
        <ul aria-label="Rows" style={{ height: `${totalHeight}px` }}>
          {items.map(({ index, start }) => {
            const id = shown[index]
            return (
              id !== undefined && (
                <li
                  key={id}
                  style={{ transform: `translateY(${start}px)` }}
                  aria-setsize={shown.length}
                  aria-posinset={index + 1}
                  data-row={id}
                >
                  <Row id={id} row={many.row(id)} number={numbers.get(groupOf(many.row(id)) ?? '')} />
                </li>
              )
            )
          })}
        </ul>
      </div>
    </section>
  )
}

function Row({ id, row, number }: { id: string; row: ManyRow | undefined; number: number | undefined }) {
  return (
    <>
      <i class={`dot ${row?.at}`} aria-hidden="true" />
      <AgentLink id={id} class="name">
        {agents.get(id)?.name ?? id}
      </AgentLink>
      <span class="quiet">{wordsOf(row)}</span>
      <span class="number">{row && 'elapsedMs' in row ? formatMs(row.elapsedMs) : ''}</span>
      <span class="quiet">{number === undefined ? '' : `group ${number}`}</span>
    </>
  )
}

function groupOf(row: ManyRow | undefined): string | undefined {
  return row && 'group' in row ? row.group : undefined
}

function wordsOf(row: ManyRow | undefined): string {
  switch (row?.at) {
    case undefined:
    case 'waits':
      return 'waits'
    case 'running':
      return 'running'
    case 'answered':
      return 'answered'
    case 'failed':
      return many.group(row.group)?.kind ?? 'failed'
    case 'not_called':
      return row.why === 'cancelled' ? 'not called: cancelled' : 'not called: too many failures'
  }
}

function save(format: 'json' | 'csv', numbers: ReadonlyMap<string, number>): void {
  const made = many.made.peek()
  if (!made) return
  const rows = made.agents.map(agent => exported(agent, numbers))
  const { service, method } = made
  const text = format === 'csv' ? rowsAsCsv(rows) : `${JSON.stringify({ service, method, agents: rows }, null, 2)}\n`
  saveAs(new Blob([text], { type: format === 'csv' ? 'text/csv' : 'application/json' }), `${method.replace(/\(.*/s, '')}.${format}`)
}

/** Arguments are not in it, and of an answer nothing that the contract calls a secret. */
function exported(agent: string, numbers: ReadonlyMap<string, number>): ExportedRow {
  const row = many.row(agent)
  const key = groupOf(row)
  const group = key === undefined ? undefined : many.group(key)
  const made = many.made.peek()
  return {
    agent,
    state: row?.at ?? 'waits',
    durationMs: row && 'elapsedMs' in row ? Math.round(row.elapsedMs * 10) / 10 : undefined,
    group: key === undefined ? undefined : numbers.get(key),
    errorKind: group?.kind,
    errorMessage: group?.message,
    value:
      group?.at === 'answered' && group.isKept && made
        ? resultWithoutSecrets(contracts.of(made.service, agent), made.method, group.value)
        : undefined,
  }
}
