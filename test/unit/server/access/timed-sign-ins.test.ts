import { expect, test, vi } from 'vitest'
import type { Principal } from '../../../../server/src/access/principal.ts'
import { TimedSignIns } from '../../../../server/src/access/timed-sign-ins.ts'

function create(max = 10) {
  const clock = { ms: 1_000 }
  const signIns = new TimedSignIns({ max, now: () => clock.ms })
  const ended: string[] = []
  signIns.onEnded(({ name }) => ended.push(name))
  const pass = (ms: number): void => {
    clock.ms += ms
    vi.advanceTimersByTime(ms)
  }
  return { ended, pass, signIns, [Symbol.dispose]: () => signIns.close() }
}

const named = (name: string): Principal => ({ name, role: 'viewer' })

test('each is there until its time is over, whichever came first, and is told once', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    using it = create()
    it.signIns.add('long', named('long'), 40 * 86_400_000)
    it.signIns.add('short', named('short'), 1_000)
    it.signIns.add('middle', named('middle'), 5_000)
    it.pass(999)
    expect([it.ended, it.signIns.get('short')?.name]).toEqual([[], 'short'])
    it.pass(1)
    expect([it.ended, it.signIns.get('short')]).toEqual([['short'], undefined])
    it.pass(4_000)
    expect(it.ended).toEqual(['short', 'middle'])
    it.pass(30 * 86_400_000)
    expect(it.signIns.principals().map(({ name }) => name)).toEqual(['long'])
    it.pass(10 * 86_400_000)
    expect(it.ended).toEqual(['short', 'middle', 'long'])
  } finally {
    vi.useRealTimers()
  }
})

test('one that is ended by hand is over at once', () => {
  using it = create()
  it.signIns.add('a', named('a'), 1_000)
  expect([it.signIns.end('a'), it.signIns.end('a'), it.signIns.get('a'), it.ended]).toEqual([true, false, undefined, ['a']])
})

test('there are so many at most: the one that would be over next makes room', () => {
  using it = create(2)
  it.signIns.add('a', named('a'), 3_000)
  it.signIns.add('b', named('b'), 2_000)
  it.signIns.add('c', named('c'), 1_000)
  expect([it.ended, it.signIns.principals().map(({ name }) => name)]).toEqual([['b'], ['a', 'c']])
})

test('who signs in again and again makes room of its own, however long that would last', () => {
  using it = create(4)
  it.signIns.add('person', named('person'), 1_000)
  for (const key of ['1', '2', '3', '4', '5']) it.signIns.add(key, named('program'), 60_000)
  expect([it.ended, it.signIns.get('person')?.name]).toEqual([['program', 'program'], 'person'])
  for (const name of ['a', 'b', 'c']) it.signIns.add(name, named(name), 60_000)
  expect(it.ended).toEqual(['program', 'program', 'program', 'program', 'person'])
})
