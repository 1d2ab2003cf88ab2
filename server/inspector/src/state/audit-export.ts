import type { AuditView } from '../address/route.ts'
import { queryOf } from './audit-list.ts'
import type { Session } from './session.ts'
import { createStoppable, type Stoppable } from './stoppable.ts'

/** How far an export has come. */
type Progress =
  | { readonly at: 'running'; readonly entries: number }
  /** `isCut`: there is more than is exported at a time. */
  | { readonly at: 'done'; readonly entries: number; readonly isCut: boolean }

/** What is found in the audit log as a file: lines of JSON, the newest entry first. */
export interface AuditExport extends Pick<Stoppable<Progress>, 'state' | 'stop'> {
  begin(view: AuditView): Promise<void>
}

/** So many entries are exported at most. */
export const exportedEntries = 10_000
const pageEntries = 1_000

/** `save`: gets the lines. */
export function createAuditExport(
  session: Pick<Session, 'client'>,
  now: () => number,
  save: (lines: readonly string[]) => void,
): AuditExport {
  const { state, stop, begin } = createStoppable<Progress>(session)
  return {
    state,
    stop,
    begin: view =>
      begin(async (client, signal, tell) => {
        const lines: string[] = []
        let cursor: string | undefined
        do {
          tell({ at: 'running', entries: lines.length })
          const params = { ...queryOf(view, now()), limit: pageEntries, ...(cursor !== undefined && { cursor }) }
          const page = await client.request('audit.search', params, { signal })
          if (signal.aborted) return
          for (const entry of page.entries) lines.push(JSON.stringify(entry))
          cursor = page.next
        } while (cursor !== undefined && lines.length < exportedEntries)
        save(lines.slice(0, exportedEntries))
        const isCut = cursor !== undefined || lines.length > exportedEntries
        tell({ at: 'done', entries: Math.min(lines.length, exportedEntries), isCut })
      }),
  }
}
