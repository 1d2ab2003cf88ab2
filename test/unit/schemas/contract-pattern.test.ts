import { checkPattern } from '@halibut-gateway/schemas'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test.each([
  '^[A-Za-z0-9_-]{1,100}$',
  '^(foo|far)$',
  '^(a|ab)(c|bcd)$',
  '^[a-z]+(-[a-z]+)*$',
  '^\\d{1,3}(\\.\\d{1,3}){3}$',
  '^[^@\\s]+@[^@\\s]+$',
  '^(?:a|)$',
  '^\\^\\$\\.\\/[\\-\\]]$',
  '^.*$',
  '^ü+$',
  '^a{3,}b$',
  '^$',
])('%s is a linear pattern', pattern => {
  expect(checkPattern(pattern)).toBeUndefined()
})

test.each<[string, RegExp]>([
  ['^(a+)+$', /more than one way/],
  ['^a*a*$', /more than one way/],
  ['^.*x.*$', /more than one way/],
  ['^[a-z]+(-?[a-z]+)*$', /more than one way/],
  ['^(a|a)(b|b)$', /more than one way/],
  ['^(\\w|\\d)*$', /more than one way/],
  ['^(a?)*$', /may be empty/],
  ['^(a*|b*)$', /may be empty/],
  ['^(a{1,100}){1,100}$', /more than 1000 characters/],
  [`^${'a'.repeat(600)}$`, /more than 512 characters/],
  ['a', /begin with \^ and end with \$/],
  ['^a\\$', /ends too early/],
  ['^a|b$', /parentheses around its alternatives/],
  ['^(a$', /not closed/],
  ['^a)$', /at character 3/],
  ['^(?=a)a$', /not known here/],
  ['^(?<n>a)$', /not known here/],
  ['^(a)\\1$', /not known here/],
  ['^\\bfoo$', /not known here/],
  ['^a+?$', /not known here/],
  ['^[z-a]$', /range/],
  ['^a{2,1}$', /from 2 to 1/],
  ['^[a-\\d]$', /range/],
])('%s is refused', (pattern, why) => {
  expect(checkPattern(pattern)).toMatch(why)
})

/** A pattern as it is made up, and as its text. */
type Made =
  | { readonly of: 'characters'; readonly characters: string }
  | { readonly of: 'all'; readonly parts: readonly Made[] }
  | { readonly of: 'any'; readonly parts: readonly Made[] }
  | { readonly of: 'repeat'; readonly part: Made; readonly least: number; readonly most: number }

const { made } = fc.letrec<{ made: Made }>(tie => ({
  made: fc.oneof(
    { maxDepth: 4, depthSize: 'medium' },
    fc.record({ of: fc.constant('characters' as const), characters: fc.constantFrom('a', 'b', 'c', 'ab', 'bc', 'abc') }),
    fc.record({ of: fc.constantFrom('all' as const, 'any' as const), parts: fc.array(tie('made'), { minLength: 1, maxLength: 3 }) }),
    fc.record({
      of: fc.constant('repeat' as const),
      part: tie('made'),
      least: fc.nat({ max: 2 }),
      most: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
    }),
  ),
}))

function textOf(it: Made): string {
  if (it.of === 'characters') return it.characters.length === 1 ? it.characters : `[${it.characters}]`
  if (it.of === 'repeat')
    return `(?:${textOf(it.part)}){${it.least},${it.most === Number.POSITIVE_INFINITY ? '' : Math.max(it.most, it.least)}}`
  return `(?:${it.parts.map(textOf).join(it.of === 'any' ? '|' : '')})`
}

/** The nodes of a pattern whose counts are written out. */
function placesOf(it: Made): number {
  if (it.of === 'characters') return 1
  if (it.of === 'repeat') return 1 + placesOf(it.part) * (it.most === Number.POSITIVE_INFINITY ? it.least + 1 : Math.max(it.most, it.least))
  return 1 + it.parts.reduce((sum, part) => sum + placesOf(part), 0)
}

/** Steps for each node and character that no linear pattern needs. */
const stepsForEach = 2

/** Matches as an engine does that tries one way after the other, and counts its steps. */
function match(pattern: Made, text: string): { readonly fits: boolean; readonly steps: number } {
  let steps = 0
  const run = (it: Made, at: number, then: (at: number) => boolean): boolean => {
    steps++
    if (it.of === 'characters') return it.characters.includes(text[at] ?? '!') && then(at + 1)
    if (it.of === 'any') return it.parts.some(part => run(part, at, then))
    if (it.of === 'all') {
      const from = (i: number, here: number): boolean => {
        const part = it.parts[i]
        return part ? run(part, here, next => from(i + 1, next)) : then(here)
      }
      return from(0, at)
    }
    const most = Math.max(it.most, it.least)
    const again = (count: number, here: number): boolean =>
      (count < most && run(it.part, here, next => (next > here || count < it.least) && again(count + 1, next))) ||
      (count >= it.least && then(here))
    return again(0, at)
  }
  return { fits: run(pattern, 0, at => at === text.length), steps }
}

test('an engine that tries one way after the other matches what is accepted in a time that grows with the text alone', () => {
  let accepted = 0
  let ratio = 0
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 30 }),
    fc.tuple(fc.constantFrom('a', 'b', 'ab', 'abc'), fc.nat({ max: 100 })).map(([part, count]) => `${part.repeat(count)}d`),
  )
  fc.assert(
    fc.property(made, fc.array(text, { minLength: 5, maxLength: 10 }), (pattern, texts) => {
      const whole = `^${textOf(pattern)}$`
      if (checkPattern(whole) !== undefined) return
      accepted++
      for (const each of texts) {
        const { fits, steps } = match(pattern, each)
        expect([whole, each, fits]).toEqual([whole, each, new RegExp(whole, 'u').test(each)])
        ratio = Math.max(ratio, steps / (placesOf(pattern) * (each.length + 1)))
      }
    }),
    { numRuns: 3_000 },
  )
  expect(accepted).toBeGreaterThan(300)
  expect(ratio).toBeLessThan(stepsForEach)
})

test('the same engine needs more for a pattern that is refused', () => {
  const some: Made = { of: 'repeat', part: { of: 'characters', characters: 'a' }, least: 0, most: Number.POSITIVE_INFINITY }
  const pattern: Made = { of: 'all', parts: [some, some] }
  const text = `${'a'.repeat(200)}d`
  expect(checkPattern(`^${textOf(pattern)}$`)).toBeDefined()
  expect(match(pattern, text).steps / (placesOf(pattern) * (text.length + 1))).toBeGreaterThan(stepsForEach)
})

test('a pattern with too many ways is refused soon', () => {
  const letters = Array.from({ length: 160 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('|')
  const startedMs = performance.now()
  expect(checkPattern(`^(?:${letters}){6}$`)).toBe('has too many ways to be checked')
  expect(performance.now() - startedMs).toBeLessThan(1_000)
})
