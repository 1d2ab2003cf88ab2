import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import type Database from 'libsql/promise'
import { describe, expect, test, vi } from 'vitest'
import { HalibutError } from '../../server/src/base/errors.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import type { AgentRecord, AuditRecord, RecordKind, Records, TokenRecord } from '../../server/src/store/records.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import type { AuditPage, AuditQuery, Draft, Store, StoreFlush, StoreState } from '../../server/src/store/store.ts'
import { MemoryBackend, openMemoryStore } from '../support/memory-store.ts'
import { failureOf } from '../support/world.ts'

const seam = vi.hoisted(() => ({ connections: [] as InstanceType<typeof Database>[] }))

vi.mock('libsql/promise', async original => {
  const { default: Real } = await original<{ default: typeof Database }>()
  return {
    default: class extends Real {
      constructor(path: string, options?: object) {
        super(path, options)
        seam.connections.push(this)
      }
    },
  }
})

/** A place where a store keeps what it keeps. */
interface Place {
  /** One at a time. */
  open(): Promise<Store>
  /** From now on nothing can be kept there; or it can again. */
  refuse(refused: boolean): Promise<void>
  remove(): Promise<void>
}

const implementations: [string, () => Promise<Place>][] = [
  [
    'a store in memory',
    async () => {
      const backend = new MemoryBackend()
      return {
        open: async () => openMemoryStore(backend),
        refuse: async refused => {
          backend.failure = refused ? new HalibutError('storage_failed', 'the disk is full') : undefined
        },
        remove: async () => undefined,
      }
    },
  ],
  [
    'the embedded store',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'halibut-store-'))
      return {
        open: async () => {
          seam.connections.length = 0
          return openEmbeddedStore(await openStateFolder(folder))
        },
        refuse: async refused => {
          for (const connection of seam.connections) await connection.exec(`PRAGMA query_only = ${refused ? 'ON' : 'OFF'}`)
        },
        remove: () => rm(folder, { recursive: true }),
      }
    },
  ],
]

const agent = (id: string, more: Partial<AgentRecord> = {}): AgentRecord => ({
  id,
  uri: `poll://${id}/`,
  thumbprint: 'A'.repeat(40),
  ...more,
})
const token: TokenRecord = { id: 't', name: 'one', secretHash: 'x', role: 'admin', createdMs: 1 }
/** One of each kind: a new one does not compile without. */
const samples: Records = {
  agents: agent('A', { tags: ['one'], disabled: true, disabledReason: 'broken' }),
  contracts: { id: 'A', contract: { service: 'IOne', methods: {} } as never, agent: 'a', addedMs: 1 },
  denied: { id: 'A', deniedMs: 1, by: 'ann', reason: 'not ours' },
  certificates: { id: 'A', thumbprint256: 'B', agent: 'a', firstSeenMs: 1, lastSeenMs: 2, revokedMs: 3 },
  identities: { id: 'A', state: 'retired', certificatePem: 'pem', addedMs: 1, retiredMs: 2 },
  acceptances: { id: 'A', accepted: [{ thumbprint: 'B', lastSeenMs: 1 }] },
  tokens: { ...token, id: 'A', expiresMs: 2, lastUsedMs: 3, revokedMs: 4 },
  meta: { id: 'A', text: 'pem\n' },
}
const entry = (sequence: number): AuditRecord => ({
  sequence,
  atMs: 1_000 + sequence,
  text: `entry ${sequence} £`,
  hash: `hash ${sequence}`,
})
const entryAt = async ({ audit }: Store, sequence: number): Promise<AuditRecord | undefined> =>
  (await audit.read({ after: sequence - 1, limit: 1 }))[0]
const ids = (records: readonly { id: string }[]): string[] => records.map(({ id }) => id)

