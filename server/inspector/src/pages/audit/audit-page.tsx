import './audit.css'
import { useEffect } from 'preact/hooks'
import type { AuditView } from '../../address/route.ts'
import { formatRoute } from '../../address/route.ts'
import { Notice } from '../../elements/notice.tsx'
import { useMedia } from '../../elements/use-media.ts'
import { NotForYou } from '../../groups/not-for-you.tsx'
import { session } from '../../page.ts'
import { AuditEntries } from './audit-entries.tsx'
import { AuditEntryView } from './audit-entry.tsx'
import { AuditFilters } from './audit-filters.tsx'
import { AuditProof } from './audit-proof.tsx'
import { list } from './audit-stores.ts'

/** Who did what: the audit log, what is looked for in it, one of its entries, and whether it holds. */
export function AuditPage({ query, entry }: { query: AuditView; entry: number | undefined }) {
  const isNarrow = useMedia('(max-width: 78rem)')
  const may = session.may('audit.read')
  const client = session.client.value
  // What is looked for stands in the address; the entry that is opened beside it changes nothing of that.
  const wanted = formatRoute({ page: 'audit', query, entry: undefined })
  useEffect(() => {
    if (may) list.look(query)
  }, [wanted, may, client])
  useEffect(() => () => list.follow(false), [])
  if (!may) {
    return (
      <Notice title="The audit log is not for your role">
        <NotForYou right="audit.read" what="Seeing who did what" />
      </Notice>
    )
  }
  const isAlone = isNarrow && entry !== undefined
  return (
    <main class={entry === undefined ? 'audit-page' : 'audit-page with-entry'} id="main" tabIndex={-1}>
      {!isAlone && (
        <>
          <div class="audit-top">
            <h1>Audit</h1>
            <p class="lead">
              Who changed something, called an agent or read this log, and what came of it. Each entry has a hash of itself and all before
              it, so that a change shows. That you look is written down, too.
            </p>
            <AuditProof />
            <AuditFilters query={query} />
          </div>
          <AuditEntries query={query} selected={entry} />
        </>
      )}
      {entry !== undefined && <AuditEntryView key={entry} sequence={entry} query={query} isAlone={isAlone} />}
    </main>
  )
}
