import { search } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const { pattern } = fc.letrec<{ pattern: string }>(tie => ({
  pattern: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.constantFrom('a', 'b', 'ab', '.', '[ab]', '[^a]', '\\w', '\\d', ''),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `${one}${other}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}')).map(([of, count]) => `(${of})${count}`),
  ),
}))

test('a pattern is found where the engine of the language finds it', () => {
  const ends = fc.tuple(fc.constantFrom('', '^'), fc.constantFrom('', '$'))
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', '\n', '😀'), maxLength: 12 })
  fc.assert(
    fc.property(pattern, ends, text, (inner, [begin, end], where) => {
      const whole = `${begin}(?:${inner})${end}`
      expect(search(whole).isFoundIn(where)).toBe(new RegExp(whole, 'u').test(where))
    }),
    { numRuns: 2_000 },
  )
})

test.each([
  ['a|b', 'xb'],
  ['\\$', 'costs $5'],
  ['x\\\\$', 'x\\'],
  ['', ''],
  ['^', 'anything'],
  ['$', 'anything'],
])('%s is found in %s', (what, where) => {
  expect(search(what).isFoundIn(where)).toBe(true)
})

test('patterns that take other engines for ever take this one a moment', () => {
  for (const evil of ['^(a+)+$', '^(a|a)*$', '(a*)*b', '^(.*)*x$', '(a|aa)+$']) {
    expect(search(evil).isFoundIn(`${'a'.repeat(5_000)}!`)).toBe(false)
  }
})

test('a search that would take long is given up, and so is a pattern that would be long', () => {
  expect(() => search(`(${'a?'.repeat(100)}){10}b`).isFoundIn('a'.repeat(100_000))).toThrow(/takes too long/)
  expect(() => search('((a{100}){100}){100}')).toThrow(/too long where its counts are written out/)
  expect(() => search('a'.repeat(513))).toThrow(/more than 512 characters/)
})

test('of a very long text the beginning is looked through, and what is not found there is not known', () => {
  const text = `${'a'.repeat(100_000)}b`
  expect(search('a{3}').isFoundIn(text)).toBe(true)
  for (const pattern of ['b', 'a$']) expect(() => search(pattern).isFoundIn(text)).toThrow(/has 100001 characters/)
})

test.each([
  ['(?=a)', /"=" at character 3/],
  ['a\\1', /at character 3/],
  ['^a|b', /parentheses around its alternatives/],
  ['a(', /ends too early|not closed/],
])('%s is refused with the place', (what, why) => {
  expect(() => search(what)).toThrow(why)
})
