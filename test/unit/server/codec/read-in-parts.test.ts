import {
  anything,
  bytes,
  type Contract,
  collection,
  dictionary,
  double,
  grid,
  guid,
  int32,
  int64,
  list,
  method,
  nullable,
  object,
  service,
  set,
  string,
  type TypeNode,
  tuple,
} from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import type { UnfitResultError } from '../../../../server/src/base/unfit-result.ts'
import type { Parts } from '../../../../server/src/codec/clr-type.ts'
import { type Materialised, TypeRegistry, toUntyped, toUntypedInParts } from '../../../../server/src/codec/contract-values.ts'
import {
  decodeRequest,
  decodeRequestInParts,
  decodeResponse,
  decodeResponseInParts,
  encodeRequest,
  encodeResponse,
} from '../../../../server/src/codec/envelope.ts'
import { type BsonElement, type BsonTree, encodeTree } from '../../../support/bson-tree.ts'

const count = 3_000
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const words = many(i => `word ${i}`)

const circle = object('T.Circle, T', { Radius: double })
const shape = object('T.Shape, T', { Name: string }, { derived: [circle] })
const point = object('T.Point, T', { X: int32, Words: list(string) }, { kind: 'struct' })
const node = object('T.Node, T', { Name: string, Words: list(string), Point: point, Any: anything, Next: nullable(string) })

const contract = service('IMany', {
  Words: method([], list(string)),
  Sets: method([], list(set(int64))),
  Stack: method([], collection('Stack', int32)),
  Interface: method([], collection('IReadOnlyList', string)),
  Grid: method([], grid(int32)),
  ByName: method([], dictionary(string, list(string))),
  ByNumber: method([], dictionary(int64, guid)),
  Shapes: method([], list(shape)),
  Node: method([], node),
  Nodes: method([], list(node)),
  Tuple: method([], tuple(list(string), int64, list(int64))),
  Maybe: method([], object('T.Holder, T', { Point: nullable(point) })),
  Text: method([], string),
  Texts: method([], list(string)),
  Take: method([
    ['small', string],
    ['words', list(string)],
    ['shapes', list(shape)],
  ]),
})
const registry = new TypeRegistry()
const compiled = registry.register(contract as Contract)

const aNode = { Name: 'n', Words: words, Point: { X: 1, Words: words }, Any: { $type: { list: 'string' }, $value: words }, Next: null }
const long = `${'ä€😀x'.repeat(100_000)}end`

const values: Readonly<Record<string, unknown>> = {
  Words: words,
  Sets: many(i => new Set([BigInt(i), 7n])),
  Stack: many(i => i),
  Interface: words,
  Grid: many(i => [i, 2]),
  ByName: Object.fromEntries(many(i => [`k${i}`, i === 5 ? words : [`v${i}`]])),
  ByNumber: new Map(many(i => [BigInt(i), '01234567-89ab-cdef-0123-456789abcdef'])),
  Shapes: many(i => (i % 2 === 0 ? { Name: 'shape' } : { $type: 'Circle', $value: { Radius: i } })),
  Node: aNode,
  Nodes: [aNode, null, aNode],
  Tuple: [words, 1n, many(BigInt)],
  Maybe: { Point: aNode.Point },
  Text: long,
  Texts: ['short', long, 'short again', long],
}

/** Runs work in parts, and says how many pauses it had. */
function run<T>(work: Parts<T>): { value: T; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const step = work.next()
    if (step.done) return { value: step.value, pauses }
  }
}

function thrown(work: () => unknown): HalibutError {
  try {
    work()
  } catch (why) {
    if (why instanceof HalibutError) return why
    throw why
  }
  throw new Error('nothing was thrown')
}

const noCharge = (): void => undefined

function response(name: string): { document: Buffer; type: TypeNode } {
  const chosen = compiled.method(name)
  const { document } = encodeResponse('r1', { result: values[name], codec: chosen.result }, {})
  return { document, type: chosen.node.result }
}

/** The result of a response that is no more than these elements. */
function responseOf(...elements: BsonElement[]): Buffer {
  return encodeTree([[0x03, 'Message', elements]])
}

