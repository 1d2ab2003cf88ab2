import type { InvokeResult } from '@halibut-gateway/schemas'
import * as b from '@halibut-gateway/schemas/contract'
import { contractJson, type ErrorData, type RpcError } from '@halibut-gateway/schemas/wire'
import { describe, expect, test } from 'vitest'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../../../server/src/fleet/contract-directory.ts'
import { noStreams } from '../../../../server/src/gateway/streams/stream-table.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { codecMesh } from '../../../support/codec-mesh.ts'
import { createDispatcher } from '../../../support/dispatcher.ts'

// Values on their way through the gateway: from a browser’s JSON to the bytes for an agent, and back.

const byteEnum = b.enumeration('Row.Contracts.Small, Row.Contracts', { A: 1 }, { underlying: 'byte' })
const node = b.object('Row.Contracts.Node, Row.Contracts', { Next: b.nullable(b.ref<unknown>('Node')) })

/** The types under test by their contract names. */
const types = {
  sbyte: b.sbyte,
  int32: b.int32,
  uint32: b.uint32,
  int64: b.int64,
  uint64: b.uint64,
  bigInteger: b.bigInteger,
  float: b.float,
  double: b.double,
  decimal: b.decimal,
  char: b.char,
  guid: b.guid,
  dateTime: b.dateTime,
  dateTimeOffset: b.dateTimeOffset,
  dateOnly: b.dateOnly,
  timeOnly: b.timeOnly,
  timeSpan: b.timeSpan,
  uri: b.uri,
  version: b.version,
  bytes: b.bytes,
  enum: byteEnum,
  words: b.dictionary(b.string, b.string),
  object: b.anything,
  node,
} as const
type TypeName = keyof typeof types

const holder = (name: TypeName): b.Type =>
  b.object(
    `Row.Contracts.Holder\`1, Row.Contracts`,
    {
      Value: name === 'object' ? b.anything : b.nullable(types[name] as b.Type),
      Items: b.nullable(b.list(types[name] as b.Type)),
      Words: b.nullable(b.dictionary(b.string, types[name] as b.Type)),
      Numbers: b.nullable(b.dictionary(b.int32, types[name] as b.Type)),
      Open: b.anything,
    },
    { of: [b.string] },
  )

/** A gateway with one agent, whose method `Echo` gives back what it gets; `Alone` takes the type itself. */
function createRpc(name?: TypeName) {
  const directory = new AgentDirectory()
  directory.add({ id: 'a', uri: 'https://localhost:1/', thumbprint: testIdentity('agent').thumbprint })
  const contracts = new ContractDirectory()
  if (name) {
    const alone = name === 'object' ? {} : { Alone: b.method([['v', types[name] as b.Type]], types[name] as b.Type) }
    contracts.add(b.service('IRow', { Echo: b.method([['v', holder(name)]], holder(name)), ...alone }))
  }
  const { mesh, received } = codecMesh()
  const dispatcher = createDispatcher(mesh, directory, contracts)
  const invoke = async (method: string, args: readonly unknown[]): Promise<{ result?: InvokeResult; error?: RpcError }> =>
    (await dispatcher.dispatch(
      { jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: { agent: 'a', service: 'IRow', method, args } },
      {
        principal: { name: 'p', role: 'operator' },
        receivedMs: performance.now(),
        caller: 'a browser',
        signal: new AbortController().signal,
        streams: noStreams(),
        begun: () => undefined,
        writable: () => Promise.resolve(),
        sendItem: () => undefined,
      },
    )) as { result?: InvokeResult; error?: RpcError }
  return { invoke, received }
}

