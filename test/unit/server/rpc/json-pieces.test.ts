import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLongJson, jsonPieces } from '../../../../server/src/rpc/json-pieces.ts'

const textOf = (value: unknown): string => [...jsonPieces(value)].join('')

test('the pieces of any value are its JSON text', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.integer({ min: 0, max: 2_000 }), (value, times) => {
      expect(textOf(value)).toBe(JSON.stringify(value))
      const many = { first: 1, many: Array.from({ length: times }, () => value), last: [undefined, { gone: undefined, there: 1 }] }
      expect(textOf(many)).toBe(JSON.stringify(many))
    }),
    { numRuns: 100 },
  )
})

test('a long string is cut nowhere within a pair of surrogates', () => {
  for (const before of ['', 'x']) {
    const text = `${before}${'😀'.repeat(40_000)}\u0000"\\${'é'.repeat(70_000)}\ud83d`
    expect(textOf({ text, [text.slice(0, 9_000)]: 1 })).toBe(JSON.stringify({ text, [text.slice(0, 9_000)]: 1 }))
  }
})

test('no piece is much longer than a few kilobytes, but for what must be escaped', () => {
  const entries = Array.from({ length: 20_000 }, (_, i) => ({ i, text: 'x'.repeat(100) }))
  for (const piece of jsonPieces({ entries, text: 'y'.repeat(1_000_000) })) expect(piece.length).toBeLessThan(40_000)
})

test('whether a text is long is told without reading much of the value', () => {
  let read = 0
  const items = Array.from({ length: 10_000 }, () => ({
    get text() {
      read++
      return 'x'.repeat(98)
    },
  }))
  expect(isLongJson(items, 1_000)).toBe(true)
  expect(read).toBeLessThan(20)
  for (const value of [[], {}, null, true, 'a', [1, [2]], { a: { b: 'c' } }]) {
    expect(isLongJson(value, JSON.stringify(value).length + 8)).toBe(false)
    expect(isLongJson({ value, more: 'x'.repeat(100) }, 100)).toBe(true)
  }
})
