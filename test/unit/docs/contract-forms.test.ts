import {
  abstractObject,
  anything,
  array,
  collection,
  dataStream,
  dateOnly,
  dictionary,
  double,
  enumeration,
  flags,
  int32,
  interfaceOf,
  list,
  method,
  nullable,
  object,
  service,
  string,
  type Type,
  timeOnly,
} from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { collections } from '../../../schemas/src/collections.ts'
import { defaultLimits } from '../../../server/src/base/limits.ts'
import { type CompiledMethod, type Corlib, type Materialised, TypeRegistry } from '../../../server/src/codec/contract-values.ts'
import { DataStream } from '../../../server/src/codec/data-stream.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../../server/src/codec/envelope.ts'
import { type BsonTree, decodeTree } from '../../support/bson-tree.ts'
import { builderOf, contractRows, contractSamples, type Sample } from '../../support/contract-rows.ts'
import { modernOnly, type Platform, unresolvedOn } from '../../support/dotnet-types.ts'

// Every row of the table, alone and inside other types: what goes out is what .NET finds, and what comes back has the form that was sent.

/** The rows, each collection that the table has under “and others”, and the types of a contract’s own. */
const samples: ReadonlyMap<string, Sample> = new Map([
  ...contractRows
    .map(builderOf)
    .filter(name => name !== 'dataStream')
    .map(row),
  ...others(),
  ...own(),
])

/** What the second table has. */
function own(): [string, Sample][] {
  const point = { X: 1, Note: null }
  const members = { X: int32, Note: nullable(string) }
  const circle = object('Row.Contracts.Circle, Row.Contracts', { Radius: double })
  const open = { Any: { $type: 'Open', $value: { Any: 5n } } }
  const round = { $type: 'Circle', $value: { Radius: 2 } }
  const color = enumeration('Row.Contracts.Color, Row.Contracts', { Red: 0 })
  return [
    ['class', { type: object('Row.Contracts.Outer+Point, Row.Contracts', members), value: point, json: point }],
    ['struct', { type: object('Row.Contracts.Spot, Row.Contracts', members, { kind: 'struct' }), value: point, json: point }],
    ['generic class', { type: object('Row.Contracts.Cell`1, Row.Contracts', members, { of: [dateOnly] }), value: point, json: point }],
    ['base class', { type: object('Row.Contracts.Shape, Row.Contracts', {}, { derived: [circle] }), value: round, json: round }],
    ['abstract class', { type: abstractObject('Row.Contracts.Figure, Row.Contracts', {}, [circle]), value: round, json: round }],
    ['interface', { type: interfaceOf('Row.Contracts.IRound, Row.Contracts', [circle]), value: round, json: round }],
    ['enum', { type: color, value: 'Red', json: 'Red' }],
    ['flags', { type: flags('Row.Contracts.Access, Row.Contracts', { Read: 1, Write: 2 }), value: 'Read, Write', json: 'Read, Write' }],
    ['enum keys', { type: dictionary(color, timeOnly), value: new Map([['Red', '03:04:05']]), json: [['Red', '03:04:05']] }],
    ['class with an object', { type: object('Row.Contracts.Open, Row.Contracts', { Any: anything }), value: open, json: open }],
  ]
}

function row(name: string): [string, Sample] {
  return [name, contractSamples[name] as Sample]
}

function others(): [string, Sample][] {
  return Object.entries(collections).map(([name, { shape }]) => {
    if (shape === 'dictionary') return [name, { type: collection(name as 'IDictionary', string, int32), value: { a: 1 }, json: { a: 1 } }]
    if (shape === 'set') return [name, { type: collection(name as 'ISet', string), value: new Set(['a']), json: ['a'] }]
    return [name, { type: collection(name as 'IList', string), value: ['a'], json: ['a'] }]
  })
}

interface Form {
  readonly type: (row: Type) => Type
  readonly around: (value: unknown) => unknown
}

const box = (type: Type): Type => object('Row.Contracts.Box`1, Row.Contracts', { Value: type }, { of: [type] })

const forms: Readonly<Record<string, Form>> = {
  T: { type: row => row, around: value => value },
  'Box<T>': { type: box, around: value => ({ Value: value }) },
  'List<T>': { type: row => list(row), around: value => [value] },
  'T[]': { type: row => array(row), around: value => [value] },
  'Box<T?>': { type: row => box(nullable(row)), around: value => ({ Value: value }) },
  'List<T?>': { type: row => list(nullable(row)), around: value => [value, null] },
  'Box<List<T[]>>': { type: row => box(list(array(row))), around: value => ({ Value: [[value]] }) },
}

