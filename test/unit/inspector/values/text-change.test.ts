import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changeBetween } from '../../../../server/inspector/src/values/text-change.ts'

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
