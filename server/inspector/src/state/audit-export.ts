import { type ReadonlySignal, signal } from '@preact/signals'
import type { AuditView } from '../address/route.ts'
import { queryOf } from './audit-list.ts'
import type { Session } from './session.ts'

/** How far an export has come. */
export type ExportState =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly entries: number }
  /** `isCut`: there is more than is exported at a time. */
  | { readonly at: 'done'; readonly entries: number; readonly isCut: boolean }
  | { readonly at: 'failed'; readonly why: unknown }

/** What is found in the audit log as a file: lines of JSON, the newest entry first. */
export interface AuditExport {
  readonly state: ReadonlySignal<ExportState>
  begin(view: AuditView): Promise<void>
  stop(): void
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
  const state = signal<ExportState>({ at: 'idle' })
  let running: AbortController | undefined
  const stop = (): void => {
    running?.abort()
    running = undefined
    state.value = { at: 'idle' }
  }
  session.client.subscribe(stop)
  return {
    state,
    stop,
    begin: async view => {
      const client = session.client.peek()
      if (!client) return
      running?.abort()
      const mine = new AbortController()
      running = mine
      const lines: string[] = []
      let cursor: string | undefined
      try {
        do {
          state.value = { at: 'running', entries: lines.length }
          const params = { ...queryOf(view, now()), limit: pageEntries, ...(cursor !== undefined && { cursor }) }
          const page = await client.request('audit.search', params, { signal: mine.signal })
          if (mine.signal.aborted) return
          for (const entry of page.entries) lines.push(JSON.stringify(entry))
          cursor = page.next
        } while (cursor !== undefined && lines.length < exportedEntries)
        save(lines.slice(0, exportedEntries))
        const isCut = cursor !== undefined || lines.length > exportedEntries
        state.value = { at: 'done', entries: Math.min(lines.length, exportedEntries), isCut }
      } catch (why) {
        if (!mine.signal.aborted) state.value = { at: 'failed', why }
      }
    },
  }
}
