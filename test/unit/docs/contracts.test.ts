import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeType, type TypeNode } from '@halibut-gateway/schemas'
import * as builders from '@halibut-gateway/schemas/contract'
import { method, scalarNames, service, type Type } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../server/src/base/errors.ts'
import { TypeRegistry } from '../../../server/src/codec/contract-values.ts'
import { encodeRequest } from '../../../server/src/codec/envelope.ts'
import { type BsonTree, decodeTree, elementAt } from '../../support/bson-tree.ts'

const document = readFileSync(join(import.meta.dirname, '../../../schemas/CONTRACTS.md'), 'utf8')
const table = document.slice(document.indexOf('## The table'), document.indexOf("## Types of a contract's own"))

interface Row {
  readonly dotnet: string
  readonly builder: string
  readonly typescript: string
  readonly json: string
  readonly bson: string
  readonly range: string
}
const rows: readonly Row[] = [...table.matchAll(/^\| (`[^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm)].map(
  ([, dotnet = '', builder = '', typescript = '', json = '', bson = '', range = '']) => ({
    dotnet,
    builder,
    typescript,
    json,
    bson,
    range,
  }),
)

/** For each row: a value, its JSON form, its BSON type and short name; and a value just outside the range, where there is one. */
interface Sample {
  readonly type: Type
  readonly value: unknown
  readonly json: unknown
  readonly outside?: unknown
}
const b = builders
const samples: Readonly<Record<string, Sample>> = {
  bool: { type: b.bool, value: true, json: true },
  sbyte: { type: b.sbyte, value: -128, json: -128, outside: -129 },
  byte: { type: b.byte, value: 255, json: 255, outside: 256 },
  int16: { type: b.int16, value: -32_768, json: -32_768, outside: 32_768 },
  uint16: { type: b.uint16, value: 65_535, json: 65_535, outside: -1 },
  int32: { type: b.int32, value: -(2 ** 31), json: -(2 ** 31), outside: 2 ** 31 },
  uint32: { type: b.uint32, value: 2 ** 31 - 1, json: 2 ** 31 - 1, outside: 2 ** 31 },
  int64: { type: b.int64, value: 2n ** 63n - 1n, json: '9223372036854775807', outside: 2n ** 63n },
  uint64: { type: b.uint64, value: 2n ** 63n - 1n, json: '9223372036854775807', outside: 2n ** 63n },
  bigInteger: { type: b.bigInteger, value: 2n ** 100n, json: '1267650600228229401496703205376' },
  float: { type: b.float, value: 0.5, json: 0.5 },
  double: { type: b.double, value: Number.NaN, json: 'NaN' },
  decimal: { type: b.decimal, value: '1.10', json: '1.10', outside: '79228162514264337593543950336' },
  string: { type: b.string, value: 'text', json: 'text' },
  char: { type: b.char, value: 'a', json: 'a', outside: 'ab' },
  guid: { type: b.guid, value: '00112233-4455-6677-8899-aabbccddeeff', json: '00112233-4455-6677-8899-aabbccddeeff', outside: 'x' },
  dateTime: { type: b.dateTime, value: new Date(0), json: '1970-01-01T00:00:00.000Z', outside: new Date(253_402_300_800_000) },
  dateTimeOffset: { type: b.dateTimeOffset, value: new Date(0), json: '1970-01-01T00:00:00.000Z', outside: new Date(253_402_300_800_000) },
  dateOnly: { type: b.dateOnly, value: '2020-01-02', json: '2020-01-02', outside: '2020-02-30' },
  timeOnly: { type: b.timeOnly, value: '03:04:05.678', json: '03:04:05.678', outside: '24:00:00' },
  timeSpan: { type: b.timeSpan, value: 'PT2M', json: 'PT2M', outside: 'P10675200D' },
  uri: { type: b.uri, value: 'https://example.com/', json: 'https://example.com/' },
  version: { type: b.version, value: '1.2.3', json: '1.2.3', outside: '1' },
  bytes: { type: b.bytes, value: Uint8Array.of(1, 2, 3), json: 'AQID' },
  'nullable(int32)': { type: b.nullable(b.int32), value: null, json: null },
  'list(string)': { type: b.list(b.string), value: ['a'], json: ['a'] },
  'array(string)': { type: b.array(b.string), value: ['a'], json: ['a'] },
  'grid(int32)': { type: b.grid(b.int32), value: [[1, 2]], json: [[1, 2]] },
  'set(string)': { type: b.set(b.string), value: new Set(['a']), json: ['a'] },
  'dictionary(string, int32)': { type: b.dictionary(b.string, b.int32), value: { a: 1 }, json: { a: 1 } },
  'dictionary(int32, string)': { type: b.dictionary(b.int32, b.string), value: new Map([[1, 'a']]), json: [[1, 'a']] },
  "collection('Queue', string)": { type: b.collection('Queue', b.string), value: ['a'], json: ['a'] },
  "collection('ISet', string)": { type: b.collection('ISet', b.string), value: new Set(['a']), json: ['a'] },
  "collection('IDictionary', string, int32)": { type: b.collection('IDictionary', b.string, b.int32), value: { a: 1 }, json: { a: 1 } },
  'tuple(string, int32)': { type: b.tuple(b.string, b.int32), value: ['a', 1], json: ['a', 1] },
  'valueTuple(string, int32)': { type: b.valueTuple(b.string, b.int32), value: ['a', 1], json: ['a', 1] },
  'pair(string, int32)': { type: b.pair(b.string, b.int32), value: ['a', 1], json: ['a', 1] },
}

const builderOf = (row: Row): string => row.builder.replaceAll('`', '')

test('the table has a row for every scalar, and one for every sample', () => {
  const built = rows.map(builderOf)
  expect(built.filter(name => !Object.hasOwn(samples, name) && name !== 'dataStream')).toEqual([])
  expect([...Object.keys(samples), 'dataStream'].filter(name => !built.includes(name))).toEqual([])
  expect(scalarNames.filter(name => !built.includes(name))).toEqual(['object', 'void'])
})

for (const row of rows.filter(({ builder }) => builder !== '`dataStream`')) {
  const name = builderOf(row)
  const sample = samples[name] as Sample
  test(`${name} is ${row.dotnet} in .NET, ${row.json} in JSON and ${row.bson} in BSON`, () => {
    const contract = service('IRow', { M: method([['v', sample.type]], b.nothing) })
    const node = contract.methods[0]?.params[0]?.type as TypeNode
    const json = contractJson(contract)
    expect(json.write(node, sample.value, '', [])).toEqual(sample.json)
    expect(json.read(node, sample.json, '', [])).toEqual(sample.value)

    const compiled = new TypeRegistry().register(contract).method('M')
    expect(compiled.dotnetSignature).toContain(dotnetStart(row))
    const encode = (value: unknown): BsonTree =>
      elementAt(
        decodeTree(
          encodeRequest(
            { id: '1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IRow', method: 'M' },
            compiled.params,
            [value],
            {},
          ).document,
        ),
        'Message',
        'params',
      )[2] as BsonTree
    const [type = 0] = encode(sample.value)[0] ?? []
    const stated = [...row.bson.matchAll(/0x(\w\w)/g)].map(([, hex = '']) => Number.parseInt(hex, 16))
    expect(stated).toContain(type)
    if ('outside' in sample) expect(() => encode(sample.outside)).toThrow(HalibutError)
    expect(describeType(node)).not.toBe('')
  })
}

test('the marks of the document are those that a contract may have, and each does what it says', () => {
  const section = document.slice(document.indexOf('## Marks'), document.indexOf('## Which forms go out'))
  const marks = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
  const values: Readonly<Record<string, unknown>> = {
    secret: true,
    description: 'd',
    deprecated: true,
    required: true,
    default: 'a',
    maxLength: 5,
    pattern: '^a$',
  }
  expect(marks).toEqual(Object.keys(values))
  const marked = service('IMarks', { M: method([['p', b.member(b.string, values)]], b.nothing) })
  expect(b.checkContract(marked)).toMatchObject({ ok: true })
  expect(b.checkContract(service('IMarks', { M: method([['p', b.member(b.string, { other: 1 } as never)]], b.nothing) })).ok).toBe(false)
  const [example = ''] = /member\(string, \{.*?\}\)/.exec(section.replaceAll(/\s+/g, ' ')) ?? []
  const pattern = /pattern: '(.*)'/.exec(example)?.[1] ?? ''
  expect(
    [b.checkPattern(pattern), b.checkPattern('^(a+)+$'), b.checkPattern('^a*a*$'), b.checkPattern('^.*x.*$')].map(it => it === undefined),
  ).toEqual([true, false, false, false])
})

test('the limits of the document are those of the check', () => {
  const it = b.contractLimits
  const count = (value: number): string => value.toLocaleString('en')
  const sentence =
    `Limits: ${count(it.methods)} methods of ${it.parameters} parameters, ${count(it.types)} types of ${count(it.members)} members, ` +
    `${count(it.nodes)} type nodes, types ${it.depth} deep, names of ${it.nameLength} characters, ${it.aliases} further names of one thing, ` +
    `patterns of ${it.patternLength} characters that name ${count(it.patternPlaces)} where their counts are written out.`
  expect(document.replaceAll(/\s+/g, ' ')).toContain(sentence)
})

/** How .NET’s signature prints the row’s type, as far as the row says it. */
function dotnetStart(row: Row): string {
  const name = /`(?:System\.Nullable<T>`|([^`<]+))/.exec(row.dotnet)?.[1] ?? 'System.Nullable'
  if (name.startsWith('T[')) return name.slice(1)
  return /^System\.(?:Boolean|Char|S?Byte(?:\[\])?|U?Int\d\d|Single|Double)$/.test(name) ? `(${name.slice('System.'.length)},` : `(${name}`
}