const head = { id: '1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IRow', method: 'M' }
const corlibs: readonly Corlib[] = ['mscorlib', 'System.Private.CoreLib']
const ownAssemblies = ['Row.Contracts', 'Halibut']

/** Every `$type` text in a message. */
function typeTexts(tree: BsonTree): string[] {
  return tree.flatMap(([type, name, value]) =>
    name === '$type' ? [value as string] : type === 0x03 || type === 0x04 ? typeTexts(value as BsonTree) : [],
  )
}

function compiled(type: Type, corlib: Corlib): { readonly method: CompiledMethod; readonly registry: TypeRegistry } {
  const registry = new TypeRegistry({ corlib })
  return { registry, method: registry.register(service('IRow', { M: method([['v', type]], type) })).method('M') }
}

/** Bytes as what they are compared with, wherever they stand. */
function plain(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return new Uint8Array(value)
  if (Array.isArray(value)) return value.map(plain)
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Date || value instanceof Map || value instanceof Set)
  return isObject && !(value instanceof Uint8Array)
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
    : value
}

test.each(['Box<T>', 'List<T>', 'T[]'])('a data stream as %s: .NET finds the names that are written', form => {
  const { type, around } = forms[form] as Form
  for (const corlib of corlibs) {
    const { method } = compiled(type(dataStream), corlib)
    const texts = typeTexts(decodeTree(encodeRequest(head, method.params, [around(DataStream.fromString('x'))], { corlib }).document))
    expect(texts).toHaveLength(2)
    expect(texts[1]).toContain('Halibut.DataStream')
    expect(texts.flatMap(text => unresolvedOn('.NET Framework 4.8', text, ownAssemblies) ?? [])).toEqual(
      corlib === 'mscorlib' || form !== 'List<T>' ? [] : [expect.any(String)],
    )
  }
})

for (const [name, sample] of samples) {
  for (const [form, { type, around }] of Object.entries(forms)) {
    const value = around(sample.value)

    // A nullable has no nullable, and an array of bytes is a type of its own.
    if ((name.startsWith('nullable') && form.endsWith('?>')) || (name === 'byte' && form.includes('T[]'))) continue

    test(`${name} as ${form}: .NET finds the names that are written`, () => {
      for (const corlib of corlibs) {
        const { method } = compiled(type(sample.type), corlib)
        const texts = typeTexts(decodeTree(encodeRequest(head, method.params, [value], { corlib }).document))
        if (form !== 'T') expect(texts.length).toBeGreaterThan(1)
        const on = (platform: Platform): string[] => texts.flatMap(text => unresolvedOn(platform, text, ownAssemblies) ?? [])
        expect(on('.NET 10')).toEqual([])
        // What .NET Framework has not got it cannot find.
        if (corlib === 'mscorlib')
          expect(on('.NET Framework 4.8').filter(text => !modernOnly.some(only => text.startsWith(only)))).toEqual([])
      }
    })

    test(`${name} as ${form} comes back as it was sent, as an argument, a result and JSON`, () => {
      const { method, registry } = compiled(type(sample.type), 'mscorlib')
      const json = contractJson(service('IRow', { M: { params: [['v', type(sample.type)]], result: type(sample.type) } }))
      const errors: ParamError[] = []
      const node = method.node.result
      const written = json.write(node, value, '', errors)
      expect(json.read(node, JSON.parse(JSON.stringify(written)), '', errors)).toEqual(value)
      expect(errors).toEqual([])
      if (form === 'T') return
      const request = decodeRequest(encodeRequest(head, method.params, [value], {}).document, registry, defaultLimits)
      const [argument] = request.null ? [] : (request.args as readonly Materialised[])
      if (argument === undefined) throw new Error('no argument came')
      expect(method.params[0]?.accepts(argument)).toBe(true)
      const back = around(sample.back ?? sample.value)
      expect(plain(method.params[0]?.fromArgument(argument))).toEqual(back)
      const response = decodeResponse(encodeResponse('1', { result: value, codec: method.result }, {}).document, registry, defaultLimits)
      expect(plain(method.result.fromResult(response?.result as Materialised))).toEqual(back)
    })
  }
}
