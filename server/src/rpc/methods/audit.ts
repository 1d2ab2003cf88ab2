import type { AuditEntryAnswer, AuditQueryParams, MethodResult } from '@halibut-gateway/schemas'
import { describeGot } from '@halibut-gateway/schemas/wire'
import type { Audit } from '../../audit/audit.ts'
import { parseEntry } from '../../audit/entry.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AuditRecord } from '../../store/records.ts'
import { followAudit } from '../audit-news.ts'
import { cursorAfter, keyOfCursor } from '../pages.ts'
import { ParamsError } from '../params-error.ts'
import type { Handlers } from '../run.ts'

/** What of an audit log can be read. */
export type AuditReader = Pick<Audit, 'search' | 'entry' | 'read' | 'head' | 'onKept' | 'verify' | 'verified' | 'signedHead'>

/** What the methods work with. `audit`: default one that has no entries. */
export interface AuditMethodsOptions {
  readonly audit: AuditReader | undefined
  readonly changesMs?: number | undefined
}

type AuditMethods = Extract<keyof Handlers, `audit.${string}`>

/** Entries of a page where nobody says how many. */
const pageEntries = 100
/** How often it is told at most how far a look through the log has come. */
const progressItems = 40

/** The methods that show what is written down of who did what. */
export function auditMethods({ audit, changesMs = gatewayLimits.agentChangesMs }: AuditMethodsOptions): Pick<Handlers, AuditMethods> {
  return {
    'audit.search': async ({ limit = pageEntries, cursor, ...wanted }) => {
      const query = { limit, before: cursor === undefined ? undefined : sequenceOf(cursor), ...queryOf(wanted) }
      const { entries = [], next } = (await audit?.search(query)) ?? {}
      return { entries: entries.map(told), ...(next !== undefined && { next: cursorAfter(String(next)) }) }
    },
    'audit.get': async ({ sequence }) => {
      const found = await audit?.entry(sequence)
      if (!found) throw noEntry(sequence, audit)
      const { entry, before, after, previousHash, follows } = found
      return {
        entry: told(entry),
        atMs: entry.atMs,
        text: entry.text,
        ...(before && { before: told(before) }),
        ...(after && { after: told(after) }),
        ...(previousHash !== undefined && { previousHash }),
        ...(follows !== undefined && { follows }),
      }
    },
    'audit.watch': async ({ after, ...wanted }, context) => {
      const followed = audit ?? { head: undefined, read: async () => [], onKept: () => () => undefined }
      return followAudit({ audit: followed, query: queryOf(wanted), after, context, changesMs, tell: told })
    },
    'audit.verify': async ({ heads }, context) => {
      const last = audit?.head?.sequence ?? 0
      let nextTold = 0
      // So few items need no credit.
      const onProgress = (sequence: number): void => {
        if (sequence < nextTold || context.signal.aborted) return
        nextTold = sequence + last / progressItems
        context.sendItem({ sequence, last: Math.max(sequence, last) })
      }
      const found = (await audit?.verify(heads, context.signal, onProgress)) ?? { ok: true, first: 1, last: 0 }
      context.sendItem({ found })
      return found
    },
    'audit.head': () => {
      const head = audit?.signedHead()
      const verified = audit?.verified
      return { ...(head !== undefined && { head }), ...(verified && { verified: toldVerified(verified) }) }
    },
  }
}

function told({ sequence, atMs, text, hash }: AuditRecord): AuditEntryAnswer {
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
}

function toldVerified({ atMs, verification }: NonNullable<Audit['verified']>): NonNullable<MethodResult<'audit.head'>['verified']> {
  const time = timeOf(atMs)
  return verification.ok ? { time, ok: true } : { time, ok: false, sequence: verification.sequence, message: verification.message }
}

function noEntry(sequence: number, audit: AuditReader | undefined): HalibutError {
  const last = audit?.head?.sequence ?? 0
  return new HalibutError(
    'not_found',
    sequence > last ? `the audit log has no entry ${sequence}: the newest is ${last}` : `the audit log has no entry ${sequence} any more`,
    { advice: sequence > last ? 'look for it with audit.search' : 'entries are forgotten with the time; look for it in a backup' },
  )
}

function queryOf({ from, to, ...wanted }: Omit<AuditQueryParams, 'limit' | 'cursor'>) {
  return { fromMs: momentOf('from', from), toMs: momentOf('to', to), ...wanted }
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
