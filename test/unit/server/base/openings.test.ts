import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { networkOf, Openings } from '../../../../server/src/base/openings.ts'

const limits = { maxUnidentifiedConnections: 5, maxUnidentifiedConnectionsPerAddress: 3, unidentifiedGraceMs: 5_000, maxKnownAddresses: 2 }

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Openings, and those that had to give way. */
function openings() {
  const gone: string[] = []
  const all = new Openings(limits)
  const enter = (name: string, address: string): object => {
    const connection = { name }
    all.enter(connection, `${address}:40000`, () => gone.push(name))
    return connection
  }
  return { all, enter, gone }
}

const refused = expect.objectContaining({ kind: 'connection_limit' })

test('one address has fewer places than there are, and what leaves makes room', () => {
  const { all, enter, gone } = openings()
  const first = enter('a1', '10.0.0.1')
  enter('a2', '10.0.0.1')
  enter('a3', '[::ffff:10.0.0.1]')
  expect(() => enter('a4', '10.0.0.1')).toThrow(refused)
  enter('b1', '10.0.0.2')
  enter('b2', '10.0.0.2')
  expect(() => enter('c1', '10.0.0.3')).toThrow(refused)
  all.leave(first)
  all.leave(first)
  enter('c1', '10.0.0.3')
  expect(gone).toEqual([])
  expect(all.size).toBe(5)
})

test('the one that has been there longest gives way once it has had its time, of its own address where that has too many', () => {
  const { all, enter, gone } = openings()
  enter('b1', '10.0.0.2')
  vi.advanceTimersByTime(1_000)
  for (const name of ['a1', 'a2', 'a3']) enter(name, '10.0.0.1')
  vi.advanceTimersByTime(4_999)
  expect(() => enter('a4', '10.0.0.1')).toThrow(refused)
  vi.advanceTimersByTime(1)
  enter('a4', '10.0.0.1')
  enter('c1', '10.0.0.3')
  expect(gone).toEqual(['a1'])
  enter('c2', '10.0.0.3')
  expect(gone).toEqual(['a1', 'b1'])
  expect(all.size).toBe(5)
})

test('it tells in how many milliseconds there is room, and of which network somebody leaves', () => {
  const { all, enter } = openings()
  const left: string[] = []
  all.onLeft = network => left.push(network)
  enter('b1', '10.0.0.2')
  vi.advanceTimersByTime(1_000)
  const a1 = enter('a1', '10.0.0.1')
  for (const name of ['a2', 'a3']) enter(name, '10.0.0.1')
  vi.advanceTimersByTime(500)
  expect([all.fullForMs, all.networkFullForMs('10.0.0.1'), all.networkFullForMs('10.0.0.2')]).toEqual([0, 4_500, 0])
  enter('b2', '10.0.0.2')
  expect(all.fullForMs).toBe(3_500)
  all.leave(a1)
  expect([all.fullForMs, all.networkFullForMs('10.0.0.1'), left]).toEqual([0, 0, ['10.0.0.1']])
})

test('it knows the networks of those who are trusted, the ones of which it heard last', () => {
  const { all } = openings()
  for (const endPoint of ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.1:2', '[2001:db8::1]:3']) all.recognise(endPoint)
  expect(['10.0.0.1', '10.0.0.2', '2001:db8:0:0::/64'].map(network => all.knows(network))).toEqual([true, false, true])
})

test('of a known network it tells whether most of what came was in vain; those that are not known are one', () => {
  const { all } = openings()
  all.recognise('10.0.0.1:1')
  for (let i = 0; i < 40; i++) all.waste(`10.0.1.${i}:1`)
  expect(['10.0.0.1', '10.0.1.1', '10.0.2.1'].map(network => all.wastes(network))).toEqual([false, true, true])
  // One that was worth it makes up for four, and more than 32 are not held against anybody.
  for (let i = 0; i < 40; i++) all.waste('10.0.0.1:1')
  const after = Array.from({ length: 6 }, () => {
    all.recognise('10.0.0.1:1')
    return all.wastes('10.0.0.1')
  })
  expect(after).toEqual([true, true, true, true, false, false])
})

test.each([
  ['127.0.0.1:80', '127.0.0.1'],
  ['[::ffff:127.0.0.1]:80', '127.0.0.1'],
  ['[2001:db8:1:2:3:4:5:6]:80', '2001:db8:1:2::/64'],
  ['[2001:db8::6]:80', '2001:db8:0:0::/64'],
  ['[::1]:80', '0:0:0:0::/64'],
  ['[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
  [':0', ''],
])('%s is counted as %s', (endPoint, network) => {
  expect(networkOf(endPoint)).toBe(network)
})
