import { inflateRawSync } from 'node:zlib'
import {
  bool,
  bytes,
  dataStream,
  dateTime,
  dateTimeOffset,
  decimal,
  double,
  guid,
  int64,
  list,
  method,
  nullable,
  object,
  service,
  string,
  timeSpan,
  uri,
} from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import { type CompiledContract, TypeRegistry } from '../../../../server/src/codec/contract-values.ts'
import { DataStream } from '../../../../server/src/codec/data-stream.ts'
import {
  type DecodedRequest,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  nullMessage,
} from '../../../../server/src/codec/envelope.ts'
import { deflateMessage } from '../../../../server/src/codec/raw-deflate.ts'
import { type BsonElement, type BsonTree, decodeTree, elementAt, encodeTree } from '../../../support/bson-tree.ts'
import { access, box, color, echoService, members, person, streamHolder, typesService } from '../../../support/sample-contracts.ts'

const head = { id: 'r1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'IEchoService', method: 'SayHello' }
const goldenRequest =
  'cf000000034d65737361676500c1000000022474797065003300000048616c696275742e5472616e73706f72742e50726f746f636f6c2e526571756573744d6573736167652c2048616c69627574000269640003000000723100056163746976697479496400100000000433221100554477668899aabbccddeeff0a656e64706f696e74000273657276696365000d000000494563686f5365727669636500026d6574686f64000900000053617948656c6c6f0004706172616d730011000000023000050000005061756c00000000'
const goldenResponse =
  '6b000000034d657373616765005d000000022474797065003400000048616c696275742e5472616e73706f72742e50726f746f636f6c2e526573706f6e73654d6573736167652c2048616c6962757400026964000200000078000a6572726f72000a726573756c74000000'

const registry = new TypeRegistry()
const echo = registry.register(echoService)
registry.register(typesService)

function compile(...contracts: Parameters<TypeRegistry['register']>): CompiledContract {
  return new TypeRegistry().register(...contracts)
}

/** Encodes arguments for a method and gives the elements of `params`. */
function params(contract: CompiledContract, name: string, ...args: unknown[]): BsonTree {
  const { document } = encodeRequest({ ...head, method: name }, contract.method(name).params, args, {})
  return elementAt(decodeTree(document), 'Message', 'params')[2] as BsonTree
}

/** The only argument’s element. */
function only(contract: CompiledContract, name: string, arg: unknown): BsonElement {
  return params(contract, name, arg)[0] as BsonElement
}

function request(document: Buffer): DecodedRequest {
  const decoded = decodeRequest(document, registry, defaultLimits)
  if (decoded.null) throw new Error('a null message')
  return decoded
}

/** The golden request with its message changed. */
function changed(change: (message: BsonTree) => BsonTree): Buffer {
  const message = elementAt(decodeTree(Buffer.from(goldenRequest, 'hex')), 'Message')[2] as BsonTree
  return encodeTree([[0x03, 'Message', change(message)]])
}

function thrown(run: () => unknown): HalibutError {
  try {
    run()
  } catch (error) {
    if (error instanceof HalibutError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const instant = (ms: bigint): string => {
  const bytesOf = Buffer.alloc(8)
  bytesOf.writeBigInt64LE(ms)
  return bytesOf.toString('hex')
}

const int32 = (name: string, value: number): BsonElement => {
  const bytesOf = Buffer.alloc(4)
  bytesOf.writeInt32LE(value)
  return [0x10, name, bytesOf]
}

test('M01 a null message is the 14 bytes of the specification, and comes back as null', () => {
  expect(nullMessage.toString('hex').toUpperCase()).toBe('0E0000000A4D6573736167650000')
  expect(decodeRequest(nullMessage, registry, defaultLimits)).toEqual({ null: true })
  expect(decodeResponse(nullMessage, registry, defaultLimits)).toBeNull()
  expect(decodeResponse(Buffer.from('0500000000', 'hex'), registry, defaultLimits)).toBeNull()
})

test('M02 a request inflates raw, without a zlib or gzip header, and its first element is $type', () => {
  const { document } = encodeRequest(head, echo.method('SayHello').params, ['Paul'], {})
  expect(document.toString('hex')).toBe(goldenRequest)
  const wire = deflateMessage(document)
  expect(inflateRawSync(wire)).toEqual(document)
  expect(wire.subarray(0, 2)).not.toEqual(Buffer.from('1f8b', 'hex'))
  expect((elementAt(decodeTree(document), 'Message')[2] as BsonTree)[0]?.slice(1)).toEqual([
    '$type',
    'Halibut.Transport.Protocol.RequestMessage, Halibut',
  ])
})

test('M03 the response to a void method has result and error, both null, whatever the handler gave', () => {
  const { result } = echo.method('DoNothing')
  expect(encodeResponse('x', { result: undefined, codec: result }, {}).document.toString('hex')).toBe(goldenResponse)
  expect(encodeResponse('x', { result: 'ignored', codec: result }, {}).document.toString('hex')).toBe(goldenResponse)
  const decoded = decodeResponse(Buffer.from(goldenResponse, 'hex'), registry, defaultLimits)
  expect(decoded).toMatchObject({ id: 'x', error: null, result: { clrType: '<null>' } })
})

test('an error travels with message, details and HalibutErrorType, and comes back', () => {
  const error = { message: 'Service not found: IFoo', details: 'stack', type: 'Halibut.Exceptions.ServiceNotFoundHalibutClientException' }
  const { document } = encodeResponse('r1', { error }, {})
  expect((elementAt(decodeTree(document), 'Message', 'error')[2] as BsonTree).map(([, name]) => name)).toEqual([
    'message',
    'details',
    'HalibutErrorType',
  ])
  expect(decodeResponse(document, registry, defaultLimits)?.error).toEqual(error)
})

test('M10 unknown members in the request, its endpoint and an error are ignored', () => {
  const extra: BsonElement[] = [int32('zz', 1), [0x03, 'deep', [int32('a', 1)]], [0x04, 'list', [int32('0', 1)]]]
  const endpoint: BsonElement = [0x03, 'endpoint', [[0x02, 'BaseUri', 'https://localhost/'], ...extra]]
  const document = changed(message => [...message.map(element => (element[1] === 'endpoint' ? endpoint : element)), ...extra])
  expect(request(document)).toMatchObject({ service: 'IEchoService', method: 'SayHello', args: [{ value: 'Paul' }] })
  const response = encodeTree([[0x03, 'Message', [[0x03, 'error', [[0x02, 'message', 'm'], ...extra]], ...extra]]])
  expect(decodeResponse(response, registry, defaultLimits)?.error?.message).toBe('m')
})

test('M11 an activityId that comes as text is accepted', () => {
  const document = changed(message =>
    message.map(element =>
      element[1] === 'activityId' ? ([0x02, 'activityId', '{00112233-4455-6677-8899-AABBCCDDEEFF}'] as const) : element,
    ),
  )
  expect(request(document).activityId).toBe(head.activityId)
})

test('M12 the golden request is IEchoService.SayHello("Paul")', () => {
  const decoded = request(Buffer.from(goldenRequest, 'hex'))
  expect(decoded).toMatchObject({ null: false, ...head, args: [{ clrType: 'String', value: 'Paul' }], streams: [] })
})

const scalars = service('IScalars', {
  Guid: method([['v', guid]], guid),
  All: method(
    [
      ['l', int64],
      ['d', double],
      ['b', bool],
      ['s', string],
      ['n', nullable(string)],
    ],
    string,
  ),
  Double: method([['v', double]], double),
  Person: method([['p', person]], person),
  List: method([['l', list(string)]], list(string)),
  Bytes: method([['b', bytes]], bytes),
  Date: method([['d', dateTime]], dateTime),
})

test('M13 a Guid parameter is a binary of subtype 4 in .NET byte order', () => {
  const element = only(compile(scalars), 'Guid', '00112233-4455-6677-8899-aabbccddeeff')
  expect(element[0]).toBe(0x05)
  expect((element[2] as Buffer).toString('hex').toUpperCase()).toBe('100000000433221100554477668899AABBCCDDEEFF')
})

test('M14 long, double, bool, string and null are 0x12, 0x01, 0x08, 0x02 and 0x0A', () => {
  const types = params(compile(scalars), 'All', 1n, 1.5, true, 'x', null).map(([type]) => type)
  expect(types).toEqual([0x12, 0x01, 0x08, 0x02, 0x0a])
})

test('M15 an integral number for a double parameter is sent as 0x01', () => {
  expect(params(compile(scalars), 'Double', 1)[0]).toEqual([0x01, '0', Buffer.from('000000000000f03f', 'hex')])
})

test('M16 an object parameter begins with $type, then its members in order', () => {
  const element = only(compile(scalars), 'Person', { Meta: { k: 'v' }, Age: 3, Name: 'Ann' })
  const names = (element[2] as BsonTree).map(([, name]) => name)
  expect(names).toEqual(['$type', 'Name', 'Age', 'Tags', 'Parent', 'Meta'])
})

test('M17 a list is { $type, $values }', () => {
  const element = only(compile(scalars), 'List', ['a'])
  expect(element[2]).toEqual([
    [0x02, '$type', 'System.Collections.Generic.List`1[[System.String, mscorlib]], mscorlib'],
    [0x04, '$values', [[0x02, '0', 'a']]],
  ])
})

test('M18 byte[] is { $type, $value: binary of subtype 0 }', () => {
  const element = only(compile(scalars), 'Bytes', new Uint8Array([1, 2]))
  expect(element[2]).toEqual([
    [0x02, '$type', 'System.Byte[], mscorlib'],
    [0x05, '$value', Buffer.from('02000000000102', 'hex')],
  ])
})

test('M19 a Date is 0x09 with UTC milliseconds', () => {
  const element = only(compile(scalars), 'Date', new Date(1_577_934_245_678))
  expect(element[0]).toBe(0x09)
  expect((element[2] as Buffer).readBigInt64LE()).toBe(1_577_934_245_678n)
})

test('M20 int32 and int64 are both integers, and 2^53+1 is not rounded', () => {
  const wide = Buffer.alloc(8)
  wide.writeBigInt64LE(2n ** 53n + 1n)
  const document = changed(message =>
    message.map(element => (element[1] === 'params' ? ([0x04, 'params', [int32('0', 7), [0x12, '1', wide]]] as const) : element)),
  )
  expect(request(document).args).toMatchObject([
    { clrType: 'Int64', value: 7n },
    { clrType: 'Int64', value: 9_007_199_254_740_993n },
  ])
})

test('M22 System.Private.CoreLib and mscorlib in $type are the same', () => {
  const { document } = encodeRequest({ ...head, method: 'DescribeStrings' }, echo.method('DescribeStrings').params, [['a']], {})
  const modern = encodeRequest({ ...head, method: 'DescribeStrings' }, echo.method('DescribeStrings').params, [['a']], {
    corlib: 'System.Private.CoreLib',
  }).document
  expect(modern.length).toBeGreaterThan(document.length)
  expect(request(modern).args).toEqual(request(document).args)
})

test('M23 TimeSpan, Uri, enum, decimal and DateTimeOffset members have their forms, there and back', () => {
  const forms = object('S.Forms, S', { T: timeSpan, U: uri, E: color, F: access, D: decimal, O: dateTimeOffset })
  const contract = service('IForms', { M: method([['f', forms]], forms) })
  const compiled = compile(contract)
  const value = { T: 'PT1.5S', U: 'HTTP://Foo.com/A b', E: 'Blue', F: 'Read, Write', D: '1.10', O: '2020-01-02T03:04:05.678+10:00' }
  const tree = params(compiled, 'M', value)[0]?.[2] as BsonTree
  expect(tree.map(([type, name, it]) => [type, name, Buffer.isBuffer(it) ? it.toString('hex') : it])).toEqual([
    [0x02, '$type', 'S.Forms, S'],
    [0x02, 'T', '00:00:01.5000000'],
    [0x02, 'U', 'http://foo.com/A b'],
    [0x10, 'E', '05000000'],
    [0x10, 'F', '03000000'],
    [0x01, 'D', '9a9999999999f13f'],
    [0x09, 'O', instant(1_577_898_245_678n)],
  ])
  const own = new TypeRegistry()
  const again = own.register(contract).method('M')
  const decoded = decodeRequest(encodeRequest(head, again.params, [value], {}).document, own, defaultLimits)
  expect(decoded.null ? undefined : decoded.args[0]?.value).toEqual({
    ...value,
    U: 'http://foo.com/A b',
    D: '1.1',
    O: new Date('2020-01-02T03:04:05.678+10:00'),
  })
})

describe('nothing is written of a value that cannot be serialized', () => {
  const wide = service('IWide', {
    M: method(
      [
        ['m', members],
        ['s', string],
      ],
      string,
    ),
  })
  const refusals: readonly [string, Record<string, unknown>, string][] = [
    [
      'a uint above 2^31-1',
      { UInt: 2 ** 31 },
      '/params/0/UInt: 2147483648 is too large to fit in a signed 32 bit integer. BSON does not support unsigned values.',
    ],
    [
      'a ulong above 2^63-1',
      { ULong: 2n ** 63n },
      '/params/0/ULong: 9223372036854775808 is too large to fit in a signed 64 bit integer. BSON does not support unsigned values.',
    ],
    ['a fraction in an int', { Int: 1.5 }, '/params/0/Int: expected a whole number from -2147483648 to 2147483647, got the number 1.5'],
    ['a name that the enum lacks', { Color: 'Pink' }, '/params/0/Color: expected a name of Color or its number, got a string'],
    ['a member that does not exist', { Nope: 1 }, '/params/0: there is no member "Nope"'],
    ['a duration that is none', { TimeSpan: '1 day' }, '/params/0/TimeSpan: expected an ISO 8601 duration'],
    ['a date beyond the year 9999', { DateTime: new Date(Number.NaN) }, '/params/0/DateTime: expected a Date'],
  ]
  const complete = {
    Bool: true,
    SByte: 0,
    Byte: 0,
    Short: 0,
    UShort: 0,
    Int: 0,
    UInt: 0,
    Long: 0n,
    ULong: 0n,
    Float: 0,
    Double: 0,
    Decimal: '0',
    Char: 'x',
    Guid: head.activityId,
    DateTime: new Date(0),
    DateTimeOffset: new Date(0),
    TimeSpan: 'PT0S',
    Color: 'Red',
    Access: 'None',
  }
  test.each(refusals)('M26 %s is refused with its place', (_, change, message) => {
    const error = thrown(() => encodeRequest(head, compile(wide).method('M').params, [{ ...complete, ...change }, 'x'], {}))
    expect(error).toMatchObject({ kind: 'serialization_failed', delivery: 'not_sent' })
    expect(error.message.slice(0, message.length)).toBe(message)
  })

  test('M26 a name with NUL is refused, also deep inside', () => {
    const error = thrown(() => encodeRequest(head, echo.method('DescribeDict').params, [{ 'a\0b': '1' }], {}))
    expect(error.kind).toBe('serialization_failed')
  })

  test('M26 the next message is whole', () => {
    expect(encodeRequest(head, echo.method('SayHello').params, ['Paul'], {}).document.toString('hex')).toBe(goldenRequest)
  })
})

describe('nesting', () => {
  const tree = (levels: number): unknown => (levels === 0 ? null : { Name: null, Child: tree(levels - 1) })

  test('M27 64 levels are written, 65 are not', () => {
    const { params: codecs } = echo.method('DescribeTree')
    expect(encodeRequest(head, codecs, [tree(61)], {}).document.length).toBeGreaterThan(0)
    expect(thrown(() => encodeRequest(head, codecs, [tree(62)], {})).message).toContain('nested more than 64 levels deep')
  })

  test('M27 64 levels are read, 65 are not, also in a member that is skipped', () => {
    const nest = (levels: number): BsonElement => [0x04, 'zz', levels === 1 ? [] : [nest(levels - 1)]]
    expect(request(changed(message => [...message, nest(62)])).method).toBe('SayHello')
    const error = thrown(() => request(changed(message => [...message, nest(63)])))
    expect(error.message).toContain("The reader's MaxDepth of 64 has been exceeded. Path 'Message")
  })

  test('a value that contains itself is refused', () => {
    const loop: { Name: string; Child: unknown } = { Name: 'a', Child: null }
    loop.Child = loop
    expect(thrown(() => encodeRequest(head, echo.method('DescribeTree').params, [loop], {})).message).toContain(
      'or the value contains itself',
    )
  })
})

describe('data streams', () => {
  test('D12 a stream in a declared member is found without $type', () => {
    const main = DataStream.fromString('x')
    const others = [DataStream.fromString('yy'), DataStream.fromString('zzz')]
    const { document, streams } = encodeRequest(head, echo.method('EchoHolder').params, [{ Main: main, Others: others }], {})
    expect(streams).toEqual([main, ...others])
    const holder = elementAt(decodeTree(document), 'Message', 'params', '0')[2] as BsonTree
    expect((elementAt(holder, 'Main')[2] as BsonTree).map(([, name]) => name)).toEqual(['id', 'length'])
    const decoded = request(document)
    expect(decoded.streams.map(stream => [stream.id, stream.length])).toEqual([main, ...others].map(stream => [stream.id, stream.length]))
    expect((decoded.args[0]?.value as { Main: unknown } | undefined)?.Main).toBe(decoded.streams[0])
  })

  test('one without $type in an object slot is not a stream, nor one deep inside an untyped document', () => {
    const { document } = encodeRequest(head, echo.method('CountBytes').params, [DataStream.fromString('x')], {})
    const untagged = encodeTree(
      decodeTree(document).map(([type, name, message]) => [
        type,
        name,
        (message as BsonTree).map(([t, n, v]) =>
          n === 'params' ? [t, n, [[0x03, '0', (elementAt(v as BsonTree, '0')[2] as BsonTree).slice(1)]]] : [t, n, v],
        ),
      ]),
    )
    expect(request(untagged)).toMatchObject({ streams: [], args: [{ clrType: 'JObject' }] })
  })

  test('one sent twice in a message is refused', () => {
    const stream = DataStream.fromString('x')
    const error = thrown(() => encodeRequest(head, echo.method('EchoStreams').params, [[stream, stream]], {}))
    expect(error.message).toBe('/params/0/1: one data stream cannot be sent twice in a message')
  })

  test('one that has been read is refused', async () => {
    const stream = DataStream.fromString('x')
    await stream.bytes()
    expect(thrown(() => encodeRequest(head, echo.method('CountBytes').params, [stream], {})).kind).toBe('stream_consumed')
  })

  test('more than the limit are refused both ways', () => {
    const streams = Array.from({ length: 3 }, () => DataStream.fromString('x'))
    const encode = (): Buffer => encodeRequest(head, echo.method('EchoStreams').params, [streams], {}).document
    expect(() => decodeRequest(encode(), registry, { ...defaultLimits, maxStreamsPerMessage: 2 })).toThrow('more than 2 data streams')
    expect(() => encodeRequest(head, echo.method('EchoStreams').params, [streams], { maxStreamsPerMessage: 2 })).toThrow(
      'maxStreamsPerMessage',
    )
  })

  test('the methods tell whether they may carry streams', () => {
    expect(echo.method('EchoHolder')).toMatchObject({ takesStreams: true, returnsStreams: true })
    expect(echo.method('SayHello')).toMatchObject({ takesStreams: false, returnsStreams: false })
    expect(compile(service('IHolds', { M: method([['h', nullable(list(box(streamHolder)))]], dataStream) })).method('M').takesStreams).toBe(
      true,
    )
  })
})

describe('names that would harm', () => {
  test('a dictionary key and an untyped member __proto__ are carried, and reach no prototype; a member of that name is ignored', () => {
    const own = JSON.parse('{"__proto__":"x"}') as object
    for (const given of [own, new Map([['__proto__', 'x']])]) {
      const { document } = encodeRequest(head, echo.method('DescribeDict').params, [given], {})
      expect(JSON.stringify(request(document).args[0]?.value)).toBe('{"__proto__":"x"}')
    }
    const polluting = [0x03, '__proto__', [int32('polluted', 1)]] as const
    const argument = (elements: BsonTree): Buffer =>
      changed(message => message.map(e => (e[1] === 'params' ? ([0x04, 'params', [[0x03, '0', elements]]] as const) : e)))
    const untyped = request(argument([polluting])).args[0]?.value as object
    expect(Object.entries(untyped)).toEqual([['__proto__', expect.objectContaining({ polluted: 1n })]])
    expect(Object.getPrototypeOf(untyped)).toBeNull()
    const typed = request(argument([[0x02, '$type', 'Sample.Contracts.Person, Sample.Contracts'], polluting, int32('Age', 3)])).args[0]
      ?.value
    expect(typed).toMatchObject({ Age: 3 })
    expect([Object.getPrototypeOf(typed), ({} as { polluted?: unknown }).polluted]).toEqual([Object.prototype, undefined])
  })

  test('a dictionary comes back without a prototype', () => {
    const { document } = encodeRequest(head, echo.method('DescribeDict').params, [{ toString: 'x' }], {})
    const value = request(document).args[0]?.value as object
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect({ ...value }).toEqual({ toString: 'x' })
  })
})

describe('without a contract', () => {
  test('whole numbers are longs, others doubles, and the rest what it is by itself', () => {
    const stream = DataStream.fromString('x')
    const { document, streams } = encodeRequest(
      head,
      undefined,
      [1, 1.5, 'x', true, null, 5n, new Date(0), new Uint8Array([1]), stream],
      {},
    )
    expect(streams).toEqual([stream])
    expect(request(document).args.map(arg => arg.clrType)).toEqual([
      'Int64',
      'Double',
      'String',
      'Boolean',
      '<null>',
      'Int64',
      'DateTime',
      'Byte[]',
      'DataStream',
    ])
  })

  test('a type can be stated, and what has none is refused', () => {
    const { document } = encodeRequest(head, undefined, [{ $type: { list: 'string' }, $value: ['a'] }], {})
    expect(request(document).args).toMatchObject([{ clrType: 'List`1', value: ['a'] }])
    expect(() => encodeRequest(head, undefined, [{ a: 1 }], {})).toThrow(
      '/params/0: expected a value with its type: typed(…), got an object',
    )
    expect(() => encodeRequest(head, undefined, [{ $type: 'Person', $value: {} }], {})).toThrow(
      "'Person' is neither a scalar nor an entry of types",
    )
  })
})
