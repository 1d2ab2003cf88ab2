import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineAndColumn, pointerPart, readJson } from '../../../../server/inspector/src/values/json-places.ts'

test('every part of a text is found where it stands', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 }), value => {
      const text = JSON.stringify(value, undefined, 2)
      const read = readJson(text)
      if (!read.ok) throw new Error(read.problem.message)
      for (const [name, member] of Object.entries(value)) {
        const { from, to } = read.placeOf(`/${pointerPart(name)}`)
        expect(JSON.parse(text.slice(from, to))).toEqual(JSON.parse(JSON.stringify(member)))
      }
    }),
  )
})

test('a problem is told with its line and column, in words', () => {
  const problemOf = (text: string) => {
    const read = readJson(text)
    if (read.ok) throw new Error('it is JSON')
    const { line, column } = lineAndColumn(text, read.problem.place.from)
    return `${line}:${column} ${read.problem.message}`
  }
  expect(problemOf('{\n  "rules": [,]\n}')).toBe('2:13 a value is expected, not ","')
  expect(problemOf('{\n  "a": 1\n  "b": 2\n}')).toBe('3:3 a comma or } is expected, not "\\""')
  expect(problemOf('{ a: 1 }')).toBe('1:3 the name of a member in double quotes is expected')
  expect(problemOf('{"a": yes}')).toBe('1:7 a value is expected, not "y"')
  expect(problemOf('{"a": 1, "a": 2}')).toBe('1:10 the name "a" is there twice')
  expect(problemOf('["a\n"]')).toBe('1:4 a line break or control character in a text is written with a backslash')
  expect(problemOf('[1] 2')).toBe('1:5 more follows than one value')
  expect(problemOf('[')).toBe('1:1 a value is expected, and the text ends')
  expect(problemOf('['.repeat(80))).toContain('more than 64 values stand in each other')
})

test('what is missing is told at the nearest part that is there', () => {
  const text = '{"rules": [{"name": "a"}]}'
  const read = readJson(text)
  if (!read.ok) throw new Error('it is JSON')
  const at = ({ from, to }: { from: number; to: number }): string => text.slice(from, to)
  expect(at(read.placeOf('/rules/0/who/1'))).toBe('{"name": "a"}')
  expect(at(read.placeOf('/nothing/of/this'))).toBe(text)
})

test('a place has a line and a column', () => {
  expect([0, 1, 2, 4].map(at => lineAndColumn('a\nbc', at))).toEqual([
    { line: 1, column: 1 },
    { line: 1, column: 2 },
    { line: 2, column: 1 },
    { line: 2, column: 3 },
  ])
})
