import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryBudget, type MemoryShare } from '../../../../server/src/base/memory-budget.ts'

/** Takes `step` bytes at a time until it is refused; returns what it has then. */
function takeAll(share: MemoryShare, step = 1): number {
  for (;;) {
    try {
      share.reserve(step)
    } catch {
      return share.used
    }
  }
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
