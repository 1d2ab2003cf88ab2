import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import type { Store } from '../../server/src/store/store.ts'
import { seededRandom } from './cutting-relay.ts'
import { linesUntilKilled } from './killed-program.ts'

const kept = 50

/** What came of killing. */
export interface KilledStoresResult {
  readonly kills: number
  /** Changes that were acknowledged, of all processes together. */
  readonly acknowledged: number
  /** Those that were there although nobody had been told yet. */
  readonly unacknowledged: number
  /** How long the slowest start took, with all that it found. */
  readonly slowestStartMs: number
}

/** Kills a process that writes to a store, again and again at random moments, and looks each time at what is there. */
export async function killStores(kills: number, seed: number): Promise<KilledStoresResult> {
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'halibut-killed-'))
  let chain: Chain = { sequence: 0, hash: '' }
  let [acknowledged, unacknowledged, slowestStartMs] = [0, 0, 0]
  try {
    for (let kill = 0; kill < kills; kill++) {
      const told = await writeUntilKilled(folder, random() * 150)
      const newest = Math.max(chain.sequence, ...told)
      const beganMs = performance.now()
      await using store = await openEmbeddedStore(await openStateFolder(folder))
      slowestStartMs = Math.max(slowestStartMs, performance.now() - beganMs)
      // Each process went on where the one before had ended: what it was told and what is there have no gap.
      const there = await expectWhole(store, kill === kills - 1 ? { sequence: 0, hash: '' } : chain)
      expect(there.sequence).toBeGreaterThanOrEqual(newest)
      acknowledged += told.length
      unacknowledged += there.sequence - chain.sequence - told.length
      chain = there
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return { kills, acknowledged, unacknowledged, slowestStartMs: Math.ceil(slowestStartMs) }
}

/** The numbers of the changes that were acknowledged before the process was killed, so long after the first. */
async function writeUntilKilled(folder: string, afterMs: number): Promise<number[]> {
  return (await linesUntilKilled(new URL('./store-writer.ts', import.meta.url), [folder, String(kept)], afterMs)).map(Number)
}

/** The newest audit entry. */
interface Chain {
  readonly sequence: number
  readonly hash: string
}

/** Every change is there or not, as a whole: all its things, and what it forgot. Gives the newest, having read the audit log from `chain` on. */
async function expectWhole(store: Store, chain: Chain): Promise<Chain> {
  const last = store.audit.head?.sequence ?? 0
  const alive = Array.from({ length: Math.min(last, kept) }, (_, index) => last - Math.min(last, kept) + 1 + index)
  expect(store.agents.all().map(({ id }) => id)).toEqual(alive.map(number => `a${number}`))
  for (const [kind, id] of [
    ['contracts', 'c'],
    ['denied', 'd'],
    ['certificates', 'e'],
    ['meta', 'm'],
  ] as const)
    expect(store[kind].all().map(each => each.id)).toEqual(alive.map(number => `${id}${number}`))
  expect(store.tokens.all().map(({ id, name }) => [id, name])).toEqual(alive.map(number => [`t${number}`, textOf(number)]))
  expect(await store.outcomes.all()).toEqual(alive.map(number => ({ id: `o${number}`, atMs: number, outcome: textOf(number) })))
  let { sequence, hash } = chain
  while (sequence < last) {
    for (const entry of await store.audit.read({ after: sequence, limit: 1_000 })) {
      sequence++
      hash = createHash('sha256').update(hash).update(textOf(sequence)).digest('hex')
      expect(entry).toEqual({ sequence, atMs: sequence, text: textOf(sequence), hash })
    }
  }
  return { sequence, hash }
}

function textOf(number: number): string {
  return `change ${number} ${'x'.repeat(number % 200)}`
}