describe.each(implementations)('%s', (_name, create) => {
  async function placed(use: (place: Place) => Promise<void>): Promise<void> {
    const place = await create()
    try {
      await use(place)
    } finally {
      await place.remove()
    }
  }

  const withStore = (use: (store: Store, place: Place) => Promise<void>): Promise<void> =>
    placed(async place => {
      await using store = await place.open()
      await use(store, place)
    })

  /** What is seen of a store now and when it was opened again is the same. */
  async function reopened(place: Place, store: Store, look: (store: Store) => unknown): Promise<unknown> {
    const seen = await look(store)
    await store.close()
    await using again = await place.open()
    expect(await look(again)).toEqual(seen)
    return seen
  }

  test('records come back as they were, in the order in which they came; one that was replaced stays in its place', () =>
    placed(async place => {
      const store = await place.open()
      expect([store.agents.all(), store.agents.size, store.agents.get('a')]).toEqual([[], 0, undefined])
      for (const id of ['b', 'a', 'c', 'd']) await store.agents.put(agent(id, { tags: ['x', '£ "'] }))
      await store.agents.put(agent('a', { name: 'again' }))
      expect(await store.agents.remove('c')).toBe(true)
      expect(await store.agents.remove('c')).toBe(false)
      await store.change(draft => {
        draft.agents.remove('b')
        draft.agents.put(agent('b'))
      })
      await Promise.all([store.tokens.put(token), store.meta.put({ id: 'identity', text: 'pem\n' })])
      const seen = await reopened(place, store, ({ agents, tokens, meta, contracts }) => [
        agents.all(),
        agents.size,
        agents.get('a'),
        tokens.get('t'),
        meta.get('identity'),
        contracts.size,
      ])
      const a = agent('a', { name: 'again' })
      expect(seen).toEqual([[a, agent('d', { tags: ['x', '£ "'] }), agent('b')], 3, a, token, { id: 'identity', text: 'pem\n' }, 0])
    }))

  test('each kind of record keeps its own, as it was: the same id in two of them is two records', () =>
    placed(async place => {
      const store = await place.open()
      const kinds = Object.keys(samples) as RecordKind[]
      for (const kind of kinds) await store[kind].put(samples[kind] as never)
      await store.change(draft => {
        for (const kind of kinds) expect(draft[kind].get('A')).toEqual(samples[kind])
      })
      expect(await store.meta.remove('A')).toBe(true)
      const seen = await reopened(place, store, all => kinds.map(kind => all[kind].all()))
      expect(seen).toEqual(kinds.map(kind => (kind === 'meta' ? [] : [samples[kind]])))
    }))

  test('what is kept is what was given, whatever its owner does to it later', () =>
    withStore(async store => {
      const tags = ['one']
      const kept = store.agents.put(agent('a', { tags }))
      tags.push('two')
      await kept
      tags.push('three')
      expect(store.agents.get('a')?.tags).toEqual(['one', 'two'])
    }))

  test('a change is seen when it is acknowledged and not before, but for the changes after it', () =>
    withStore(async store => {
      const first = store.agents.put(agent('a'))
      const second = store.change(draft => [ids(draft.agents.all()), draft.agents.size, draft.agents.get('a')?.id])
      expect(store.agents.size).toBe(0)
      await first
      expect(store.agents.get('a')).toEqual(agent('a'))
      expect(await second).toEqual([['a'], 1, 'a'])
    }))

  test('changes come in the order in which they were asked for, so that each can look before it writes', () =>
    withStore(async store => {
      const count = (draft: Draft): void => {
        const before = Number(draft.meta.get('count')?.text ?? 0)
        draft.meta.put({ id: 'count', text: String(before + 1) })
      }
      const counted: Promise<void>[] = []
      for (let i = 0; i < 2_500; i++) {
        counted.push(store.change(count))
        if (i % 700 === 0) await counted.at(-1)
      }
      await Promise.all(counted)
      expect(store.meta.get('count')?.text).toBe('2500')
    }))

  test('what an act throws is what its caller gets; it has done nothing, and those beside it are done', () =>
    placed(async place => {
      const store = await place.open()
      const before = store.agents.put(agent('before'))
      const failing = store.change(draft => {
        draft.agents.put(agent('half'))
        draft.agents.remove('before')
        draft.audit.append(entry(1))
        draft.outcomes.put({ id: 'half', atMs: 1, outcome: 1 })
        throw new HalibutError('forbidden', 'not you')
      })
      const after = store.change(draft => {
        draft.agents.put(agent('after'))
        return [ids(draft.agents.all()), draft.agents.get('half'), draft.audit.head]
      })
      expect(await failureOf(failing)).toMatchObject({ kind: 'forbidden', message: 'not you' })
      await before
      expect(await after).toEqual([['before', 'after'], undefined, undefined])
      const seen = await reopened(place, store, async ({ agents, audit, outcomes }) => [
        ids(agents.all()),
        audit.head,
        await outcomes.all(),
      ])
      expect(seen).toEqual([['before', 'after'], undefined, []])
    }))

  test('an act that goes on after it has returned changes nothing', () =>
    withStore(async store => {
      let kept: Draft | undefined
      await store.change(draft => {
        kept = draft
      })
      expect(() => kept?.agents.put(agent('late'))).toThrow('went on after it had returned')
      await store.agents.put(agent('a'))
      expect(ids(store.agents.all())).toEqual(['a'])
    }))

  test('what cannot be kept rejects, is not seen and not there later, and the state says since when; the next one that can be kept ends that', () =>
    placed(async place => {
      const store = await place.open()
      await store.agents.put(agent('a'))
      const states: StoreState[] = []
      const stop = store.onStateChange(state => states.push(state))
      await place.refuse(true)
      const refused = [store.agents.put(agent('b')), store.change(draft => draft.audit.append(entry(1))), store.agents.remove('a')]
      for (const each of refused) expect(await failureOf(each)).toMatchObject({ kind: 'storage_failed' })
      expect([ids(store.agents.all()), store.audit.head]).toEqual([['a'], undefined])
      const { state } = store
      expect(state).toMatchObject({ at: 'failing', reason: expect.any(String), sinceMs: expect.any(Number) })
      await failureOf(store.agents.put(agent('b')))
      expect(store.state).toEqual(state)
      await place.refuse(false)
      await store.agents.put(agent('c'))
      expect([store.state, states.map(({ at }) => at)]).toEqual([{ at: 'ready' }, ['failing', 'ready']])
      stop()
      expect(await reopened(place, store, ({ agents, audit }) => [ids(agents.all()), audit.head])).toEqual([['a', 'c'], undefined])
    }))

  test('audit entries are read forwards and backwards as they were written, each one more than the one before', () =>
    placed(async place => {
      const store = await place.open()
      expect([store.audit.head, await store.audit.read({ limit: 10 })]).toEqual([undefined, []])
      await store.change(draft => {
        for (let sequence = 1; sequence <= 5; sequence++) draft.audit.append(entry(sequence))
      })
      for (const wrong of [5, 7, 0])
        expect((await failureOf(store.change(draft => draft.audit.append(entry(wrong))))).message).toContain('6 is next')
      await store.change(draft => draft.audit.append(entry((draft.audit.head?.sequence ?? 0) + 1)))
      const seen = await reopened(place, store, async ({ audit }) => [
        audit.head,
        await audit.read({ limit: 10 }),
        (await audit.read({ after: 2, limit: 2 })).map(({ sequence }) => sequence),
        (await audit.read({ before: 6, limit: 2 })).map(({ sequence }) => sequence),
      ])
      expect(seen).toEqual([{ sequence: 6, hash: 'hash 6' }, [1, 2, 3, 4, 5, 6].map(entry), [3, 4], [5, 4]])
    }))

  test('old audit entries are forgotten, but never the newest one', () =>
    placed(async place => {
      const store = await place.open()
      await store.change(draft => {
        for (let sequence = 1; sequence <= 5; sequence++) draft.audit.append(entry(sequence))
      })
      const sequences = async (): Promise<number[]> => (await store.audit.read({ limit: 10 })).map(({ sequence }) => sequence)
      await store.change(draft => draft.audit.removeUpTo(3))
      expect(await sequences()).toEqual([4, 5])
      await store.change(draft => draft.audit.removeUpTo(100))
      expect(await sequences()).toEqual([5])
      await store.change(draft => draft.audit.append(entry(6)))
      expect(await reopened(place, store, ({ audit }) => audit.head)).toEqual({ sequence: 6, hash: 'hash 6' })
    }))

  /** A log of entries, the newest of which is the last. */
  async function filledLog(store: Store, entries: readonly unknown[]): Promise<void> {
    await store.change(draft => {
      for (const [index, each] of entries.entries())
        draft.audit.append({ sequence: index + 1, atMs: 1_000 * (index + 1), text: JSON.stringify(each), hash: `h${index + 1}` })
    })
  }
  const sequences = ({ entries }: AuditPage): number[] => entries.map(({ sequence }) => sequence)

  test('the audit log is searched from its newest entry on, by who, agent, action, outcome, time and text', () =>
    withStore(async store => {
      expect(await store.audit.search({ limit: 5 })).toEqual({ entries: [] })
      await filledLog(store, [
        { who: 'ann', action: 'agents.add', agent: 'web-1', outcome: 'done' },
        { who: 'bob', action: 'agent.invoke', agent: 'web-1', outcome: 'forbidden', facts: { service: 'IScriptService' } },
        { who: 'ann', action: 'agent.invoke', agent: 'web-2', outcome: 'done', facts: { service: 'quote " £' } },
        'no entry at all',
        { who: 'Who', action: 'agent.invoke', outcome: 'io_timeout', facts: { count: 17 } },
      ])
      const found = async (query: Omit<AuditQuery, 'limit'>): Promise<number[]> =>
        sequences(await store.audit.search({ limit: 10, ...query }))
      expect(await store.audit.search({ limit: 1, who: 'bob' })).toMatchObject({ entries: [await entryAt(store, 2)] })
      expect([await found({}), await found({ who: 'ann' }), await found({ who: 'ANN' })]).toEqual([[5, 4, 3, 2, 1], [3, 1], []])
      expect([await found({ agent: 'web-1' }), await found({ action: 'agent.invoke', agent: 'web-2' })]).toEqual([[2, 1], [3]])
      expect([await found({ outcome: 'done' }), await found({ outcome: 'failed' }), await found({ outcome: 'io_timeout' })]).toEqual([
        [3, 1],
        [5, 2],
        [5],
      ])
      expect([await found({ fromMs: 2_000, toMs: 4_000 }), await found({ fromMs: 5_001 }), await found({ toMs: 1_001 })]).toEqual([
        [3, 2],
        [],
        [1],
      ])
      expect([await found({ text: 'iSCRIPT' }), await found({ text: 'quote " £' }), await found({ text: '17' })]).toEqual([[2], [3], [5]])
      // The names of members are in every entry.
      expect([await found({ text: 'who' }), await found({ text: 'service' }), await found({ text: "' OR 1=1 --" })]).toEqual([[5], [2], []])
    }))

  test('whatever is looked for in whatever log, a search finds in pages what looking at every entry finds', () =>
    withStore(async store => {
      const word = fc.constantFrom('ann', 'bob', 'a "b"', '£', '\\', 'done', '')
      const entries = fc.sample(
        fc.record({ who: word, agent: word, action: word, outcome: word, facts: fc.dictionary(word, word) }, { requiredKeys: ['who'] }),
        { numRuns: 200, seed: 5 },
      )
      const model = openMemoryStore()
      await filledLog(store, entries)
      await filledLog(model, entries)
      const queries = fc.record(
        { who: word, agent: word, action: word, outcome: word, text: word, fromMs: fc.nat(200_000), toMs: fc.nat(200_000) },
        { requiredKeys: [] },
      )
      await fc.assert(
        fc.asyncProperty(queries, fc.integer({ min: 1, max: 9 }), async (query, limit) => {
          const found: number[] = []
          for (let before: number | undefined; ; ) {
            const page = await store.audit.search({ ...query, limit, before })
            found.push(...sequences(page))
            expect(page.entries.length).toBeLessThanOrEqual(limit)
            before = page.next
            if (before === undefined) break
          }
          expect(found).toEqual(sequences(await model.audit.search({ ...query, limit: 1_000 })))
        }),
        { numRuns: 150 },
      )
    }))

  test('each flush that was tried is told, with how long it took', () =>
    withStore(async (store, place) => {
      const told: StoreFlush[] = []
      const stop = store.onFlush(flush => told.push(flush))
      await store.meta.put({ id: 'a', text: '' })
      await place.refuse(true)
      await failureOf(store.meta.put({ id: 'b', text: '' }))
      await place.refuse(false)
      stop()
      await store.meta.put({ id: 'c', text: '' })
      expect(told).toEqual([
        { kept: true, durationMs: expect.any(Number) },
        { kept: false, durationMs: expect.any(Number) },
      ])
    }))

  test('what could not be kept is tried again though nobody asks, and nothing is left of the trial', () =>
    placed(async place => {
      const store = await place.open()
      await place.refuse(true)
      await failureOf(store.meta.put({ id: 'a', text: '' }))
      const ready = new Promise<void>(resolve => {
        store.onStateChange(({ at }) => {
          if (at === 'ready') resolve()
        })
      })
      await place.refuse(false)
      await ready
      await store.meta.put({ id: 'b', text: '' })
      expect(await reopened(place, store, ({ meta, state }) => [ids(meta.all()), state])).toEqual([['b'], { at: 'ready' }])
    }))

  test('outcomes of calls are there, the oldest first, until they are too old', () =>
    placed(async place => {
      const store = await place.open()
      await store.change(draft => {
        draft.outcomes.put({ id: 'old', atMs: 1, outcome: { state: 'answered' } })
        draft.outcomes.put({ id: 'new', atMs: 9, outcome: 'wrong' })
        draft.outcomes.put({ id: 'runs', atMs: Number.MAX_SAFE_INTEGER, outcome: 1 })
        draft.outcomes.put({ id: 'new', atMs: 10, outcome: [1, null, '£'] })
      })
      await store.change(draft => draft.outcomes.removeBefore(10))
      const seen = await reopened(place, store, ({ outcomes }) => outcomes.all())
      expect(seen).toEqual([
        { id: 'new', atMs: 10, outcome: [1, null, '£'] },
        { id: 'runs', atMs: Number.MAX_SAFE_INTEGER, outcome: 1 },
      ])
    }))

  test('closing lets what was asked for come to its end; what comes later is refused', () =>
    placed(async place => {
      const store = await place.open()
      const kept = Promise.all(['a', 'b'].map(id => store.agents.put(agent(id))))
      const closing = [store.close(), store.close()]
      expect(await failureOf(store.agents.put(agent('c')))).toMatchObject({ kind: 'closed' })
      await kept
      await Promise.all(closing)
      await using again = await place.open()
      expect(ids(again.agents.all())).toEqual(['a', 'b'])
    }))
})
