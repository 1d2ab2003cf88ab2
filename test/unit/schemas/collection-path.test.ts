import { memberText, parsePath } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { select } from '../../../schemas/src/collection-path.ts'

const answer = { Items: [{ Title: 'one' }, { Title: 'two', "it's": 1 }], 'a b': { Title: 'deep' }, Nothing: null }
const leadsTo: readonly (readonly [string, readonly unknown[]])[] = [
  ['$', [answer]],
  ['$.Nothing', [null]],
  ['$.Items[0].Title', ['one']],
  ['$.Items[-1].Title', ['two']],
  ['$.Items[2]', []],
  ['$.Items[-3]', []],
  ['$.Items.length', []],
  ["$['a b'].Title", ['deep']],
  ['$["a b"]["Title"]', ['deep']],
  [String.raw`$.Items[1]['it\'s']`, [1]],
  ['$.Items[*].Title', ['one', 'two']],
  ['$.*', [answer.Items, answer['a b'], null]],
  ['$..Title', ['one', 'two', 'deep']],
  ['$..[0]', [answer.Items[0]]],
  ['$.Nothing.more', []],
  ['$.toString', []],
]
test.each(leadsTo)('%s leads where RFC 9535 says', (path, values) => {
  expect(select(answer, parsePath(path)).map(({ value }) => value)).toEqual(values)
})

test.each(['', 'Title', '$Title', '$.', '$.Items[', '$.Items[1:2]', '$[?@.a]', "$['a]", '$...a', '$.Items[1.5]', String.raw`$['\q']`])(
  '%s is refused, with the character',
  path => {
    expect(() => parsePath(path)).toThrow(/^(a path begins with \$|".*" at character \d+ is no step)/s)
  },
)

test('a place is told as a path that leads there alone', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
      for (const { path, value: there } of select(value, parsePath('$..*'))) {
        expect(select(value, parsePath(path))).toEqual([{ path, value: there }])
      }
    }),
  )
})

test('any name of a member can be said', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), name => {
      const value = Object.fromEntries([[name, 1]])
      expect(select(value, parsePath(`$${memberText(name)}`))).toHaveLength(1)
    }),
  )
})

test('a path through very many places is given up', () => {
  const wide = Array.from({ length: 400 }, () => Array.from({ length: 400 }, () => 0))
  for (const path of ['$[*][*]', '$..a']) expect(() => select(wide, parsePath(path))).toThrow(/more than 100,000 places/)
  const long = Array.from({ length: 300_000 }, () => 0)
  expect(() => select(long, parsePath('$..a'))).toThrow(/more than 100,000 places/)
})