/** Forms that no value has: outside the range, no day of any calendar, a name that the wire has not got. The place is below the value. */
const refused: readonly (readonly [TypeName, unknown, place?: string])[] = [
  ['sbyte', 128],
  ['int32', 2 ** 31],
  ['int32', 0.5],
  ['uint32', 2 ** 31],
  ['int64', '9223372036854775808'],
  ['uint64', '-1'],
  ['bigInteger', '1'.repeat(4_001)],
  ['float', 1e39],
  ['float', '1e3'],
  ['double', JSON.parse('1e999')],
  ['double', ['NaN']],
  ['decimal', '79228162514264400000000000000'],
  ['decimal', '1234567890123456'],
  ['decimal', `0.${'0'.repeat(28)}1`],
  ['char', 'ab'],
  ['guid', '{00112233-4455-6677-8899-aabbccddeeff}'],
  ...(['dateTime', 'dateTimeOffset'] as const).flatMap(type =>
    [
      ...['2021-02-30T00:00:00Z', '2021-02-29T00:00:00Z', '2021-04-31T00:00:00Z', '2021-13-01T00:00:00Z', '2021-00-01T00:00:00Z'],
      ...['2021-01-01T24:00:00Z', '2021-01-01T00:60:00Z', '2021-01-01T00:00:60Z', '2021-01-01T00:00:00+24:00', '2021-01-01'],
      ...['9999-12-31T23:59:59-23:00', '0001-01-01T00:00:00+01:00', '0000-12-31T00:00:00Z'],
    ].map(text => [type, text] as const),
  ),
  ...['2021-02-30', '2021-04-31', '0000-01-01', '2021-1-1'].map(text => ['dateOnly', text] as const),
  ...['24:00:00', '23:60:00', '23:59:60', '00:00:00.12345678'].map(text => ['timeOnly', text] as const),
  ...['P10675200D', 'PT9999999999999S', '-P10675199DT2H48M5.4775809S', 'P1M', 'P'].map(text => ['timeSpan', text] as const),
  ...['http://a b/', 'http://{x}/', 'http://host:99999/', 'x:y'].map(text => ['uri', text] as const),
  ...['1', '1.2147483648', '1.2.3.4.5', '1.99999999999'].map(text => ['version', text] as const),
  ['bytes', 'a'],
  ['enum', 256],
  ['enum', -1],
  ['enum', 'B'],
  ['words', { $type: 'x' }, '/$type'],
  ['words', { a: 'x', $values: 'y' }, '/$values'],
  ['words', { $id: 'x' }, '/$id'],
  ['words', { 'a\0': 'x' }, '/a\0'],
  ['words', { 'a/b~c': 5 }, '/a~1b~0c'],
  ['object', { $numberLong: '9223372036854775808' }],
  ['object', { $numberDouble: 'abc' }],
  ['object', { $numberDouble: '1e999' }],
  ['object', { $date: '2021-02-30T00:00:00Z' }],
  ['object', { $binary: 'a' }],
  ['object', { $type: 5, $value: 1 }, '/$type'],
  ['object', { $type: { nullable: 5 }, $value: 1 }, '/$type'],
  ['object', { $type: { dictionary: 3 }, $value: {} }, '/$type'],
  ['object', { $type: 'Nobody', $value: {} }, '/$type'],
  ['object', { $type: 'dateOnly', $value: '2021-02-30' }, '/$value'],
  ['object', { $type: { list: 'version' }, $value: ['1.0', '1'] }, '/$value/1'],
]

describe('what a type cannot hold is refused at its place, and nothing is sent', () => {
  test.each(refused.map(([type, form, place = '']) => [type, form, place] as const))('%s: %j', async (type, form, place) => {
    const { invoke, received } = createRpc(type)
    const cases: [string, unknown, string][] = [
      ['Echo', { Value: form, Open: null }, '/args/0/Value'],
      ['Echo', { Items: [form], Open: null }, '/args/0/Items/0'],
      ['Echo', { Words: { 'a/b': form }, Open: null }, '/args/0/Words/a~1b'],
      ['Echo', { Numbers: [[7, form]], Open: null }, '/args/0/Numbers/0/1'],
    ]
    if (type !== 'object') cases.push(['Alone', form, '/args/0'])
    for (const [method, arg, path] of cases) {
      const { error } = await invoke(method, [arg])
      expect([path, error?.code, error?.data.errors?.map(each => each.path)]).toEqual([path, -32602, [path + place]])
      expect(error?.data).toMatchObject({ kind: 'invalid_params', delivery: 'not_sent', retryable: false })
    }
    expect(received).toEqual([])
  })

  test('an argument nested deeper than any .NET peer reads is refused where it becomes too deep', async () => {
    let deep: unknown = null
    for (let i = 0; i < 70; i++) deep = { Next: deep }
    const { invoke, received } = createRpc('node')
    const { error } = await invoke('Alone', [deep])
    expect(error?.data).toMatchObject({ kind: 'invalid_params', errors: [{ path: expect.stringMatching(/^\/args\/0(?:\/Next){59,62}$/) }] })
    expect(received).toEqual([])
  })
})

