import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect } from 'vitest'
import { Audit } from '../../server/src/audit/audit.ts'
import { appendText } from '../../server/src/audit/chain.ts'
import { formatEntry } from '../../server/src/audit/entry.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { type Handlers, MethodRunner } from '../../server/src/rpc/run.ts'
import { type EmbeddedStore, openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { testIdentity } from './certificates.ts'
import { createRequestContext } from './request-context.ts'

async function withStore<T>(act: (store: EmbeddedStore) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-audit-'))
  try {
    await using store = await openEmbeddedStore(await openStateFolder(folder))
    return await act(store)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Fills a log in which one agent in a thousand is `rare`, and looks for that one, for a text that is nowhere, and for the newest, page by page. */
export function searchLargeLog(count: number): Promise<{ slowestPageMs: number; longestHeldMs: number; pages: number }> {
  return withStore(async store => {
    const audit = new Audit(store, () => testIdentity('gateway'))
    for (let at = 0; at < count; at += 1_000)
      await store.change(draft => {
        for (let number = at; number < Math.min(at + 1_000, count); number++) {
          const agent = number % 1_000 === 7 ? 'rare' : `a${number % 500}`
          const facts = { service: 'IScriptService', method: 'StartScript' }
          appendText(
            draft.audit,
            number,
            formatEntry({ who: 'ann', role: 'operator', action: 'agent.invoke', agent, outcome: 'done', facts }),
          )
        }
      })
    const loop = monitorEventLoopDelay({ resolution: 2 })
    loop.enable()
    let [pages, slowestPageMs] = [0, 0]
    const all = async (query: { readonly agent?: string; readonly text?: string }): Promise<number> => {
      let found = 0
      for (let before: number | undefined; ; ) {
        const beganMs = performance.now()
        const page = await audit.search({ ...query, limit: 100, ...(before === undefined ? {} : { before }) })
        slowestPageMs = Math.max(slowestPageMs, performance.now() - beganMs)
        pages++
        found += page.entries.length
        if (page.next === undefined) return found
        before = page.next
      }
    }
    expect(await all({ agent: 'rare' })).toBe(Math.floor((count + 992) / 1_000))
    expect(await all({ text: 'nowhere' })).toBe(0)
    expect((await audit.search({ limit: 100 })).entries).toHaveLength(100)
    loop.disable()
    return { pages, slowestPageMs: Math.ceil(slowestPageMs), longestHeldMs: Math.ceil(loop.max / 1e6) }
  })
}

/** Makes calls that are written down before they are answered, so many callers at a time, and looks whether each has its entry. */
export function callThroughAudit({ callers, calls }: { readonly callers: number; readonly calls: number }) {
  return withStore(async store => {
    const audit = new Audit(store, () => testIdentity('gateway'))
    const answer = { value: 1, signature: 'M()', activityId: '0e0ae9b4-2cd6-4a1f-9b1e-3a5f5e1f7a10', durationMs: 1 }
    const runner = new MethodRunner({ 'agent.invoke': () => answer } as unknown as Handlers, silentLog, undefined, audit)
    const waits: number[] = []
    let left = calls
    const caller = async (): Promise<void> => {
      while (left-- > 0) {
        const askedMs = performance.now()
        const params = { agent: 'a', service: 'S', method: 'M', args: [] }
        expect(await runner.run('agent.invoke', params, createRequestContext())).toEqual({ result: answer })
        waits.push(performance.now() - askedMs)
      }
    }
    const beganMs = performance.now()
    await Promise.all(Array.from({ length: callers }, caller))
    const seconds = (performance.now() - beganMs) / 1_000
    expect([store.audit.head?.sequence, await audit.verify()]).toEqual([calls, { ok: true, first: 1, last: calls }])
    waits.sort((a, b) => a - b)
    const at = (part: number): string => (waits[Math.floor(waits.length * part)] ?? 0).toFixed(1)
    return { perSecond: Math.round(calls / seconds), medianMs: at(0.5), slowestOf100Ms: at(0.99) }
  })
}
