import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryBudget, type MemoryHold, type MemoryShare } from '../../../../server/src/base/memory-budget.ts'

/** Takes `step` bytes at a time until it is refused; returns what it has then. */
function takeAll(share: MemoryShare, step = 1): number {
  for (let i = 0; i < 10_000; i++) {
    try {
      share.reserve(step)
    } catch {
      return share.used
    }
  }
  throw new Error('nothing was refused')
}

test('one owner alone gets half, however many shares it uses, and the next ones as much as is left then', () => {
  const budget = new MemoryBudget(1_200, 'aLimit')
  const shares = [budget.share('A'), budget.share('A')] as const
  shares[0].reserve(500)
  expect(takeAll(shares[1])).toBe(600)
  expect(takeAll(budget.share('B'))).toBe(300)
  expect(takeAll(budget.share('C'))).toBe(150)
  expect(budget.used).toBe(1_050)
  shares[1].release(100)
  expect(shares[0].used).toBe(500)
})

test('what is refused names the limit and is not reserved', () => {
  const share = new MemoryBudget(1_000, 'aLimit').share('A')
  share.reserve(400)
  expect(() => share.reserve(101)).toThrow(expect.objectContaining({ kind: 'memory_limit', message: expect.stringContaining('aLimit') }))
  expect(share.used).toBe(400)
})

test('owners that take all they can leave something for whoever comes, and what is given back is there again', () => {
  const step = fc.record({ owner: fc.integer({ min: 0, max: 9 }), bytes: fc.integer({ min: 1, max: 2_000 }), back: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const budget = new MemoryBudget(10_000, 'aLimit')
      const model = new Map<number, number>()
      for (const { owner, bytes, back } of steps) {
        const share = budget.share(String(owner))
        const own = model.get(owner) ?? 0
        if (back) {
          const some = Math.min(own, bytes)
          share.release(some)
          model.set(owner, own - some)
          continue
        }
        const free = 10_000 - budget.used
        const fits = own + bytes <= free - bytes
        if (fits) share.reserve(bytes)
        else expect(() => share.reserve(bytes)).toThrow('aLimit')
        model.set(owner, fits ? own + bytes : own)
      }
      for (const [owner, own] of model) expect(budget.usedBy(String(owner))).toBe(own)
      expect(budget.used).toBe([...model.values()].reduce((sum, own) => sum + own, 0))
      expect(budget.used).toBeLessThan(10_000)
    }),
  )
})

describe('what is held for too long', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] })
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  /** A budget of 1,000 with a patience of 100 ms, and what was given up. */
  function heldBudget() {
    const budget = new MemoryBudget(1_000, 'aLimit', { patienceMs: 100 })
    const givenUp: string[] = []
    const hold = (owner: string, bytes: number): MemoryHold => {
      let held = bytes
      const memory = budget.share(owner).hold(why => {
        expect(why).toMatchObject({ kind: 'memory_limit', message: expect.stringContaining('100 ms') })
        givenUp.push(`${owner} ${held}`)
        memory.release(held)
        held = 0
      })
      memory.reserve(bytes)
      return memory
    }
    return { budget, hold, givenUp }
  }

  test('it goes when its memory is needed, the largest first and no more than that', () => {
    const { budget, hold, givenUp } = heldBudget()
    hold('A', 100)
    hold('A', 250)
    hold('B', 150)
    vi.advanceTimersByTime(100)
    hold('C', 200)
    expect(givenUp).toEqual([])
    budget.share('D').reserve(250)
    expect(givenUp).toEqual(['A 250'])
    expect(budget.used).toBe(700)
  })

  test('it stays before its time, and where it would not help', () => {
    const { budget, hold, givenUp } = heldBudget()
    hold('A', 300)
    vi.advanceTimersByTime(99)
    expect(() => budget.share('D').reserve(400)).toThrow('aLimit')
    vi.advanceTimersByTime(1)
    expect(() => budget.share('D').reserve(501)).toThrow('aLimit')
    expect(givenUp).toEqual([])
    budget.share('D').reserve(400)
    expect(givenUp).toEqual(['A 300'])
  })

  test('its time begins with the first byte that it holds, and it does not give way to itself', () => {
    const { budget, hold, givenUp } = heldBudget()
    const memory = hold('A', 300)
    memory.release(300)
    vi.advanceTimersByTime(200)
    memory.reserve(300)
    expect(() => budget.share('D').reserve(400)).toThrow('aLimit')
    vi.advanceTimersByTime(100)
    expect(() => memory.reserve(300)).toThrow('aLimit')
    expect(givenUp).toEqual([])
    expect(budget.used).toBe(300)
  })
})