describe('what is large', () => {
  test.each(Object.keys(values))('a result of %s is read in parts as it is at once', name => {
    const { document } = response(name)
    const { result } = compiled.method(name)
    const { value: decoded, pauses } = run(decodeResponseInParts(document, compiled, defaultLimits, noCharge))
    expect(decoded).toEqual(decodeResponse(document, compiled, defaultLimits))
    // A stack comes back from its top.
    if (name !== 'Stack') expect(result.fromResult(decoded?.result as Materialised)).toEqual(values[name])
    expect(pauses).toBeGreaterThan(3)
  })

  test.each(Object.keys(values))('without a contract %s is the same too', name => {
    const { document } = response(name)
    const { untyped } = new TypeRegistry()
    const decoded = run(decodeResponseInParts(document, untyped, defaultLimits, noCharge)).value
    expect(decoded).toEqual(decodeResponse(document, untyped, defaultLimits))
    const result = decoded?.result as Materialised
    expect(run(toUntypedInParts(result)).value).toEqual(toUntyped(result))
  })

  test('documents and arrays without any type', () => {
    const items = many((i): BsonElement => [0x03, String(i), [[0x10, 'n', Buffer.from([1, 0, 0, 0])]]])
    for (const result of [[0x04, 'result', items] as BsonElement, [0x03, 'result', [[0x04, 'items', items]]] as BsonElement]) {
      const document = responseOf([0x02, 'id', 'r'], result)
      const { value, pauses } = run(decodeResponseInParts(document, compiled, defaultLimits, noCharge))
      expect(value).toEqual(decodeResponse(document, compiled, defaultLimits))
      expect(pauses).toBeGreaterThan(20)
    }
  })

  test('arguments keep their order', () => {
    const take = compiled.method('Take')
    const head = { id: 'r1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IMany', method: 'Take' }
    const { document } = encodeRequest(head, take.params, ['small', words, values['Shapes']], {})
    const { value, pauses } = run(decodeRequestInParts(document, registry, defaultLimits, noCharge))
    expect(value).toEqual(decodeRequest(document, registry, defaultLimits))
    expect(pauses).toBeGreaterThan(20)
  })

  test('members that nobody asks for, and the words of an error', () => {
    const items: BsonTree = many((i): BsonElement => [0x0a, String(i), Buffer.alloc(0)])
    const text = 'x'.repeat(300_000)
    const document = responseOf(
      [0x04, 'other', items],
      [0x02, 'id', 'r'],
      [
        0x03,
        'error',
        [
          [0x02, 'message', text],
          [0x04, 'more', items],
          [0x02, 'details', 'why'],
        ],
      ],
      [0x0a, 'result', Buffer.alloc(0)],
    )
    const { value, pauses } = run(decodeResponseInParts(document, compiled, defaultLimits, noCharge))
    expect(value).toEqual(decodeResponse(document, compiled, defaultLimits))
    expect(value?.error).toEqual({ message: text, details: 'why', type: null })
    expect(pauses).toBeGreaterThan(20)
  })
})

describe('what is wrong in it', () => {
  const wrong: [what: string, BsonElement][] = [
    ['a value', [0x03, '2999', [[0x02, 'Name', Buffer.from('0200000061', 'hex')]]]],
    ['a type', [0x03, '2999', [[0x02, '$type', 'T.Other, T']]]],
    ['depth', [0x04, '2999', nested(70)]],
  ]

  function nested(levels: number): BsonTree {
    return levels === 0 ? [] : [[0x04, '0', nested(levels - 1)]]
  }

  test.each(wrong)('%s fails with the words and the place that it has at once', (_what, last) => {
    const items = many((i): BsonElement => (i === count - 1 ? last : [0x03, String(i), [[0x02, 'Name', 'x']]]))
    const list: BsonElement = [
      0x03,
      'result',
      [
        [0x02, '$type', 'System.Collections.Generic.List`1[[T.Shape, T]], mscorlib'],
        [0x04, '$values', items],
      ],
    ]
    const document = responseOf([0x02, 'id', 'r'], list)
    const atOnce = thrown(() => decodeResponse(document, compiled, defaultLimits))
    const inParts = thrown(() => run(decodeResponseInParts(document, compiled, defaultLimits, noCharge)))
    // A small one is told with the result as it came.
    const { result: _, ...others } = atOnce as UnfitResultError
    expect({ ...inParts, message: inParts.message }).toEqual({ ...others, message: atOnce.message })
  })
})

