import type { AuditEntryAnswer } from '@halibut-gateway/schemas'
import type { Audit } from '../audit/audit.ts'
import { isWanted } from '../audit/wanted.ts'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import type { AuditRecord } from '../store/records.ts'
import type { AuditQuery } from '../store/store.ts'
import type { CallContext } from './call-context.ts'

const pageEntries = 100
const { watchItemChars } = gatewayLimits

/** What is followed, and for whom. */
export interface Followed {
  readonly audit: Pick<Audit, 'head' | 'read' | 'onKept'>
  readonly query: Omit<AuditQuery, 'limit' | 'before'>
  /** The entries above this one. Default: those that come from now on. */
  readonly after: number | undefined
  readonly context: Pick<CallContext, 'signal' | 'writable' | 'sendItem'>
  readonly changesMs: number
  readonly tell: (record: AuditRecord) => AuditEntryAnswer
}

/**
 * Tells of entries as they come, until it is cancelled; the first item says that it has begun. What a slow reader has not been told yet stands in the log
 * and nowhere else, so that a reader costs no memory.
 */
export async function followAudit({ audit, query, after, context, changesMs, tell }: Followed): Promise<never> {
  const { signal } = context
  let last = after ?? audit.head?.sequence ?? 0
  let isNew = true
  let wake: (() => void) | undefined
  const look = (): void => {
    isNew = true
    wake?.()
  }
  const stop = audit.onKept(look)
  signal.addEventListener('abort', look)
  try {
    // So that who follows knows that it has begun.
    await context.writable()
    if (!signal.aborted) context.sendItem({ entries: [] })
    while (!signal.aborted) {
      if (!isNew) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
        continue
      }
      isNew = false
      for (let isMore = true; isMore && !signal.aborted; ) {
        const page = await audit.read({ after: last, limit: pageEntries })
        last = page.at(-1)?.sequence ?? last
        isMore = page.length === pageEntries
        for (const entries of items(page.filter(record => isWanted(record, query)))) {
          await context.writable()
          if (!signal.aborted) context.sendItem({ entries: entries.map(tell) })
        }
      }
      // What comes soon after is told with it.
      await new Promise(resolve => setTimeout(resolve, changesMs))
    }
    throw new HalibutError('cancelled', 'the watch was cancelled')
  } finally {
    stop()
    signal.removeEventListener('abort', look)
  }
}

/** Not more in one item than a browser is to receive before it acknowledges. */
function* items(records: readonly AuditRecord[]): Generator<AuditRecord[]> {
  let item: AuditRecord[] = []
  let chars = 0
  for (const record of records) {
    item.push(record)
    chars += record.text.length
    if (chars < watchItemChars) continue
    yield item
    item = []
    chars = 0
  }
  if (item.length > 0) yield item
}
