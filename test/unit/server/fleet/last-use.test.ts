import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { LastUse } from '../../../../server/src/fleet/last-use.ts'

const dayMs = 86_400_000
const firstDay = 20_000 * dayMs

beforeEach(() => void vi.useFakeTimers({ now: firstDay + 5 }))
afterEach(() => void vi.useRealTimers())

/** Records that outlive the process. */
function createRecords() {
  const kept = new Map<string, string>()
  const put = vi.fn(async ({ id, text }: { readonly id: string; readonly text: string }) => void kept.set(id, text))
  return { put, kept, get: (id: string) => (kept.has(id) ? { text: kept.get(id) ?? '' } : undefined) }
}

function create(records = createRecords(), ids: readonly string[] = ['a', 'b']) {
  const log = vi.fn()
  return { use: new LastUse({ records, ids: () => ids, log, now: Date.now }), records, log }
}

test('an agent counts from the day on which it was noticed, then from that of its last call, also after a restart', async () => {
  const { use, records } = create()
  expect([use.of('a'), use.of('b'), use.of('c')]).toEqual([firstDay, firstDay, undefined])
  use.start()
  vi.setSystemTime(firstDay + 3 * dayMs)
  await vi.advanceTimersByTimeAsync(gatewayLimits.lastUseMs)
  use.note('a')
  await use.close()
  expect(vi.getTimerCount()).toBe(0)
  const later = create(records).use
  expect([later.of('a'), later.of('b')]).toEqual([firstDay + 3 * dayMs, firstDay])
})

test('agents that are called all the time write nothing more that day, and one that is gone is forgotten', async () => {
  const { use, records } = create()
  await use.keep()
  for (let i = 0; i < 1_000; i++) use.note('a')
  await use.keep()
  expect(records.put).toHaveBeenCalledOnce()
  const { use: other } = create(records, ['b'])
  await other.keep()
  expect(records.kept.get('last-use')).toBe('{"b":20000}')
})

test('what cannot be kept is told and tried again, and what is no record is forgotten', async () => {
  const records = createRecords()
  records.kept.set('last-use', '{"a":"x","b":')
  const { use, log } = create(records)
  expect(use.of('a')).toBe(firstDay)
  records.put.mockRejectedValueOnce(new Error('the disk is full'))
  await use.keep()
  expect(log).toHaveBeenCalledWith('warn', 'when agents were called last could not be kept', { cause: 'the disk is full' })
  await use.keep()
  expect(records.kept.get('last-use')).toBe('{"a":20000,"b":20000}')
})
