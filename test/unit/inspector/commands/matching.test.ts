import fc from 'fast-check'
import { expect, test } from 'vitest'
import { match } from '../../../../server/inspector/src/commands/matching.ts'

/** The texts that fit, the best first. */
const ranked = (typed: string, texts: readonly string[]) =>
  texts
    .map(text => ({ text, score: match(typed, text)?.score }))
    .filter((each): each is { text: string; score: number } => each.score !== undefined)
    .sort((one, other) => other.score - one.score)
    .map(({ text }) => text)

test('the beginning of a word counts more than its middle, and that more than the beginnings of several', () => {
  expect(ranked('age', ['A global engine', 'Manage rules', 'Agents', 'Trust'])).toEqual(['Agents', 'Manage rules', 'A global engine'])
  expect(ranked('tok', ['Take old knots', 'Tokens', 'stokers', 'Take the oak'])).toEqual(['Tokens', 'stokers', 'Take old knots'])
})

test('each word has to fit, in any order, and the letters that were typed are told', () => {
  expect(match('link copy', 'Copy a link')?.hits).toEqual([0, 1, 2, 3, 7, 8, 9, 10])
  expect(match('cal', 'Copy a link')?.hits).toEqual([0, 5, 7])
  expect(match('copy trust', 'Copy a link')).toBeUndefined()
})

test('of texts that fit alike the shorter is meant, and nothing typed fits everything', () => {
  expect(ranked('web-1', ['web-12', 'web-1', 'web-100'])).toEqual(['web-1', 'web-12', 'web-100'])
  expect(match('', 'anything')?.hits).toEqual([])
})

test('every text fits what is cut out of it, and the hits are places of it', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), (text, from, length) => {
      const start = from % text.length
      const typed = text.slice(start, start + 1 + (length % 8))
      // Some letters become two in lower case: such a text need not fit.
      fc.pre(text.toLowerCase().length === text.length)
      const found = match(typed, text)
      expect(found).toBeDefined()
      expect(found?.hits.every(hit => hit >= 0 && hit < text.length)).toBe(true)
    }),
  )
})
