import { expect, test } from 'vitest'
import { beginningOfJson } from '../../../../server/inspector/src/values/beginning-of-json.ts'

test('what fits is the JSON text, indented or not', () => {
  for (const value of [null, 1, 'a"b', [], {}, [1, { a: [true, null], 'b"': 'c' }], { x: { y: [{}] } }]) {
    expect(beginningOfJson(value, 1_000)).toEqual({ text: JSON.stringify(value, null, 2), isWhole: true })
    expect(beginningOfJson(value, 1_000, '')).toEqual({ text: JSON.stringify(value), isWhole: true })
  }
})

test('of a large value no more is looked at than is shown', () => {
  let read = 0
  const items = Array.from({ length: 100_000 }, () => ({
    get text() {
      read++
      return 'x'.repeat(100)
    },
  }))
  const { text, isWhole } = beginningOfJson({ items, more: 'y'.repeat(10_000_000) }, 1_000)
  expect([text, isWhole]).toEqual([JSON.stringify({ items: items.slice(0, 20) }, null, 2).slice(0, 1_000), false])
  expect(read).toBeLessThan(50)
})
