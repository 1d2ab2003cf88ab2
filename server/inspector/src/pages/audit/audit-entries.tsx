import type { AuditEntryAnswer } from '@halibut-gateway/schemas'
import { type AuditView, formatRoute } from '../../address/route.ts'
import { ProblemBox } from '../../elements/problem-box.tsx'
import { useMedia } from '../../elements/use-media.ts'
import { VirtualList } from '../../elements/virtual-list.tsx'
import { router } from '../../page.ts'
import { shownEntries } from '../../state/audit-list.ts'
import { counted } from '../../values/format.ts'
import { shortMoment } from '../../values/moments.ts'
import { list } from './audit-stores.ts'

const rowHeight = 38
const narrowRowHeight = 62

/** What was found, the newest first; older entries are asked for as somebody comes to them. */
export function AuditEntries({ query, selected }: { query: AuditView; selected: number | undefined }) {
  const isNarrow = useMedia('(max-width: 46rem)')
  const entries = list.entries.value
  const progress = list.progress.value
  const isEmpty = entries.length === 0
  return (
    <section class="audit-entries" aria-label="Entries">
      {!isEmpty && (
        <VirtualList
          label="Audit entries"
          class="audit-list"
          rows={entries}
          rowHeight={isNarrow ? narrowRowHeight : rowHeight}
          keyOf={sequenceOf}
          onEnd={list.more}
          head={
            <div class="audit-head" aria-hidden="true">
              <span>Entry</span>
              <span>When</span>
              <span>Who</span>
              <span>What</span>
              <span>Agent</span>
              <span>Outcome</span>
            </div>
          }
          row={(entry, tabIndex) => <Row entry={entry} query={query} tabIndex={tabIndex} isSelected={entry.sequence === selected} />}
        />
      )}
      <div class="audit-foot" role="status">
        {progress.at === 'looking' && (
          <span class="listening">
            <span class="spinner small" aria-hidden="true" />{' '}
            {progress.isSlow ? 'Looking through older entries' : isEmpty ? 'Looking' : 'Asking for older entries'}
          </span>
        )}
        {progress.at === 'more' && isEmpty && <span>Nothing was found in the newest entries.</span>}
        {progress.at === 'more' && (progress.isFar || isEmpty) && (
          <button type="button" class="small" onClick={list.more}>
            Look further back
          </button>
        )}
        {progress.at === 'more' && !isEmpty && !progress.isFar && (
          <span class="quiet">{counted(entries.length, 'entry', 'entries')}, and older ones below</span>
        )}
        {progress.at === 'whole' && (
          <span class="quiet">
            {isEmpty ? 'No entry fits what you look for.' : `${counted(entries.length, 'entry', 'entries')}: these are all.`}
          </span>
        )}
        {progress.at === 'full' && (
          <span>These are {shownEntries.toLocaleString('en')} entries, and no more are shown: narrow down what you look for.</span>
        )}
        {progress.at === 'failed' && <ProblemBox error={progress.why} />}
      </div>
    </section>
  )
}

function Row(props: { entry: AuditEntryAnswer; query: AuditView; tabIndex: 0 | -1; isSelected: boolean }) {
  const { entry, query } = props
  const place = { page: 'audit', query, entry: entry.sequence } as const
  return (
    <a
      href={formatRoute(place)}
      class="audit-row"
      data-row
      data-entry={entry.sequence}
      tabIndex={props.tabIndex}
      aria-current={props.isSelected ? 'true' : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        router.go(place)
      }}
    >
      <span class="number mono">{entry.sequence}</span>
      <time dateTime={entry.time} title={entry.time}>
        {shortMoment(entry.time)}
      </time>
      <span class="who">{entry.who}</span>
      <span class="what mono">{entry.action}</span>
      <span class="whom">{entry.agent ?? factOf(entry)}</span>
      <span class={entry.outcome === 'done' ? 'outcome' : 'outcome failed'}>{entry.outcome}</span>
    </a>
  )
}

/** What it was done to, where that is no agent. */
function factOf({ facts = {} }: AuditEntryAnswer): string {
  const fact = facts['name'] ?? facts['service'] ?? facts['thumbprint'] ?? facts['id'] ?? facts['pending']
  return fact === undefined ? '' : String(fact)
}

function sequenceOf({ sequence }: AuditEntryAnswer): number {
  return sequence
}
