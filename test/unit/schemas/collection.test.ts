import { type Collection, collectionLimits, problemText, readCollection, writeCollection } from '@halibut-gateway/schemas/collection'
import { expect, test } from 'vitest'

const call = { name: 'Greets', agent: 'web-1', service: 'S', method: 'M', args: [] }
const file = (more: object = {}, calls: readonly object[] = [call]): object => ({
  format: 'halibut-gateway-collection',
  version: 1,
  name: 'Some',
  calls,
  ...more,
})

/** What is wrong with a file, a line a problem. */
function problemsOf(value: object | string): readonly string[] {
  const read = readCollection(typeof value === 'string' ? value : JSON.stringify(value))
  return 'problems' in read ? read.problems.map(problemText) : []
}

test('what was written is read again, but for the values of secrets', () => {
  const collection: Collection = {
    format: 'halibut-gateway-collection',
    version: 1,
    name: 'Some',
    variables: {
      who: { value: ['Ada', null] },
      password: { secret: true, value: 'tell nobody' },
      later: { description: 'said by each run' },
    },
    calls: [{ ...call, args: ['{{who}}', { deep: ['{{password}}'] }], assertions: [{ path: '$', exists: true }] }],
  }
  const text = writeCollection(collection)
  expect(text).not.toContain('tell nobody')
  expect(readCollection(text)).toEqual({
    collection: { ...collection, variables: { ...collection.variables, password: { secret: true } } },
  })
})

test('whole numbers that JSON’s reader would round are kept to the digit', () => {
  const read = readCollection(JSON.stringify(file({}, [{ ...call, args: ['x'] }])).replace('"x"', '9007199254740993'))
  expect(read).toMatchObject({ collection: { calls: [{ args: ['9007199254740993'] }] } })
})

const wrong: readonly (readonly [string, object | string, RegExp])[] = [
  ['no JSON', '{\n  "format": nothing', /^line 2, column \d+: it is no JSON: /],
  ['an end too early', '{"format": "x"', /^line 1, column 15: it is no JSON: /],
  ['a list', '[]', /^\/format: it is no file of saved calls/],
  ['another file', { openapi: '3.1.0' }, /^\/format: it is no file of saved calls/],
  ['a newer file', file({ version: 2 }), /^\/version: it is of version 2, and the newest that is read here is 1/],
  ['a member that nobody knows', file({ script: 'rm' }), /^\/script: is not known here$/],
  ['a missing name', { ...file(), name: undefined }, /^\/name: is missing: expected a string/],
  ['a name of a variable that is none', file({ variables: { '1st': {} } }), /^\/variables\/1st: the name of a variable is a letter/],
  ['a secret with a value', file({ variables: { pin: { secret: true, value: 1 } } }), /^\/variables\/pin\/value: a secret has no value/],
  ['a call to nobody', file({}, [{ ...call, agent: undefined }]), /^\/calls\/0: it needs an agent or a tag$/],
  ['a call to both', file({}, [{ ...call, tag: 'x' }]), /^\/calls\/0: it has an agent and a tag/],
  ['two calls of one name', file({}, [call, call]), /^\/calls\/1\/name: there is another call "Greets"$/],
  ['a variable that is none', file({}, [{ ...call, args: [1, { a: ['{{who}}'] }] }]), /^\/calls\/0\/args\/1: there is no variable who; /],
  ['a variable named like a member of all objects', file({}, [{ ...call, args: ['{{constructor}}'] }]), /there is no variable constructor/],
  ['an assertion of no kind', file({}, [{ ...call, assertions: [{ path: '$' }] }]), /^\/calls\/0\/assertions\/0: .* here is none$/],
  [
    'an assertion of two kinds',
    file({}, [{ ...call, assertions: [{ path: '$', exists: true, matches: 'a' }] }]),
    /^\/calls\/0\/assertions\/0: .* here are matches and exists$/,
  ],
  [
    'an assertion that says too much',
    file({}, [{ ...call, assertions: [{ error: 'timeout', path: '$' }] }]),
    /\/assertions\/0\/path: is not known here/,
  ],
  ['a kind of error that is none', file({}, [{ ...call, assertions: [{ error: 'timeout' }] }]), /\/error: expected a kind of error/],
  ['an assertion without its place', file({}, [{ ...call, assertions: [{ equals: 1 }] }]), /\/assertions\/0\/path: is missing/],
  [
    'a path that is none',
    file({}, [{ ...call, assertions: [{ path: '$.a[?(@.b)]', exists: true }] }]),
    /\/assertions\/0\/path: "\[\?\(@\.b\)\]" at character 4/,
  ],
  [
    'a pattern that is none',
    file({}, [{ ...call, assertions: [{ path: '$', matches: '(?=a)' }] }]),
    /\/assertions\/0\/matches: has "=" at character 3/,
  ],
  [
    'too many calls',
    file(
      {},
      Array.from({ length: collectionLimits.calls + 1 }, (_, i) => ({ ...call, name: `${i}` })),
    ),
    /^\/calls: expected an array/,
  ],
  [
    'too much within each other',
    JSON.stringify(file()).replace('[]', `${'['.repeat(100)}${']'.repeat(100)}`),
    /^it has more than 64 objects/,
  ],
  ['too long a file', ' '.repeat(collectionLimits.chars + 1), /^it has 1,048,577 characters; at most 1,048,576$/],
]
test.each(wrong)('a file is refused with the place and the reason: %s', (_, value, problem) => {
  expect(problemsOf(value)[0]).toMatch(problem)
})

test('of a file with many problems the first twenty are told, each place once', () => {
  const bad = Array.from({ length: 40 }, (_, i) => ({ ...call, name: `${i}`, service: 5 }))
  const problems = problemsOf(file({}, bad))
  expect(problems).toHaveLength(20)
  expect(new Set(problems).size).toBe(20)
})
