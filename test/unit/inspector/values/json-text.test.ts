import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSame, parseJsonText, patchJsonText, placeOf } from '../../../../server/inspector/src/values/json-text.ts'

const parsed = (text: string) => {
  const it = parseJsonText(text)
  if (!it.ok) throw new Error(`${it.at}: ${it.message}`)
  return it
}

/** As it is read here: whole numbers that were rounded keep their digits. */
const exact = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    Number.isInteger(each) && !Number.isSafeInteger(each) && !String(each).includes('e') ? String(each) : each,
  )

test('every JSON text is read as JSON’s own reader does', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 2), (text, indent) => {
      const value: unknown = JSON.parse(text)
      expect(isSame(parsed(JSON.stringify(value, null, indent)).value, exact(value))).toBe(true)
    }),
  )
  expect(parsed(String.raw`["\u0041\n\"\\\/", 1e3, -0.5, {"__proto__": 1}]`).value).toEqual(
    JSON.parse(String.raw`["\u0041\n\"\\\/", 1e3, -0.5, {"__proto__": 1}]`),
  )
})

test('whatever is no JSON is refused with a place within it, and nothing throws', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json().map(text => text.slice(0, -1)),
      ),
      text => {
        const it = parseJsonText(text)
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        expect(it.ok).toBe(isJson)
        if (!it.ok) expect(it.at).toBeLessThanOrEqual(text.length)
      },
    ),
  )
})

test.each([
  ['[1, ]', 4, 'a value after the comma'],
  ['[1 2]', 3, 'a comma or ]'],
  ['{"a" 1}', 5, 'a colon'],
  ['{"a": 1, "a": 2}', 9, 'is there twice'],
  ['["a', 1, 'does not end'],
  ['{a: 1}', 1, 'in double quotes'],
  ['[nul]', 1, 'a value is expected'],
  ['1 2', 2, 'more follows'],
  [`${'['.repeat(70)}`, 65, 'stand in each other'],
])('%s is wrong at %i: %s', (text, at, why) => {
  expect(parseJsonText(text)).toMatchObject({ ok: false, at, message: expect.stringContaining(why) })
})

test('whole numbers that JavaScript rounds keep their digits', () => {
  expect(parsed('[9007199254740993, -9223372036854775808, 12, 1.5]').value).toEqual(['9007199254740993', '-9223372036854775808', 12, 1.5])
})

test('a place is found by its JSON pointer, and what is missing by what it is missing in', () => {
  const text = '[{"a/b": [1, 22]}, "x"]'
  const { place } = parsed(text)
  const at = (pointer: string) => {
    const { from, to } = placeOf(place, pointer)
    return text.slice(from, to)
  }
  expect(['/0/a~1b/1', '/0/a~1b', '/1', '/0/other', ''].map(at)).toEqual(['22', '[1, 22]', '"x"', '{"a/b": [1, 22]}', text])
})

test('a change of the value changes only that in the text', () => {
  const text = '[ {"a":1,   "b" : [ 1,2 ]}, "x" ]'
  const patched = (value: unknown) => patchJsonText(text, parsed(text) as never, value)
  expect(patched([{ a: 1, b: [1, 2] }, 'x'])).toBe(text)
  expect(patched([{ a: 1, b: [1, 3] }, 'x'])).toBe('[ {"a":1,   "b" : [ 1,3 ]}, "x" ]')
  expect(patched([{ a: 1, b: [1] }, 'y'])).toBe('[ {"a":1,   "b" : [\n      1\n    ]}, "y" ]')
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      const before = JSON.stringify(one, null, 2)
      expect(isSame(parsed(patchJsonText(before, parsed(before) as never, other)).value, exact(other))).toBe(true)
    }),
  )
})
