import { asTemplate, fill, namesIn, valuesOf } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'

function filled(template: unknown, said: Record<string, unknown>): { value: unknown; problems: string[] } {
  const problems: string[] = []
  return { value: fill(template, valuesOf({}, said), reason => void problems.push(reason)), problems }
}
const known = { who: 'Ada', count: 3, list: [1, 2], no: false, nothing: null }
/** Each of them may be said. */
const of = (names: object) => Object.fromEntries(Object.keys(names).map(name => [name, {}]))
const fillKnown = (template: unknown) => {
  const problems: string[] = []
  return { value: fill(template, valuesOf(of(known), known), reason => void problems.push(reason)), problems }
}

test('a variable alone keeps its type, and within a text it is written out', () => {
  const template = ['{{count}}', '{{ list }}', '{{nothing}}', { '{{who}}': 'Hello {{who}}, {{count}} of {{no}}' }]
  expect(fillKnown(template)).toEqual({
    value: [3, [1, 2], null, { '{{who}}': 'Hello Ada, 3 of false' }],
    problems: [],
  })
})

test('what cannot be filled in is told, and stays', () => {
  expect(fillKnown(['{{missing}}', 'a {{list}}', 'a {{nothing}}'])).toEqual({
    value: ['{{missing}}', 'a {{list}}', 'a {{nothing}}'],
    problems: [
      'the variable missing has no value',
      'the variable list is a list, which cannot stand within a longer text',
      'the variable nothing is null, which cannot stand within a longer text',
    ],
  })
  // Only what the file names can be said.
  expect(filled('{{toString}}', { toString: 1 }).problems).toEqual(['the variable toString has no value'])
})

test('a value that looks like a variable can be said as it is', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.array(fc.constantFrom('{{who}}', 'x', '{{', '}}', '{{ count }}', ' ')).map(parts => parts.join('')),
      (json, text) => {
        const value = [json, text, { [text]: text }]
        expect(namesIn(asTemplate(value)).size).toBe(0)
        expect(fillKnown(asTemplate(value))).toEqual({ value, problems: [] })
      },
    ),
  )
})

test('a run says values before those of the file, and a secret only a run', () => {
  const values = valuesOf({ a: { value: 1 }, b: { value: 2 }, pin: { secret: true, value: 'in the file' } }, { b: 3 })
  expect({ ...values }).toEqual({ a: 1, b: 3 })
  expect({ ...valuesOf({ pin: { secret: true } }, { pin: 'said' }) }).toEqual({ pin: 'said' })
})