/** Forms that come back as they are, or as the last says. */
const carried: readonly (readonly [TypeName, unknown, back?: unknown])[] = [
  ['double', '-0'],
  ['float', '-0'],
  ['double', '-Infinity'],
  ['float', -3.4028234663852886e38],
  ['bigInteger', `-${'9'.repeat(4_000)}`],
  ['decimal', '79228162514264300000000000000'],
  ['dateTime', '2020-02-29T23:59:59.999Z'],
  ['dateTime', '9999-12-31T23:59:59.999Z'],
  ['dateTime', '0001-01-01T00:00:00.000Z'],
  ['dateTime', '2021-01-01T00:00:00.123456789+23:59', '2020-12-31T00:01:00.123Z'],
  ['dateOnly', '2024-02-29'],
  ['timeOnly', '23:59:59.9999999'],
  ['timeSpan', '-P10675199DT2H48M5.4775808S'],
  ['version', '1.2147483647'],
  ['uri', ''],
  ['uri', 'some/relative path'],
  ['uri', 'file:///C:/Program%20Files/x', 'file:///C:/Program Files/x'],
  ['uri', 'https://BÜCHER', 'https://bücher/'],
  ['enum', 255],
  ['words', JSON.parse('{"__proto__":"x","toString":"y"}')],
  ['object', -0, { $numberDouble: '-0' }],
  ['object', { $numberDouble: '-0' }],
  ['object', { $numberDouble: '1' }, 1],
  ['object', { $uuid: '00112233-4455-6677-8899-aabbccddeeff' }, { $type: 'guid', $value: '00112233-4455-6677-8899-aabbccddeeff' }],
  ['object', { $type: { list: 'object' }, $value: ['a', { $numberDouble: '-0' }] }],
  ['object', { $type: { dictionary: ['string', 'object'] }, $value: JSON.parse('{"__proto__":{"$numberLong":"1"}}') }],
]

test.each(carried.map(([type, form, back = form]) => [type, form, back] as const))('%s: %j comes back as %j', async (type, form, back) => {
  const { invoke } = createRpc(type)
  const { result, error } = await invoke('Echo', [{ Value: form, Items: [form], Open: null }])
  expect(error).toBeUndefined()
  expect(JSON.stringify(result?.value)).toBe(JSON.stringify({ Value: back, Items: [back], Words: null, Numbers: null, Open: null }))
})

test('-0 keeps its sign on the wire, in the page too', async () => {
  const contract = b.service('IRow', { M: b.method([['v', b.double]], b.double) })
  const json = contractJson(contract)
  const written = JSON.parse(JSON.stringify(json.write('double', -0, '', [])))
  expect([written, Object.is(json.read('double', written, '', []), -0)]).toEqual(['-0', true])
  const { invoke, received } = createRpc('double')
  await invoke('Echo', [{ Value: '-0', Open: null }])
  expect(received).toMatchObject([{ value: { Value: -0 } }])
})

describe('without a contract', () => {
  test.each<[unknown, string, unknown]>([
    [1, 'Int64', 1n],
    [{ $numberLong: '1' }, 'Int64', 1n],
    [{ $numberDouble: '1' }, 'Double', 1],
    [{ $numberDouble: '-0' }, 'Double', -0],
    [-0, 'Double', -0],
    [1.5, 'Double', 1.5],
    [{ $uuid: '00112233-4455-6677-8899-AABBCCDDEEFF' }, 'Guid', '00112233-4455-6677-8899-aabbccddeeff'],
    [{ $date: '2020-02-29T00:00:00Z' }, 'DateTime', new Date('2020-02-29')],
  ])('%j arrives as %s', async (form, clrType, value) => {
    const { invoke, received } = createRpc()
    expect((await invoke('M', [form])).error).toBeUndefined()
    expect(received).toMatchObject([{ clrType, value }])
  })

  test.each([
    [{ $date: '2021-02-30T00:00:00Z' }],
    [{ $date: '2021-01-01T24:00:00Z' }],
    [{ $numberDouble: '1e999' }],
    [{ $numberLong: '9223372036854775808' }],
    [{ $constructor: 'x' }],
    [JSON.parse('{"__proto__":"x"}')],
  ])('%j is refused', async form => {
    const { invoke, received } = createRpc()
    expect((await invoke('M', [form])).error?.data).toMatchObject({
      kind: 'invalid_params',
      errors: [{ path: '/args/0' }],
    } satisfies Partial<Record<keyof ErrorData, unknown>>)
    expect(received).toEqual([])
  })
})
