import { type GatewayClient, GatewayError } from '@halibut-gateway/client'
import type { AuditEntryAnswer } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import { type AuditView, auditFilters } from '../address/route.ts'
import { momentIn } from '../values/audit-times.ts'
import type { Session } from './session.ts'

/** How far the log has been looked through. */
export type AuditProgress =
  | { readonly at: 'idle' }
  /** `isSlow`: it has looked for a while, and found nothing more yet. */
  | { readonly at: 'looking'; readonly isSlow: boolean }
  /** There is more to be looked through, from `next` on. `isFar`: the last look found little in much. */
  | { readonly at: 'more'; readonly next: string; readonly isFar: boolean }
  /** The log has been looked through to its beginning. */
  | { readonly at: 'whole' }
  /** As many are shown as a page bears. */
  | { readonly at: 'full' }
  | { readonly at: 'failed'; readonly why: unknown }

/** What is found in the audit log, the newest first, as far as somebody has looked. */
export interface AuditList {
  readonly entries: ReadonlySignal<readonly AuditEntryAnswer[]>
  readonly progress: ReadonlySignal<AuditProgress>
  /** Whether entries are added as they are written down. */
  readonly isFollowing: ReadonlySignal<boolean>
  /** Why following has ended by itself. */
  readonly followProblem: ReadonlySignal<unknown>
  /** Looks for something else, from the newest entry on. */
  look(view: AuditView): void
  /** Goes on to older entries. */
  more(): void
  follow(on: boolean): void
}

const pageEntries = 100
/** Requests without a find after which somebody is asked whether to go on. */
const emptyPages = 12
const slowPages = 3

/** So many entries are shown at most. */
export const shownEntries = 50_000

/** A list for who is signed in. `now`: what times like `2h` are told by. */
export function createAuditList(session: Pick<Session, 'client'>, now: () => number): AuditList {
  const entries = signal<readonly AuditEntryAnswer[]>([])
  const progress = signal<AuditProgress>({ at: 'idle' })
  const isFollowing = signal(false)
  const followProblem = signal<unknown>(undefined)
  let view: AuditView | undefined
  let looking = new AbortController()
  let following: AbortController | undefined

  session.client.subscribe(() => {
    view = undefined
    looking.abort()
    follow(false)
    entries.value = []
    progress.value = { at: 'idle' }
  })

  async function search(client: GatewayClient, wanted: AuditView, from: string | undefined, stop: AbortSignal): Promise<void> {
    let cursor = from
    try {
      for (let empty = 0; ; empty++) {
        progress.value = { at: 'looking', isSlow: empty >= slowPages }
        const page = await client.request(
          'audit.search',
          { ...queryOf(wanted, now()), limit: pageEntries, ...(cursor !== undefined && { cursor }) },
          { signal: stop },
        )
        if (stop.aborted) return
        cursor = page.next
        // What came meanwhile to who follows stands there already.
        const oldest = entries.peek().at(-1)?.sequence ?? Number.POSITIVE_INFINITY
        const older = page.entries.filter(({ sequence }) => sequence < oldest)
        if (older.length > 0) entries.value = [...entries.peek(), ...older]
        const isEnough = page.entries.length > 0 || empty + 1 >= emptyPages
        if (cursor === undefined) progress.value = { at: 'whole' }
        else if (entries.peek().length >= shownEntries) progress.value = { at: 'full' }
        else if (isEnough) progress.value = { at: 'more', next: cursor, isFar: empty >= slowPages }
        else continue
        return
      }
    } catch (why) {
      if (!stop.aborted) progress.value = { at: 'failed', why }
    }
  }

  function begin(from?: string): void {
    const client = session.client.peek()
    if (!client || !view) return
    looking = new AbortController()
    void search(client, view, from, looking.signal)
  }

  async function run(client: GatewayClient, wanted: AuditView, stop: AbortSignal): Promise<void> {
    const after = entries.peek()[0]?.sequence
    // Where nothing is shown yet it is searched once the watch has begun: nothing lies between the two.
    let searches = after === undefined
    if (searches) looking.abort()
    const searchOnce = (): void => {
      if (searches && !stop.aborted) begin()
      searches = false
    }
    try {
      const params = { ...queryOf(wanted, now()), ...(after !== undefined && { after }) }
      for await (const { entries: come } of client.watch('audit.watch', { signal: stop, params })) {
        searchOnce()
        const newest = entries.peek()[0]?.sequence ?? 0
        const fresh = come.filter(({ sequence }) => sequence > newest).reverse()
        if (!stop.aborted && fresh.length > 0) entries.value = [...fresh, ...entries.peek()].slice(0, shownEntries)
      }
    } catch (why) {
      if (!stop.aborted) followProblem.value = why
    }
    searchOnce()
    if (following?.signal === stop) isFollowing.value = false
  }

  function follow(on: boolean): void {
    following?.abort()
    following = undefined
    const client = session.client.peek()
    isFollowing.value = on && client !== undefined && view !== undefined
    followProblem.value = undefined
    if (!on || !client || !view) return
    following = new AbortController()
    void run(client, view, following.signal)
  }

  return {
    entries,
    progress,
    isFollowing,
    followProblem,
    look: wanted => {
      looking.abort()
      const wasFollowing = isFollowing.peek()
      follow(false)
      view = wanted
      entries.value = []
      progress.value = { at: 'looking', isSlow: false }
      if (wasFollowing) follow(true)
      else begin()
    },
    more: () => {
      const now = progress.peek()
      if (now.at === 'more') begin(now.next)
    },
    follow,
  }
}

/** What a view asks the gateway for. Throws `invalid_argument` where a time is none. */
export function queryOf(view: AuditView, nowMs: number): Record<string, string> {
  const given = auditFilters.map(
    name => [name, name === 'from' || name === 'to' ? timeOf(name, view[name], nowMs) : view[name].trim()] as const,
  )
  return Object.fromEntries(given.filter(([, value]) => value !== ''))
}

function timeOf(name: 'from' | 'to', text: string, nowMs: number): string {
  if (text.trim() === '') return ''
  const moment = momentIn(text, nowMs)
  if (moment !== undefined) return moment
  throw new GatewayError('invalid_argument', `${JSON.stringify(text)} is no time`, {
    advice: `write ${name} as 2026-05-31, 2026-05-31 18:00, or how long ago, such as 2h or 7d`,
  })
}
