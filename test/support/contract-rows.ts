import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Type } from '@halibut-gateway/schemas/contract'
import * as builders from '@halibut-gateway/schemas/contract'

/** The text of `schemas/CONTRACTS.md`. */
export const contractsDocument = readFileSync(join(import.meta.dirname, '../../schemas/CONTRACTS.md'), 'utf8')
const table = contractsDocument.slice(contractsDocument.indexOf('## The table'), contractsDocument.indexOf("## Types of a contract's own"))

/** A row of the table of `schemas/CONTRACTS.md`. */
export interface Row {
  readonly dotnet: string
  readonly builder: string
  readonly typescript: string
  readonly json: string
  readonly bson: string
  readonly range: string
}
export const contractRows: readonly Row[] = [
  ...table.matchAll(/^\| (`[^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm),
].map(([, dotnet = '', builder = '', typescript = '', json = '', bson = '', range = '']) => ({
  dotnet,
  builder,
  typescript,
  json,
  bson,
  range,
}))

/** A value of a row and its JSON form; and a value just outside the range, where there is one. */
export interface Sample {
  readonly type: Type
  readonly value: unknown
  readonly json: unknown
  readonly outside?: unknown
  /** What comes back of it over the wire, where that is not the same. */
  readonly back?: unknown
}
const b = builders
/** One for each row of the table, by its builder. */
export const contractSamples: Readonly<Record<string, Sample>> = {
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
  decimal: { type: b.decimal, value: '1.10', json: '1.10', back: '1.1', outside: '79228162514264337593543950336' },
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

/** The builder that a row names. */
export const builderOf = (row: Row): string => row.builder.replaceAll('`', '')
