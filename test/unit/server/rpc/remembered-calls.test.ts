import type { InvokeParams } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { isCallRecord } from '../../../../server/src/rpc/call-record.ts'
import { type Invoked, KeptCalls } from '../../../../server/src/rpc/kept-calls.ts'
import { openCallMemory } from '../../../../server/src/store/call-memory.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const answered: Invoked = { result: { value: 7, signature: 'm', activityId: 'id', durationMs: 1 }, holdsStreams: false }

/** The calls of one process after another, with one store. */
async function startProcess(backend: MemoryBackend) {
  const log = vi.fn()
  const onDamaged = vi.fn()
  const memory = await openCallMemory(openMemoryStore(backend), { isWhole: isCallRecord, onDamaged })
  const kept = new KeptCalls({ epoch: memory.epoch, memory, log, now: () => Date.now() })
  const send = (invoke: () => Promise<Invoked> = async () => answered, more: Partial<InvokeParams> = {}) => {
    const params = { agent: 'a', service: 's', method: 'm', args: [1], idempotencyKey: 'k', epoch: memory.epoch, ...more }
    const outcome = kept.run('p', params, { signal: new AbortController().signal, begun: () => undefined }, invoke)
    outcome.catch(() => undefined)
    return outcome
  }
  return { epoch: memory.epoch, kept, log, onDamaged, send, known: (key = 'k') => kept.outcome('p', key, memory.epoch) }
}

const never = (): Promise<Invoked> => {
  throw new Error('it ran again')
}

test('an outcome that was told is told again after a restart, with the same epoch, and the call runs once', async () => {
  const backend = new MemoryBackend()
  const first = await startProcess(backend)
  expect(await first.send()).toMatchObject({ value: 7 })
  const failure = new HalibutError('service_failed', 'it failed', {
    delivery: 'executed',
    phase: 'response',
    advice: 'do that',
    remote: { message: 'no', details: 'at There()', type: 'X' },
  })
  await expect(first.send(() => Promise.reject(failure), { idempotencyKey: 'f' })).rejects.toBe(failure)
  const second = await startProcess(backend)
  expect(second.epoch).toBe(first.epoch)
  expect(await second.send(never)).toMatchObject({ value: 7 })
  const { kind, message, delivery, phase, advice, remote, retryable } = failure
  const told = { kind, message, delivery, phase, advice, remote, retryable }
  await expect(second.send(never, { idempotencyKey: 'f' })).rejects.toMatchObject(told)
  await expect(second.send(never, { args: [2] })).rejects.toMatchObject({ kind: 'idempotency_conflict' })
  expect([second.known(), second.known('f'), second.known('none')]).toMatchObject([{ state: 'answered' }, { state: 'failed' }, 'key'])
})

test.each<[string, string, unknown]>([
  ['an id that is no JSON', 'p k', { fingerprint: 'f', state: 'running' }],
  ['an id that names nobody', '["p"]', { fingerprint: 'f', state: 'running' }],
  ['an outcome that is none', '["p","x"]', undefined],
  ['an outcome in a state that there is not', '["p","x"]', { fingerprint: 'f', state: 'great' }],
  ['an error that is none', '["p","x"]', { fingerprint: 'f', state: 'failed', error: { kind: 'fine', message: '' } }],
])('a record with %s ends no start: an epoch begins, and no call of before runs again', async (_what, id, outcome) => {
  const backend = new MemoryBackend()
  const first = await startProcess(backend)
  await first.send()
  const document = JSON.stringify(outcome ?? null)
  await backend.commit([{ type: 'put-outcome', id, atMs: Number.MAX_SAFE_INTEGER, document }])
  const second = await startProcess(backend)
  expect(second.onDamaged.mock.calls).toEqual([[1]])
  expect(second.epoch).not.toBe(first.epoch)
  await expect(second.send(never, { epoch: first.epoch })).rejects.toMatchObject({ kind: 'outcome_unknown' })
  const again = second.send()
  // The store waits for more after changes that came together.
  await vi.advanceTimersByTimeAsync(10)
  expect(await again).toMatchObject({ value: 7 })
  const third = await startProcess(backend)
  expect([third.epoch, third.onDamaged.mock.calls]).toEqual([second.epoch, []])
})

test('that a call begins is kept before it leaves, so that one whose process has ended is unknown and never runs again', async () => {
  const backend = new MemoryBackend()
  const first = await startProcess(backend)
  const left = deferred<number>()
  void first.send(() => {
    left.resolve(backend.commits)
    return new Promise(() => undefined)
  })
  const commits = await left.promise
  expect(commits).toBeGreaterThan(0)
  const second = await startProcess(backend)
  expect(second.known()).toEqual({ state: 'lost' })
  await expect(second.send(never)).rejects.toMatchObject({ kind: 'outcome_unknown', delivery: 'unknown' })
  const third = await startProcess(backend)
  await expect(third.send(never)).rejects.toMatchObject({ kind: 'outcome_unknown', delivery: 'unknown' })
})

