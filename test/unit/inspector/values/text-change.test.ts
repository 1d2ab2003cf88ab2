import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeBetween, lineOf } from '../../../../server/inspector/src/values/text-change.ts'

test('the change between two texts makes the one of the other', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (old, next) => {
      const change = changeBetween(old, next)
      if (!change) expect(next).toBe(old)
      else expect(old.slice(0, change.from) + change.insert + old.slice(change.to)).toBe(next)
    }),
  )
  expect(changeBetween('[1, 2]', '[1, 32]')).toEqual({ from: 4, to: 4, insert: '3' })
})

test('a place has a line and a column', () => {
  expect([0, 1, 2, 4].map(at => lineOf('a\nbc', at))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 2 },
    { line: 2, column: 1 },
    { line: 2, column: 3 },
  ])
})
