import { emptyCollection, fill, readCollection, valuesOf, writeCollection } from '@halibut-gateway/schemas/collection'
import { list, member, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { withoutSecrets } from '../../../../server/inspector/src/values/form-values.ts'
import { mayHoldSecret, resultWithoutSecrets } from '../../../../server/inspector/src/values/masked-secrets.ts'
import { saveable } from '../../../../server/inspector/src/values/saved-call.ts'
import { linkOf, readLink } from '../../../../server/inspector/src/values/saved-call-link.ts'

const login = object('Sample.Login, Sample', { User: string, Password: member(string, { secret: true }) })
const contract = service('ISecrets', {
  Send: method(
    [
      ['logins', list(login)],
      ['pin', member(string, { secret: true })],
      ['note', string],
    ],
    string,
  ),
  Get: method([], list(login)),
})
const json = contractJson(contract)
const [send] = json.contract.methods
const args = [
  [
    { User: 'ada', Password: 'one' },
    { User: 'bob', Password: 'two' },
  ],
  '1234',
  'as {{note}}',
]
const shownArgs = args.map((arg, i) => withoutSecrets(json, send?.params[i] ?? { type: 'object' }, arg))
const call = {
  agent: 'web-1',
  service: 'ISecrets',
  signature: 'Send(...)',
  args,
  shownArgs,
  names: ['logins', 'pin', 'note'],
  timeoutMs: 500,
}

test('what the contract calls a secret is saved as a variable that each run says, and all else as it is', () => {
  const taken = {
    ...emptyCollection('Some'),
    variables: { pin: { value: 1 } },
    calls: [{ name: 'Send', agent: 'a', service: 's', method: 'm', args: [] }],
  }
  const made = saveable(call, taken)
  if (typeof made === 'string') throw new Error(made)
  expect(made.call).toEqual({
    name: 'Send 2',
    agent: 'web-1',
    service: 'ISecrets',
    method: 'Send(...)',
    args: [
      [
        { User: 'ada', Password: '{{Password}}' },
        { User: 'bob', Password: '{{Password2}}' },
      ],
      '{{pin2}}',
      'as \\{{note}}',
    ],
    timeoutMs: 500,
  })
  expect(Object.keys(made.variables)).toEqual(['Password', 'Password2', 'pin2'])
  const collection = { ...taken, variables: { ...made.variables, ...taken.variables }, calls: [made.call] }
  const text = writeCollection(collection)
  for (const secret of ['"one"', '"two"', '1234']) expect(text).not.toContain(secret)
  expect(readCollection(text)).toHaveProperty('collection')
  // With what a run says it is the call that it was.
  const values = valuesOf(collection.variables, { Password: 'one', Password2: 'two', pin2: '1234' })
  expect(fill(made.call.args, values, problem => expect.unreachable(problem))).toEqual(args)
})

test('a call that takes a file is not saved, and says so', () => {
  for (const file of [new File(['x'], 'x.txt'), { Content: { $file: 'x.txt' } }]) {
    expect(saveable({ ...call, args: [file], shownArgs: [file] }, emptyCollection('Some'))).toContain('takes a file')
  }
  const text = [{ $text: 'x' }]
  expect(saveable({ ...call, args: text, shownArgs: text }, emptyCollection('Some'))).toMatchObject({ call: { args: text } })
})

test('a link holds one call with the variables that it names and no secret, and is read again', () => {
  const saved = { name: 'Greets', agent: '{{agent}}', service: 'S', method: 'M', args: ['{{pin}}'] }
  const variables = { agent: { value: 'web-1' }, pin: { secret: true as const, value: 'hidden' }, other: { value: 2 } }
  const link = linkOf(saved, { ...emptyCollection('Some'), variables, calls: [saved] }) ?? ''
  expect(link).toMatch(/^[\w-]+$/)
  expect(readLink(link)).toEqual({
    collection: { ...emptyCollection('Some'), variables: { agent: { value: 'web-1' }, pin: { secret: true } }, calls: [saved] },
  })
  expect(linkOf({ ...saved, args: ['x'.repeat(20_000)] }, emptyCollection('Some'))).toBeUndefined()
})

test.each([
  ['cut off', (link: string) => link.slice(0, -5), /is no JSON|cut off/],
  ['changed', (link: string) => `${link}!`, /cut off, or was changed/],
  ['very long', () => 'A'.repeat(20_000), /longer than 16,384 characters/],
  ['of something else', () => btoa('{"a":1}').replaceAll('=', ''), /\/format: it is no file of saved calls/],
])('a link that is %s is refused, and says why', (_, change, why) => {
  const saved = { name: 'Greets', agent: 'a', service: 'S', method: 'M', args: [] }
  const read = readLink(change(linkOf(saved, emptyCollection('Some')) ?? ''))
  expect('problem' in read && read.problem).toMatch(why)
})

test('an answer with a secret in it is known by its contract', () => {
  const [, get] = json.contract.methods
  expect(get && mayHoldSecret(json, get.result)).toBe(true)
  expect(send && mayHoldSecret(json, send.result)).toBe(false)
  expect(resultWithoutSecrets(json, 'Get()', [{ User: 'ada', Password: 'one' }])).toEqual([{ User: 'ada', Password: '•••' }])
  expect(resultWithoutSecrets('missing', 'Get()', 1)).toBe(1)
})
