import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Clones, CloneWatch } from '../../../../server/src/fleet/clones.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const thumbprint = 'A'.repeat(40)

function create() {
  const told: Clones[] = []
  const watch = new CloneWatch(clones => told.push(clones), 1_000)
  const event = (host: string, subscription = 'poll://a/') => ({
    subscription,
    thumbprint,
    thumbprint256: undefined,
    remoteAddress: `${host}:1`,
    since: new Date(),
  })
  return {
    watch,
    told,
    came: (...of: Parameters<typeof event>) => watch.came(event(...of)),
    left: (...of: Parameters<typeof event>) => watch.left(event(...of)),
  }
}

test('two machines that poll with one certificate are told when both have lived for long enough, and when that is over', () => {
  const { watch, told, came, left } = create()
  came('10.0.0.1')
  came('10.0.0.2')
  vi.advanceTimersByTime(999)
  expect([told, watch.list()]).toEqual([[], []])
  vi.advanceTimersByTime(1)
  const clones = { subscription: 'poll://a/', thumbprint, addresses: ['10.0.0.1', '10.0.0.2'] }
  expect([told, watch.list()]).toEqual([[clones], [clones]])
  left('10.0.0.1')
  expect([told.at(-1), watch.list()]).toEqual([{ ...clones, addresses: ['10.0.0.2'] }, []])
  left('10.0.0.2')
  expect(told).toHaveLength(2)
})

test('several connections of one machine are normal, also by IPv4 and IPv6', () => {
  const { told, came, left } = create()
  for (const host of ['10.0.0.1', '10.0.0.1', '[2001:db8::1]', '10.0.0.1']) came(host)
  vi.advanceTimersByTime(5_000)
  for (const host of ['10.0.0.1', '10.0.0.1', '[2001:db8::1]', '10.0.0.1']) left(host)
  expect(told).toEqual([])
})

test('a machine that came back from another address is one, once its old connection is known to be dead', () => {
  const { told, came, left } = create()
  came('10.0.0.1')
  came('10.0.0.2')
  vi.advanceTimersByTime(900)
  left('10.0.0.1')
  vi.advanceTimersByTime(5_000)
  expect(told).toEqual([])
  left('10.0.0.2')
})

test('connections of theirs that come and go put nothing off', () => {
  const { told, watch, came, left } = create()
  for (const host of ['10.0.0.1', '10.0.0.1', '10.0.0.2', '10.0.0.2']) came(host)
  for (const host of ['10.0.0.1', '10.0.0.2']) {
    vi.advanceTimersByTime(400)
    left(host)
    came(host)
  }
  vi.advanceTimersByTime(200)
  expect(told).toMatchObject([{ addresses: ['10.0.0.1', '10.0.0.2'] }])
  watch.close()
})

test('a third machine is told too, and each agent’s connections are its own', () => {
  const { watch, told, came } = create()
  came('10.0.0.1')
  came('10.0.0.9', 'poll://b/')
  came('10.0.0.2')
  vi.advanceTimersByTime(1_000)
  came('10.0.0.3')
  vi.advanceTimersByTime(1_000)
  expect(told.map(({ addresses }) => addresses)).toEqual([
    ['10.0.0.1', '10.0.0.2'],
    ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
  ])
  watch.close()
})

test('an end without its beginning is nobody’s', () => {
  const { watch, told, left } = create()
  left('10.0.0.1')
  watch.close()
  expect(told).toEqual([])
})