describe('what it costs', () => {
  test('the charge grows with the values, and what it throws ends the decoding there', () => {
    const empty = many((i): BsonElement => [0x03, String(i), []])
    const document = responseOf([0x02, 'id', 'r'], [0x04, 'result', empty])
    const charges: number[] = []
    run(decodeResponseInParts(document, compiled, defaultLimits, bytes => charges.push(bytes)))
    expect(charges).toEqual([...charges].sort((a, b) => a - b))
    // An object without prototype takes 185 bytes, as measured; it came in 12.
    expect(charges.at(-1)).toBeGreaterThan(count * 185)
    let asked = 0
    const refused = new HalibutError('memory_limit', 'no more')
    const charge = (bytes: number): void => {
      asked++
      if (bytes > 100_000) throw refused
    }
    expect(thrown(() => run(decodeResponseInParts(document, compiled, defaultLimits, charge)))).toBe(refused)
    expect(asked).toBeLessThan(10)
  })

  test.each<[string, number]>([
    ['Words', 24],
    ['Shapes', 56],
    ['ByNumber', 48],
    ['Text', 300],
  ])('%s cost at least what they take', (name, each) => {
    const charges: number[] = []
    run(decodeResponseInParts(response(name).document, compiled, defaultLimits, bytes => charges.push(bytes)))
    expect(Math.max(...charges)).toBeGreaterThan(count * each)
  })
})

