import {
  bigInteger,
  type Contract,
  char,
  collection,
  decimal,
  describeType,
  dictionary,
  double,
  float,
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
  typed,
  uint16,
  version,
} from '@halibut-gateway/schemas/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import {
  type Materialised,
  matchArguments,
  resolveOverload,
  TypeRegistry,
  toUntyped,
} from '../../../../server/src/codec/contract-values.ts'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../../../server/src/codec/envelope.ts'
import { type BsonElement, type BsonTree, decodeTree, elementAt, encodeTree } from '../../../support/bson-tree.ts'
import { diamonds } from '../../../support/diamonds.ts'
import { baseOrder, calculatorService, echoService, typesService } from '../../../support/sample-contracts.ts'

const registry = new TypeRegistry()
const calculator = registry.register(calculatorService)
const echo = registry.register(echoService)
const types = registry.register(typesService)
const head = { id: 'r1', activityId: '00112233-4455-6677-8899-aabbccddeeff', service: 'S', method: 'M' }

function thrown(run: () => unknown): HalibutError {
  try {
    run()
  } catch (error) {
    if (error instanceof HalibutError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** What a service’s reader makes of a request whose `params` are these elements. */
function read(...elements: BsonElement[]): readonly Materialised[] {
  const document = encodeTree([[0x03, 'Message', [[0x04, 'params', elements]]]])
  const decoded = decodeRequest(document, registry, defaultLimits)
  return decoded.null ? [] : decoded.args
}

/** An argument that is a Members document with one member. */
function readMember(name: string, type: number, value: Buffer | string | BsonTree): unknown {
  const [it] = read([
    0x03,
    '0',
    [
      [0x02, '$type', 'Sample.Contracts.Members, Sample.Contracts'],
      [type, name, value],
    ],
  ])
  return (it?.value as Record<string, unknown> | undefined)?.[name]
}

const le = (bytes: number, value: bigint): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64LE(value)
  return buffer.subarray(0, bytes)
}
const dbl = (value: number): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeDoubleLE(value)
  return buffer
}
const bin = (subtype: number, hex: string): Buffer =>
  Buffer.concat([le(4, BigInt(hex.length / 2)), Buffer.of(subtype), Buffer.from(hex, 'hex')])

describe('typed members read with .NET’s tolerances', () => {
  const guidHex = '33221100554477668899aabbccddeeff'
  const guidText = '00112233-4455-6677-8899-aabbccddeeff'
  const accepted: readonly [string, string, number, Buffer | string | BsonTree, unknown][] = [
    ['int64 into int', 'Int', 0x12, le(8, 7n), 7],
    ['2.5 into int', 'Int', 0x01, dbl(2.5), 2],
    ['3.5 into int', 'Int', 0x01, dbl(3.5), 4],
    ['number text into int', 'Int', 0x02, '7', 7],
    ['2.0 into long', 'Long', 0x01, dbl(2), 2n],
    ['int32 into double', 'Double', 0x10, le(4, 2n), 2],
    ['number text into double', 'Double', 0x02, '1.5', 1.5],
    ['number text into decimal', 'Decimal', 0x02, '0.10', '0.10'],
    ['int32 into bool', 'Bool', 0x10, le(4, 1n), true],
    ['text into bool', 'Bool', 0x02, 'true', true],
    ['a double into string', 'String', 0x01, dbl(1.5), '1.5'],
    ['a bool into string', 'String', 0x08, Buffer.of(1), 'True'],
    ['a guid into string', 'String', 0x05, bin(4, guidHex), guidText],
    ['int32 into char', 'Char', 0x10, le(4, 65n), 'A'],
    ['text into Guid', 'Guid', 0x02, guidText.toUpperCase(), guidText],
    ['a binary of subtype 0 into Guid', 'Guid', 0x05, bin(0, guidHex), guidText],
    ['ISO text into DateTime', 'DateTime', 0x02, '2020-01-02T03:04:05+02:00', new Date(1_577_927_045_000)],
    ['ISO text into DateTimeOffset', 'DateTimeOffset', 0x02, '2020-01-02T03:04:05+02:00', new Date(1_577_927_045_000)],
    ['1:2 into TimeSpan', 'TimeSpan', 0x02, '1:2', 'PT1H2M'],
    ['2 into TimeSpan', 'TimeSpan', 0x02, '2', 'P2D'],
    ['base64 into byte[]', 'Bytes', 0x02, 'AQID', Buffer.of(1, 2, 3)],
    ['a guid into byte[]', 'Bytes', 0x05, bin(4, guidHex), Buffer.from(guidHex, 'hex')],
    [
      'numbers into byte[]',
      'Bytes',
      0x04,
      [
        [0x10, '0', le(4, 1n)],
        [0x10, '1', le(4, 2n)],
      ],
      Buffer.of(1, 2),
    ],
    ['a name in any case into enum', 'Color', 0x02, 'blue', 'Blue'],
    ['number text into enum', 'Color', 0x02, '5', 'Blue'],
    ['an undefined number into enum', 'Color', 0x10, le(4, 99n), 99],
    ['names into flags', 'Access', 0x02, 'Read, Write', 'Read, Write'],
    ['empty text into int?', 'NullableInt', 0x02, '', null],
  ]
  test.each(accepted)('%s', (_, name, type, value, expected) => {
    expect(readMember(name, type, value)).toEqual(expected)
  })

  const rejected: readonly [string, string, number, Buffer | string | BsonTree, string][] = [
    ['true into int', 'Int', 0x08, Buffer.of(1), 'Error reading integer. Unexpected token: Boolean.'],
    ['null into int', 'Int', 0x0a, Buffer.alloc(0), "Error converting value {null} to type 'System.Int32'."],
    ['2^31 into int', 'Int', 0x12, le(8, 2n ** 31n), 'Could not convert to integer: 2147483648.'],
    ['300 into byte', 'Byte', 0x10, le(4, 300n), "Error converting value 300 to type 'System.Byte'."],
    ['-1 into uint', 'UInt', 0x10, le(4, -1n), "Error converting value -1 to type 'System.UInt32'."],
    ['two characters into char', 'Char', 0x02, 'xy', 'Error converting value "xy" to type \'System.Char\'.'],
    ['null into Guid', 'Guid', 0x0a, Buffer.alloc(0), "Error converting value {null} to type 'System.Guid'."],
    ['int64 into DateTime', 'DateTime', 0x12, le(8, 1n), 'Error reading date. Unexpected token: Integer.'],
    ['ticks into TimeSpan', 'TimeSpan', 0x12, le(8, 10_000_000n), "Error converting value 10000000 to type 'System.TimeSpan'."],
    ['PT1S into TimeSpan', 'TimeSpan', 0x02, 'PT1S', 'Error converting value "PT1S" to type \'System.TimeSpan\'.'],
    ['an unknown name into enum', 'Color', 0x02, 'Pink', 'Error converting value "Pink" to type \'Sample.Contracts.Color\'.'],
    ['undefined into string', 'String', 0x06, Buffer.alloc(0), 'Error reading string. Unexpected token: Undefined.'],
  ]
  test.each(rejected)('%s is not', (_, name, type, value, message) => {
    const error = thrown(() => readMember(name, type, value))
    expect(error.message).toBe(`${message} Path 'Message.params[0].${name}'.`)
    expect(error.kind).toBe('serialization_failed')
  })

  test('member names are found in any letter case', () => {
    const [it] = read([
      0x03,
      '0',
      [
        [0x02, '$type', 'Sample.Contracts.Person, Sample.Contracts'],
        [0x02, 'NAME', 'Ann'],
        [0x10, 'age', le(4, 3n)],
      ],
    ])
    expect(it?.value).toEqual({ Name: 'Ann', Age: 3, Tags: null, Parent: null, Meta: null })
  })
})

describe('$type', () => {
  const list = (name: string): readonly Materialised[] =>
    read([
      0x03,
      '0',
      [
        [0x02, '$type', name],
        [0x04, '$values', [[0x02, '0', 'a']]],
      ],
    ])

  test.each([
    'System.Collections.Generic.List`1[[System.String, System.Private.CoreLib]], System.Private.CoreLib',
    'System.Collections.Generic.List`1[[System.String, netstandard]], netstandard',
    'System.Collections.Generic.List`1[[System.String,mscorlib]],mscorlib',
    'System.Collections.Generic.List`1[[System.String]]',
    'System.Collections.Generic.List`1[System.String], mscorlib',
    'System.Collections.Generic.List`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089]], mscorlib, Version=4.0.0.0',
  ])('%s is a list of strings', name => {
    expect(list(name)).toMatchObject([{ clrType: 'List`1', value: ['a'] }])
  })

  test.each([
    ['system.collections.generic.list`1[[system.string, mscorlib]], mscorlib', 'Error resolving type specified in JSON'],
    ['System.Collections.Generic.List`1[[System.String, Nowhere]], Nowhere', 'Error resolving type specified in JSON'],
    ['System.IO.FileInfo, mscorlib', "Type specified in JSON 'System.IO.FileInfo, mscorlib' was not resolved."],
    ['Sample.Contracts.Person', "Type specified in JSON 'Sample.Contracts.Person' was not resolved."],
    ['Sample.Contracts.Person, Other.Contracts', 'Error resolving type specified in JSON'],
    ['][', 'Error resolving type specified in JSON'],
  ])('%s names no type that is allowed', (name, message) => {
    const error = thrown(() => list(name))
    expect(error.message.slice(0, message.length)).toBe(message)
    expect(error.message.endsWith(" Path 'Message.params[0].$type'.")).toBe(true)
  })

  test('late, it makes an untyped object in an object slot and is harmless in a typed one', () => {
    const person: BsonElement = [0x02, '$type', 'Sample.Contracts.Person, Sample.Contracts']
    expect(read([0x03, '0', [[0x02, 'Name', 'Ann'], person]])).toMatchObject([{ clrType: 'JObject' }])
    expect(read([0x03, '0', [person, [0x03, 'Parent', [[0x02, 'Name', 'P'], person]]]])[0]?.value).toMatchObject({ Parent: { Name: 'P' } })
    expect(read([0x03, '0', [[0x02, '$id', '1'], person, [0x02, 'Name', 'Ann']]])).toMatchObject([{ clrType: 'Person' }])
  })

  test('a type that does not fit the declared one closes the connection', () => {
    const cat: BsonElement = [0x03, 'Parent', [[0x02, '$type', 'Sample.Contracts.Cat, Sample.Contracts']]]
    const error = thrown(() => read([0x03, '0', [[0x02, '$type', 'Sample.Contracts.Person, Sample.Contracts'], cat]]))
    expect(error.message).toContain("is not compatible with 'Sample.Contracts.Person'. Path 'Message.params[0].Parent'")
  })

  test('an abstract class or an interface cannot be made', () => {
    expect(() => read([0x03, '0', [[0x02, '$type', 'Sample.Contracts.Shape, Sample.Contracts']]])).toThrow('cannot be instantiated')
  })
})

describe('results', () => {
  const result = (name: string, element: readonly [number, Buffer | string | BsonTree]): unknown => {
    const document = encodeTree([[0x03, 'Message', [[element[0], 'result', element[1]]]]])
    const response = decodeResponse(document, registry, defaultLimits)
    return types.method(`Echo${name}`).result.fromResult(response?.result as Materialised)
  }
  test.each<[string, string, readonly [number, Buffer | string | BsonTree], unknown]>([
    ['int32 for long', 'Long', [0x10, le(4, 5n)], 5n],
    ['2.5 for long', 'Long', [0x01, dbl(2.5)], 2n],
    ['text for long', 'Long', [0x02, '5'], 5n],
    ['true for long', 'Long', [0x08, Buffer.of(1)], 1n],
    ['int64 for int', 'Int', [0x12, le(8, 5n)], 5],
    ['text for decimal', 'Decimal', [0x02, '1.10'], '1.10'],
    ['int32 for string', 'String', [0x10, le(4, 5n)], '5'],
    ['text for bool', 'Bool', [0x02, 'true'], true],
    ['ISO text for DateTime', 'DateTime', [0x02, '2020-01-02T03:04:05Z'], new Date('2020-01-02T03:04:05Z')],
    ['bare binary for byte[]', 'Bytes', [0x05, bin(0, '0102')], Buffer.of(1, 2)],
    ['null for a nullable', 'NullableInt', [0x0a, Buffer.alloc(0)], null],
  ])('%s is converted', (_, name, element, expected) => {
    expect(result(name, element)).toEqual(expected)
  })

  test.each<[string, string, readonly [number, Buffer | string | BsonTree], string, string]>([
    [
      'a guid for string',
      'String',
      [0x05, bin(4, '33221100554477668899aabbccddeeff')],
      'System.InvalidCastException',
      'Object must implement IConvertible.',
    ],
    ['text for Guid', 'Guid', [0x02, 'x'], 'System.InvalidCastException', "Invalid cast from 'System.String' to 'System.Guid'."],
    ['text for byte[]', 'Bytes', [0x02, 'AQ=='], 'System.InvalidCastException', "Invalid cast from 'System.String' to 'System.Byte[]'."],
    ['a bare array for a list', 'StringList', [0x04, []], 'System.InvalidCastException', 'Object must implement IConvertible.'],
    [
      'int32 for an enum',
      'Color',
      [0x10, le(4, 1n)],
      'System.InvalidCastException',
      "Invalid cast from 'System.Int64' to 'Sample.Contracts.Color'.",
    ],
    [
      'null for long',
      'Long',
      [0x0a, Buffer.alloc(0)],
      'System.NullReferenceException',
      'Object reference not set to an instance of an object.',
    ],
    ['2^40 for int', 'Int', [0x12, le(8, 2n ** 40n)], 'System.OverflowException', 'Value was either too large or too small for an Int32.'],
    ['words for long', 'Long', [0x02, 'many'], 'System.FormatException', "The input string 'many' was not in a correct format."],
  ])('%s fails as it does in .NET, and the call has run', (_, name, element, dotnetType, message) => {
    expect(thrown(() => result(name, element))).toMatchObject({ kind: 'serialization_failed', delivery: 'executed', dotnetType, message })
  })
})

describe('a collection that stands in an interface’s place', () => {
  const listLike = ['IEnumerable', 'ICollection', 'IReadOnlyCollection'] as const
  const setTypes = [set(string), collection('SortedSet', string), collection('ImmutableHashSet', string)]
  const cases = listLike.flatMap(face => setTypes.map(type => [face, describeType(type as unknown as TypeNode), type] as const))

  test.each(cases)('%s has the form of an array where a %s came: as an argument, a member, a result', (face, _, type) => {
    const holder = object('Row.Contracts.Holder, Row.Contracts', { Value: collection(face, string), Kept: type })
    const compiled = registry.register(service('IRow', { M: method([['v', collection(face, string)]], holder) })).method('M')
    const given = typed(type, ['a', 'b'])
    const request = decodeRequest(encodeRequest(head, compiled.params, [given], {}).document, registry, defaultLimits)
    const [argument] = request.null ? [] : request.args
    expect(compiled.params[0]?.fromArgument(argument as Materialised)).toEqual(['a', 'b'])
    const response = encodeResponse('1', { result: { Value: given, Kept: ['a'] }, codec: compiled.result }, {})
    const result = decodeResponse(response.document, registry, defaultLimits)?.result as Materialised
    expect(compiled.result.fromResult(result)).toEqual({ Value: ['a', 'b'], Kept: new Set(['a']) })
    expect(compiled.params[0]?.fromResult(argument as Materialised)).toEqual(['a', 'b'])
  })
})

test('ImmutableArray is a value type: null is none of its values, and its nullable has a name of its own', () => {
  const items = collection('ImmutableArray', string)
  const contract = service('IRow', {
    M: method([
      ['v', items],
      ['n', list(nullable(items))],
    ]),
  })
  const { params } = registry.register(contract).method('M')
  expect(() => encodeRequest(head, params, [null, []], {})).toThrow('/params/0: expected an array, got null')
  const text = JSON.stringify(decodeTree(encodeRequest(head, params, [[], [null]], {}).document))
  expect(text).toContain('List`1[[System.Nullable`1[[System.Collections.Immutable.ImmutableArray`1[[System.String, mscorlib]]')
})

describe('overloads', () => {
  const argument = (element: readonly [number, Buffer | string | BsonTree]): Materialised =>
    read([element[0], '0', element[1]])[0] as Materialised
  const long = argument([0x12, le(8, 1n)])
  const real = argument([0x01, dbl(1)])
  const text = argument([0x02, 'a'])
  const none = argument([0x0a, Buffer.alloc(0)])

  test('the arguments’ own types decide, also for the only method of a name', () => {
    expect(resolveOverload(calculator.methods('overloaded'), [long, long]).signature).toBe('Overloaded(int64,int64)')
    expect(resolveOverload(calculator.methods('OVERLOADED'), [real, real]).signature).toBe('Overloaded(double,double)')
    expect(() => resolveOverload(calculator.methods('AddInt'), [long, long])).toThrow(
      'AddIntAsync(Int32, Int32, System.Threading.CancellationToken)',
    )
  })

  test('null for two reference overloads is ambiguous, in .NET’s words', () => {
    const error = thrown(() => resolveOverload(echo.methods('Ambiguous'), [text, none]))
    expect(error.kind).toBe('ambiguous_method')
    expect(error.message).toBe(
      'More than one possible match for the requested service method was found given the argument types. The matches were:\n' +
        ' - System.Threading.Tasks.Task`1[System.String] AmbiguousAsync(System.String, System.String, System.Threading.CancellationToken)\n' +
        ' - System.Threading.Tasks.Task`1[System.String] AmbiguousAsync(System.String, System.Tuple`2[System.String,System.String], System.Threading.CancellationToken)\n' +
        'The request arguments were:\nString, <null>\n',
    )
  })

  test('none that fits lists every candidate, printed as the service wishes', () => {
    const error = thrown(() => resolveOverload(echo.methods('Hello'), [text, text, long], method => method.signature))
    expect(error.message).toBe(
      'Could not decide which candidate to call out of the following methods:\n - Hello()\n - Hello(string?)\n - Hello(string?,string?)\n' +
        'The request arguments were:\nString, String, Int64\n',
    )
  })

  test('a void method prints its task without a type', () => {
    expect(() => resolveOverload(echo.methods('DoNothing'), [long])).toThrow(
      ' - System.Threading.Tasks.Task DoNothingAsync(System.Threading.CancellationToken)',
    )
  })

  test('the caller’s values choose the overload that is closest to them', () => {
    const overloaded = calculator.methods('Overloaded')
    expect(matchArguments(overloaded, [1n, 2n]).signature).toBe('Overloaded(int64,int64)')
    expect(matchArguments(overloaded, [1.5, 2]).signature).toBe('Overloaded(double,double)')
    expect(matchArguments(overloaded, ['1.5', '2']).signature).toBe('Overloaded(decimal,decimal)')
    expect(matchArguments(overloaded, [1, 2]).signature).toBe('Overloaded(double,double)')
    expect(() => matchArguments(echo.methods('Ambiguous'), ['a', null])).toThrow('name one: ')
    expect(thrown(() => matchArguments(overloaded, [true, 2])).kind).toBe('invalid_argument')
    expect(matchArguments(echo.methods('Hello'), []).signature).toBe('Hello()')
  })

  test('a method is found by signature, or by a name that has one only', () => {
    expect(calculator.method('Overloaded(double,double)').params).toHaveLength(2)
    expect(thrown(() => calculator.method('Overloaded')).kind).toBe('ambiguous_method')
    expect(thrown(() => calculator.method('Nope')).kind).toBe('method_not_found')
  })
})

describe('classes', () => {
  test('a base class takes a derived one when its type is said, and gives it back so', () => {
    const echoed = types.method('EchoBaseOrder')
    const value = {
      $type: 'DerivedOrder',
      $value: { DerivedField: null, BaseField: 'b', DerivedFirst: 1, Virtual: 2, DerivedLast: 3, BaseFirst: 4, BaseLast: 5 },
    }
    const { document } = encodeRequest(head, echoed.params, [value], {})
    const decoded = decodeRequest(document, registry, defaultLimits)
    expect(decoded.null ? null : echoed.params[0]?.fromArgument(decoded.args[0] as Materialised)).toEqual(value)
  })

  test('a class that does not derive is refused', () => {
    const error = thrown(() => encodeRequest(head, types.method('EchoBaseOrder').params, [{ $type: 'Person', $value: { Age: 1 } }], {}))
    expect(error.message).toBe('/params/0: Sample.Contracts.Person is not a Sample.Contracts.BaseOrder')
  })

  test('an abstract class needs the type', () => {
    expect(() => encodeRequest(head, types.method('EchoShape').params, [{ Label: 'x' }], {})).toThrow(
      'a Shape is abstract: say with typed(…) which class it is',
    )
  })

  test('a contract of two versions of a class decodes each with its own', () => {
    const one = service('IOne', { M: method([['p', object('S.P, S', { A: int32 })]], string) })
    const two = service('ITwo', { M: method([['p', object('S.P, S', { A: int32, B: string })]], string) })
    const both = new TypeRegistry()
    const first = both.register(one)
    both.register(two)
    const { document } = encodeRequest({ ...head, service: 'ione' }, first.method('M').params, [{ A: 1 }], {})
    const decoded = decodeRequest(document, both, defaultLimits)
    expect(decoded.null ? null : decoded.args[0]?.value).toEqual({ A: 1 })
  })

  test('derived classes that nothing else names may come', () => {
    expect(
      new TypeRegistry().register(service('IB', { M: method([], baseOrder) })).resolve('Sample.Contracts.DerivedOrder, Sample.Contracts')
        .shortName,
    ).toBe('DerivedOrder')
  })
})

test('classes that derive from each other by many ways are each looked at once', () => {
  const layers = 30
  const compiled = registry.register(JSON.parse(JSON.stringify(diamonds(layers))) as Contract)
  const startedAt = performance.now()
  const { params } = compiled.method('Take')
  expect(thrown(() => encodeRequest(head, params, [{ $type: 'Other', $value: {} }], {})).message).toContain('T.Other is not a T.A0')
  expect(encodeRequest(head, params, [{ $type: 'Last', $value: {} }], {}).document.length).toBeGreaterThan(0)
  // By each way that there is it would be some ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('a contract that is not acceptable is refused with its places', () => {
  const error = thrown(() =>
    new TypeRegistry().register({
      contract: 1,
      service: 'I',
      methods: [{ name: 'M', params: [{ name: 'p', type: 'Nope' }], result: 'void' }],
    }),
  )
  expect(error).toMatchObject({ kind: 'invalid_contract' })
  expect(error.message).toContain("/methods/0/params/0/type 'Nope' is neither a scalar nor an entry of types")
})

test('untyped values are simple: small integers are numbers, large ones bigints', () => {
  const [it] = read([
    0x03,
    '0',
    [
      [0x12, 'small', le(8, 5n)],
      [0x12, 'large', le(8, 2n ** 60n)],
      [0x04, 'list', [[0x05, '0', bin(4, '33221100554477668899aabbccddeeff')]]],
    ],
  ])
  expect({ ...(toUntyped(it as Materialised) as object) }).toEqual({
    small: 5,
    large: 2n ** 60n,
    list: ['00112233-4455-6677-8899-aabbccddeeff'],
  })
})

test('what is encoded comes back, for values of many types', () => {
  const everything = object('S.Everything, S', {
    L: int64,
    D: double,
    F: float,
    S: nullable(string),
    U: uint16,
    C: char,
    B: bigInteger,
    V: version,
    List: nullable(list(nullable(string))),
    Set: nullable(set(int32)),
    Map: nullable(dictionary(string, nullable(list(int64)))),
    Keys: nullable(dictionary(int64, string)),
    Queue: nullable(collection('Queue', double)),
  })
  const contract = service('IEverything', { M: method([['e', everything]], everything), N: method([], decimal) })
  const own = new TypeRegistry()
  const compiled = own.register(contract)
  const text = fc.string({ unit: 'grapheme' })
  const key = text.filter(k => !k.includes('\0') && !['$type', '$values', '$id', '$ref', '__proto__'].includes(k))
  const arbitrary = fc.record({
    L: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    D: fc.double(),
    F: fc.float(),
    S: fc.option(text),
    U: fc.integer({ min: 0, max: 65_535 }),
    C: fc.integer({ min: 0, max: 0xd7ff }).map(code => String.fromCharCode(code)),
    B: fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    V: fc.tuple(fc.nat(), fc.nat()).map(parts => parts.join('.')),
    List: fc.option(fc.array(fc.option(text))),
    Set: fc.option(fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })).map(items => new Set(items))),
    Map: fc.option(fc.dictionary(key, fc.option(fc.array(fc.bigInt({ min: 0n, max: 5n }))), { noNullPrototype: false })),
    Keys: fc.option(fc.array(fc.tuple(fc.bigInt({ min: -9n, max: 2n ** 62n }), text)).map(entries => new Map(entries))),
    Queue: fc.option(fc.array(fc.double())),
  })
  const { result } = compiled.method('M')
  fc.assert(
    fc.property(arbitrary, value => {
      const { document } = encodeResponse('x', { result: value, codec: result }, {})
      const decoded = decodeResponse(document, own, defaultLimits)?.result as Materialised
      expect(spread(result.fromResult(decoded))).toEqual(spread(value))
    }),
    { numRuns: 200 },
  )
  function spread(value: unknown): unknown {
    const it = value as Record<string, unknown>
    return { ...it, Map: it['Map'] && Object.entries(it['Map']) }
  }
})

test('the tree of a message has what was written, in order', () => {
  const { document } = encodeRequest(head, calculator.method('Add').params, [1, 2n], {})
  expect(elementAt(decodeTree(document), 'Message', 'params')[2]).toEqual([
    [0x12, '0', le(8, 1n)],
    [0x12, '1', le(8, 2n)],
  ])
})