test('an outcome is told after it was kept', async () => {
  const backend = new MemoryBackend()
  const { send, known } = await startProcess(backend)
  const [commit, held] = [backend.commit.bind(backend), deferred<void>()]
  const answer = deferred<Invoked>()
  const outcome = send(() => {
    backend.commit = async changes => {
      await held.promise
      await commit(changes)
    }
    return answer.promise
  })
  const told = vi.fn()
  void outcome.then(told)
  answer.resolve(answered)
  await vi.advanceTimersByTimeAsync(1)
  expect([told.mock.calls.length, known()]).toEqual([0, { state: 'running' }])
  held.resolve()
  expect(await outcome).toMatchObject({ value: 7 })
})

test('what never left may be sent again, also after a restart', async () => {
  const backend = new MemoryBackend()
  const first = await startProcess(backend)
  await expect(first.send(() => Promise.reject(new HalibutError('connect_refused', 'nobody there')))).rejects.toMatchObject({
    kind: 'connect_refused',
  })
  const second = await startProcess(backend)
  expect(await second.send()).toMatchObject({ value: 7 })
})

test('a call whose key cannot be kept is not made; a call whose outcome cannot be kept is answered, and lost after a restart', async () => {
  const backend = new MemoryBackend()
  const first = await startProcess(backend)
  backend.failure = new HalibutError('storage_failed', 'the disk is full', { retryable: true })
  await expect(first.send(never)).rejects.toMatchObject({ kind: 'storage_failed', delivery: 'not_sent', retryable: true })
  backend.failure = undefined
  const answer = first.send(async () => {
    backend.failure = new Error('the disk is full')
    return answered
  })
  expect(await answer).toMatchObject({ value: 7 })
  expect(await first.send(never)).toMatchObject({ value: 7 })
  expect(first.log).toHaveBeenLastCalledWith('error', expect.stringContaining('could not be kept'), expect.anything())
  backend.failure = undefined
  const second = await startProcess(backend)
  expect(second.known()).toEqual({ state: 'lost' })
})

test('what is too old is forgotten, in memory and on the disk, also where nobody asks', async () => {
  const backend = new MemoryBackend()
  const { send, known } = await startProcess(backend)
  await send()
  await vi.advanceTimersByTimeAsync(facadeLimits.outcomeMs / 2)
  await send(undefined, { idempotencyKey: 'later' })
  await vi.advanceTimersByTimeAsync(facadeLimits.outcomeMs / 2 + 60_000)
  expect((await backend.readOutcomes()).map(({ id }) => id)).toEqual(['["p","later"]'])
  expect([known(), known('later')]).toMatchObject(['key', { state: 'answered' }])
  await vi.advanceTimersByTimeAsync(facadeLimits.outcomeMs)
  expect([await backend.readOutcomes(), vi.getTimerCount()]).toEqual([[], 0])
})

test('an outcome that is being written when others are forgotten stays, so that its call does not run again', async () => {
  const backend = new MemoryBackend()
  const { send } = await startProcess(backend)
  await send()
  await vi.advanceTimersByTimeAsync(facadeLimits.outcomeMs - 10)
  const [commit, held] = [backend.commit.bind(backend), deferred<void>()]
  const outcome = send(
    async () => {
      backend.commit = async changes => {
        await held.promise
        await commit(changes)
      }
      return answered
    },
    { idempotencyKey: 'slow' },
  )
  await vi.advanceTimersByTimeAsync(10)
  held.resolve()
  expect(await outcome).toMatchObject({ value: 7 })
  await vi.advanceTimersByTimeAsync(1)
  const second = await startProcess(backend)
  expect([second.known(), second.known('slow')]).toMatchObject(['key', { state: 'answered' }])
})

test('what runs is not forgotten, however long it takes', async () => {
  const backend = new MemoryBackend()
  const { send } = await startProcess(backend)
  const answer = deferred<Invoked>()
  void send(() => answer.promise, { idempotencyKey: 'long' })
  // The store waits for more where two come together.
  await vi.advanceTimersByTimeAsync(0)
  await send()
  await vi.advanceTimersByTimeAsync(3 * facadeLimits.outcomeMs)
  expect((await startProcess(backend)).known('long')).toEqual({ state: 'lost' })
})