describe('what is made to take long', () => {
  const nothing = Buffer.alloc(0)
  const nulls = (howMany: number): BsonElement[] => Array.from({ length: howMany }, (): BsonElement => [0x0a, '', nothing])
  const id: BsonElement = [0x02, 'id', 'r']
  const padding: BsonElement = [0x02, 'padding', 'x'.repeat(20_000)]
  const decode = (document: Buffer) => run(decodeResponseInParts(document, compiled, defaultLimits, noCharge))

  test('elements around the values are read up to some thousands', () => {
    expect(decode(responseOf(id, ...nulls(1_000), padding)).value?.id).toBe('r')
    for (const document of [responseOf(id, ...nulls(5_000), padding), encodeTree([...nulls(5_000), [0x03, 'Message', [id]]])]) {
      expect(thrown(() => decode(document))).toMatchObject({ kind: 'message_too_large' })
    }
    const other = encodeTree(nulls(9_000))
    const many = Array.from({ length: 600 }, (): BsonElement => [0x04, 'other', other])
    expect(thrown(() => decode(responseOf(id, ...many)))).toMatchObject({ kind: 'message_too_large' })
  })

  test('metadata is two elements, and no thousands', () => {
    const ids = Array.from({ length: 1_000 }, (): BsonElement => [0x02, '$id', '1'])
    const document = responseOf(id, [0x03, 'result', [...ids, padding]])
    expect(thrown(() => decode(document))).toMatchObject({ kind: 'serialization_failed' })
  })

  const bytesType: BsonElement = [0x02, '$type', 'System.Byte[], mscorlib']
  const three: BsonElement = [0x05, '$value', Buffer.from('0300000000010203', 'hex')]

  test.each<[string, BsonElement]>([
    ['bytes', [0x03, 'result', [bytesType, three, ...nulls(10_000)]]],
    ['a data stream', [0x03, 'result', [[0x02, '$type', 'Halibut.DataStream, Halibut'], ...nulls(10_000)]]],
    ['long texts', [0x04, 'result', Array.from({ length: 50 }, (): BsonElement => [0x02, '', 'x'.repeat(250_000)])]],
    ['code', [0x0d, 'result', 'ä'.repeat(5_000_000)]],
  ])('%s with much in it is read in parts as it is at once', (_what, result) => {
    const document = responseOf(id, result)
    const { value, pauses } = decode(document)
    const atOnce = decodeResponse(document, compiled, defaultLimits)
    expect(value?.result.value).toEqual(atOnce?.result.value)
    expect(value?.result.clrType).toBe(atOnce?.result.clrType)
    expect(pauses).toBeGreaterThan(20)
  })

  test('so are bytes that come as numbers', () => {
    const own = new TypeRegistry()
    const holder = own.register(service('IHolder', { Get: method([], object('T.Bytes, T', { Bytes: bytes })) }) as Contract)
    const numbers = many((i): BsonElement => [0x10, '', Buffer.of(i & 255, 0, 0, 0)])
    const body: BsonTree = [
      [0x02, '$type', 'T.Bytes, T'],
      [0x04, 'Bytes', numbers],
    ]
    const { value, pauses } = run(decodeResponseInParts(responseOf(id, [0x03, 'result', body]), holder, defaultLimits, noCharge))
    expect(value?.result.value).toEqual({ Bytes: Buffer.from(many(i => i & 255)) })
    expect(pauses).toBeGreaterThan(20)
  })

  test('bytes that are most of a message are not copied', () => {
    const large = Buffer.alloc(1_000_005)
    large.writeInt32LE(1_000_000)
    const document = responseOf(id, [0x03, 'result', [bytesType, [0x05, '$value', large]]])
    const memoryOf = (message: Buffer): unknown => (decode(message).value as { result: { value: Buffer } }).result.value.buffer
    expect(memoryOf(document)).toBe(document.buffer)
    // In memory of its own: what is copied may come to lie in Node's pool of small buffers, where short documents lie too.
    const small = Buffer.from(Uint8Array.from(responseOf(id, [0x03, 'result', [bytesType, three, padding]])).buffer)
    expect(memoryOf(small)).not.toBe(small.buffer)
  })

  test('a name is looked at up to 1 MiB', () => {
    const named = (length: number): Buffer => responseOf(id, [0x03, 'result', [[0x0a, 'n'.repeat(length), nothing]]])
    expect(Object.keys(decode(named(1_000_000)).value?.result.value as object)).toHaveLength(1)
    expect(thrown(() => decode(named(1_100_000)))).toMatchObject({ kind: 'message_too_large' })
  })

  test('a text whose length is cut off is a broken message', () => {
    const document = responseOf(id, padding, [0x02, 'result', nothing])
    expect(thrown(() => decode(document))).toMatchObject({ kind: 'protocol_error' })
  })
})

test('objects, dictionaries and sets have so many members and no more', () => {
  const limits = { ...defaultLimits, maxMessageMembers: count - 1 }
  for (const name of ['ByName', 'ByNumber']) {
    const { document } = response(name)
    expect(run(decodeResponseInParts(document, compiled, { ...limits, maxMessageMembers: count }, noCharge)).value?.id).toBe('r1')
    expect(thrown(() => run(decodeResponseInParts(document, compiled, limits, noCharge)))).toMatchObject({ kind: 'message_too_large' })
  }
  const wide = new TypeRegistry()
  const numbers = wide.register(service('INumbers', { Get: method([], set(int64)) }) as Contract)
  const { document } = encodeResponse('r1', { result: new Set(many(BigInt)), codec: numbers.method('Get').result }, {})
  expect(thrown(() => run(decodeResponseInParts(document, numbers, limits, noCharge)))).toMatchObject({ kind: 'message_too_large' })
  const untyped = responseOf([0x03, 'result', many((i): BsonElement => [0x10, `m${i}`, Buffer.alloc(4)])])
  expect(thrown(() => run(decodeResponseInParts(untyped, compiled, limits, noCharge)))).toMatchObject({ kind: 'message_too_large' })
  expect(run(decodeResponseInParts(response('Words').document, compiled, limits, noCharge)).value?.id).toBe('r1')
})
