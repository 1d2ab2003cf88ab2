import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineAndColumn, pointerPart, readJson } from '../../../../server/inspector/src/values/json-places.ts'

test('a JSON text is read as JSON.parse reads it, whatever it is, and refused where that refuses it', () => {
  const text = fc.oneof(
    fc.json(),
    fc.jsonValue().map(each => JSON.stringify(each, undefined, 2)),
    fc.string({ maxLength: 40 }),
  )
  fc.assert(
    fc.property(text, fc.nat(60), fc.constantFrom('', '"', ',', '}', ']', '\\', '\n', 'x'), (whole, at, put) => {
      const each = whole.slice(0, at) + put + whole.slice(at)
      const read = readJson(each)
      let parsed: unknown
      try {
        parsed = JSON.parse(each)
      } catch {
        expect(read.ok).toBe(false)
        return
      }
      // What stands twice is refused here: JSON.parse takes the last one without a word.
      if (read.ok) expect(read.value).toEqual(parsed)
      else expect(read.problem.message).toMatch(/stands here twice|nested deeper/)
    }),
  )
})

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
  expect(problemOf('{\n  "rules": [,]\n}')).toBe('2:13 a value was expected here')
  expect(problemOf('{\n  "a": 1\n  "b": 2\n}')).toBe('3:3 a comma or } was expected here')
  expect(problemOf('{ a: 1 }')).toBe('1:3 a name in double quotes was expected here')
  expect(problemOf('{"a": yes}')).toBe('1:7 yes is no JSON value')
  expect(problemOf('{"a": 1, "a": 2}')).toBe('1:10 "a" stands here twice')
  expect(problemOf('["a\n"]')).toBe('1:2 this text has no end: a double quote is missing')
  expect(problemOf('[1] 2')).toBe('1:5 nothing more was expected here')
  expect(problemOf('[')).toBe('1:1 the text ends where a value was expected')
  expect(problemOf('['.repeat(80))).toContain('nested deeper than 64')
})

test('what is missing is told at the nearest part that is there', () => {
  const text = '{"rules": [{"name": "a"}]}'
  const read = readJson(text)
  if (!read.ok) throw new Error('it is JSON')
  const at = ({ from, to }: { from: number; to: number }): string => text.slice(from, to)
  expect(at(read.placeOf('/rules/0/who/1'))).toBe('{"name": "a"}')
  expect(at(read.placeOf('/nothing/of/this'))).toBe(text)
})
