import { expect, test } from 'vitest'
import { LineBudget } from '../../../../server/src/base/line-budget.ts'

test('so many lines are written in a minute, and the next one after that says how many were not', () => {
  let now = 0
  const lines = new LineBudget(2, () => now)
  expect([1, 2, 3, 4].map(() => lines.take().allowed)).toEqual([true, true, false, false])
  now = 59_999
  expect(lines.take()).toEqual({ allowed: false })
  now = 60_000
  expect([lines.take(), lines.take()]).toEqual([
    { allowed: true, missed: 3 },
    { allowed: true, missed: 0 },
  ])
})
