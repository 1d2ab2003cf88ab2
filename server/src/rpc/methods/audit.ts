import type { AuditEntryAnswer, AuditQueryParams } from '@halibut-gateway/schemas'
import { describeGot } from '@halibut-gateway/schemas/wire'
import type { Audit } from '../../audit/audit.ts'
import { parseEntry } from '../../audit/entry.ts'
import { cursorAfter, keyOfCursor } from '../pages.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'

/** What of an audit log can be read. */
export type AuditReader = Pick<Audit, 'search' | 'signedHead'>

/** Entries of a page where nobody says how many. */
const pageEntries = 100

/** `audit.search`, `audit.head`. `audit`: default one that has no entries. */
export function auditMethods(audit?: AuditReader): Pick<Handlers, 'audit.search' | 'audit.head'> {
  return {
    'audit.search': async ({ limit = pageEntries, cursor, from, to, ...wanted }) => {
      const query = {
        limit,
        before: cursor === undefined ? undefined : sequenceOf(cursor),
        fromMs: momentOf('from', from),
        toMs: momentOf('to', to),
        ...wanted,
      }
      const { entries = [], next } = (await audit?.search(query)) ?? {}
      const answer = entries.map(({ sequence, atMs, text, hash }): AuditEntryAnswer => {
        const { who, role, action, agent, outcome, facts, traceId } = parseEntry(text)
        return {
          sequence,
          time: timeOf(atMs),
          who,
          ...(role !== undefined && { role }),
          action,
          ...(agent !== undefined && { agent }),
          outcome,
          ...(facts && { facts }),
          ...(traceId !== undefined && { traceId }),
          hash,
        }
      })
      return { entries: answer, ...(next !== undefined && { next: cursorAfter(String(next)) }) }
    },
    'audit.head': () => {
      const head = audit?.signedHead()
      return head === undefined ? {} : { head }
    },
  }
}

function sequenceOf(cursor: string): number {
  const key = keyOfCursor(cursor)
  if (/^[1-9]\d{0,14}$/.test(key)) return Number(key)
  throw new ParamsError('the cursor is none that was told', [
    { path: '/cursor', expected: 'what next of the page before said', got: describeGot(cursor) },
  ])
}

function momentOf(name: keyof AuditQueryParams, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const atMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(atMs)) return atMs
  throw new ParamsError(`/${name}: expected a time such as 2026-05-31T18:00:00Z, got ${describeGot(text)}`, [
    { path: `/${name}`, expected: 'a time such as 2026-05-31T18:00:00Z, or a day', got: describeGot(text) },
  ])
}

/** Somebody may have changed it to what is no time. */
function timeOf(atMs: number): string {
  return Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : new Date(0).toISOString()
}
