import {
  bool,
  bytes,
  char,
  dataStream,
  dateTime,
  decimal,
  dictionary,
  double,
  enumeration,
  guid,
  int32,
  int64,
  list,
  member,
  method,
  nullable,
  object,
  service,
  set,
  string,
  type TypeNode,
  timeSpan,
  tuple,
} from '@halibut-gateway/schemas/contract'
import { contractJson, describeGot, hasStream, type ParamError, readArguments, writeArguments } from '@halibut-gateway/schemas/wire'
import { describe, expect, test } from 'vitest'
import { diamonds } from '../../../support/diamonds.ts'

const color = enumeration('T.Color, T', { Red: 0, Green: 1 })
const circle = object('T.Circle, T', { Radius: double })
const shape = object('T.Shape, T', { Name: string }, { derived: [circle] })
const point = object('T.Point, T', { X: int32, Note: nullable(string) })
const contract = service('ITest', {
  All: method(
    [
      ['bool', bool],
      ['int64', int64],
      ['double', double],
      ['decimal', decimal],
      ['char', char],
      ['guid', guid],
      ['date', dateTime],
      ['span', timeSpan],
      ['bytes', bytes],
      ['color', color],
      ['list', list(int64)],
      ['set', set(string)],
      ['words', dictionary(string, int64)],
      ['numbers', dictionary(int64, string)],
      ['tuple', tuple(string, int64)],
      ['point', point],
      ['shape', shape],
    ],
    string,
  ),
  Add: [
    method(
      [
        ['a', int64],
        ['b', int64],
      ],
      int64,
    ),
    method(
      [
        ['a', double],
        ['b', double],
      ],
      double,
    ),
  ],
  Send: method([['holder', list(dataStream)]]),
})
const json = contractJson(contract)
const [all] = json.find('All')

const values: readonly [value: unknown, form: unknown][] = [
  [true, true],
  [2n ** 62n, '4611686018427387904'],
  [Number.NaN, 'NaN'],
  ['12.50', '12.50'],
  ['ä', 'ä'],
  ['01234567-89ab-cdef-0123-456789abcdef', '01234567-89ab-cdef-0123-456789abcdef'],
  [new Date('2020-01-02T03:04:05.678Z'), '2020-01-02T03:04:05.678Z'],
  ['-P3DT4H5M6.007S', '-P3DT4H5M6.007S'],
  [new Uint8Array([251, 255, 0]), '-_8A'],
  ['Green', 'Green'],
  [
    [1n, -1n],
    ['1', '-1'],
  ],
  [new Set(['a', 'b']), ['a', 'b']],
  [Object.assign(Object.create(null), { toString: 1n, other: 2n }), { toString: '1', other: '2' }],
  [new Map([[1n, 'one']]), [['1', 'one']]],
  [
    ['x', 1n],
    ['x', '1'],
  ],
  [
    { X: 1, Note: null },
    { X: 1, Note: null },
  ],
  [
    { $type: 'Circle', $value: { Radius: 2 } },
    { $type: 'Circle', $value: { Radius: 2 } },
  ],
]

describe('values and their JSON forms', () => {
  test.each(values.map(([value, form], i) => [all?.params[i]?.name ?? '', i, value, form] as const))('%s', (_name, i, value, form) => {
    const type = all?.params[i]?.type ?? ''
    const errors: ParamError[] = []
    expect(JSON.parse(JSON.stringify(json.write(type, value, '', errors)))).toEqual(form)
    expect(json.read(type, form, '', errors)).toEqual(value)
    expect(errors).toEqual([])
  })

  test('a dictionary’s keys never reach a prototype', () => {
    const read = json.read(all?.params[12]?.type ?? '', JSON.parse('{"__proto__":"2"}'), '', []) as object
    expect(Object.getPrototypeOf(read)).toBeNull()
    expect(Object.keys(read)).toEqual(['__proto__'])
  })

  test.each<[string, unknown, string]>([
    ['int64', '9223372036854775808', ''],
    ['int64', '01', ''],
    ['int64', 1.5, ''],
    ['decimal', '1234567890123456', ''],
    ['guid', '0', ''],
    ['date', 'yesterday', ''],
    ['span', 'P', ''],
    ['bytes', 'a', ''],
    ['color', 'Blue', ''],
    ['list', ['1', true], '/1'],
    ['tuple', ['x'], ''],
    ['words', { 'a/b': 'x' }, '/a~1b'],
    ['point', { X: 1, Y: 2 }, '/Y'],
    ['point', { Note: 'no X' }, '/X'],
    ['shape', { $type: 'Point', $value: {} }, '/$type'],
  ])('%s refuses %j at its place', (name, form, path) => {
    const errors: ParamError[] = []
    json.read(all?.params.find(param => param.name === name)?.type ?? '', form, '', errors)
    expect(errors.map(error => error.path)).toEqual([path])
  })

  test.each(['read', 'write'] as const)('%s names ten places, and looks at nothing after them', way => {
    let looked = 0
    const items = Array.from({ length: 100_000 }, (_, i) => i)
    const point = {
      get X() {
        looked++
        return 'x'
      },
    }
    const errors: ParamError[] = []
    json[way](
      { set: 'Point' },
      items.map(() => point),
      '',
      errors,
    )
    expect(errors.map(error => error.path)).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}/X`))
    expect(looked).toBe(10)
    const members: ParamError[] = []
    json[way]('Point', { X: 1, ...Object.fromEntries(items.map(i => [`no${i}`, i])) }, '', members)
    expect(members).toHaveLength(10)
    const words: ParamError[] = []
    json[way]({ dictionary: ['string', 'int64'] }, Object.fromEntries(items.map(i => [`no${i}`, 'x'])), '', words)
    expect(words).toHaveLength(10)
    const pairs: ParamError[] = []
    json[way]({ dictionary: ['int64', 'string'] }, way === 'read' ? items : new Map(items.map(i => [i, i])), '', pairs)
    expect(pairs).toHaveLength(10)
  })

  test.each(values.map(([value, form], i) => [all?.params[i]?.name ?? '', i, value, form] as const))(
    'collections of %s that are put off come out the same',
    (_name, i, value, form) => {
      const later: (() => void)[] = []
      const putOff = (count: number, convert: (index: number) => void): true => {
        later.unshift(() => {
          for (let index = 0; index < count; index++) convert(index)
        })
        return true
      }
      const run = (): void => {
        for (let next = later.shift(); next; next = later.shift()) next()
      }
      const type: TypeNode = { list: all?.params[i]?.type ?? '' }
      const errors: ParamError[] = []
      const written = json.write(type, [value, value], '', errors, undefined, putOff)
      const read = json.read(type, [form, form], '', errors, undefined, putOff)
      expect(read).toEqual([])
      run()
      expect(JSON.parse(JSON.stringify(written))).toEqual([form, form])
      expect(read).toEqual([value, value])
      expect(errors).toEqual([])
    },
  )

  test('classes that derive from each other by many ways are each looked at once', () => {
    let asked = 0
    const many = contractJson(diamonds(14, () => asked++))
    const errors: ParamError[] = []
    many.read('A0', { $type: 'Other', $value: {} }, '', errors)
    expect(errors).toMatchObject([{ path: '/$type' }])
    expect(asked).toBeLessThan(100)
    expect(many.read('A0', { $type: 'Last', $value: {} }, '', [])).toEqual({ $type: 'Last', $value: {} })
  })
})

describe('overloads', () => {
  const add = json.find('add')

  test('JavaScript values decide by what they are', () => {
    expect(writeArguments(json, add, [1n, 2n], '')).toMatchObject({ fitting: { result: 'int64' }, args: ['1', '2'] })
    expect(writeArguments(json, add, [1, 2], '')).toMatchObject({ fitting: { result: 'double' }, args: [1, 2] })
    expect(writeArguments(json, add, ['x', 2], '')).toMatchObject({
      fitting: undefined,
      candidates: ['Add(int64,int64)', 'Add(double,double)'],
    })
  })

  test('JSON forms decide only where one fits', () => {
    expect(readArguments(json, add, ['1', '2'], '')).toMatchObject({ fitting: { result: 'int64' } })
    expect(readArguments(json, add, [1.5, 2], '')).toMatchObject({ fitting: { result: 'double' } })
    expect(readArguments(json, add, [1, 2], '')).toMatchObject({
      fitting: undefined,
      candidates: ['Add(int64,int64)', 'Add(double,double)'],
    })
  })

  test('each of several that do not fit is given up after ten places', () => {
    const lists = contractJson(
      service('ILists', { Take: [method([['of', list(guid)]], string), method([['of', list(set(guid))]], string)] }),
    )
    const refused = readArguments(lists, lists.find('Take'), [Array.from({ length: 100_000 }, () => 1)], '/args')
    expect(refused).toEqual({ fitting: undefined, errors: [], candidates: ['Take(list<guid>)', 'Take(list<set<guid>>)'] })
    const one = readArguments(lists, lists.find('Take').slice(0, 1), [Array.from({ length: 100_000 }, () => 1)], '/args')
    expect(one.fitting === undefined && one.errors.map(error => error.path)).toEqual(Array.from({ length: 10 }, (_, i) => `/args/0/${i}`))
  })

  test('a signature names one', () => {
    expect(json.find('Add(double, double)')).toHaveLength(1)
    expect(json.find('Subtract')).toHaveLength(0)
  })
})

test('a data stream is found wherever it stands', () => {
  const send = json.find('Send')[0]?.params[0]?.type ?? ''
  expect([hasStream(json.contract, send), hasStream(json.contract, all?.params[16]?.type ?? '')]).toEqual([true, false])
})

describe('marks', () => {
  const marked = service('IMarked', {
    M: [
      method([
        [
          'o',
          member(
            object('T.Marked, T', {
              Name: member(string, { required: true, maxLength: 3, pattern: '^[a-z]*$' }),
              Count: member(int64, { default: '7' }),
              Secret: member(string, { secret: true, maxLength: 3, default: '' }),
              Raw: member(bytes, { maxLength: 2, default: 'AQ' }),
            }),
            { required: true },
          ),
        ],
      ]),
    ],
    D: [
      method([['a', int64]]),
      method([
        ['a', int64],
        ['b', member(string, { default: 'x' })],
      ]),
    ],
    E: method([
      ['a', int64],
      ['b', member(int64, { default: 5 })],
      ['c', member(string, { default: 'x' })],
    ]),
  })
  const its = contractJson(marked)
  const [m] = its.find('M')
  const refused = (way: 'read' | 'write', value: unknown): ParamError[] => {
    const errors: ParamError[] = []
    its[way](m?.params[0] ?? '', value, '/args/0', errors)
    return errors
  }

  test('what they do not want is refused with its place, both ways', () => {
    for (const way of ['read', 'write'] as const) {
      expect(refused(way, { Name: 'abc' })).toEqual([])
      expect(refused(way, null)).toEqual([{ path: '/args/0', expected: 'a value: it is required', got: 'null' }])
      expect(refused(way, {})).toEqual([{ path: '/args/0/Name', expected: 'a value: it is required', got: 'nothing' }])
      expect(refused(way, { Name: 'abcd' })).toEqual([{ path: '/args/0/Name', expected: 'at most 3 characters', got: '"abcd"' }])
      expect(refused(way, { Name: 'A' })).toEqual([{ path: '/args/0/Name', expected: 'text like ^[a-z]*$', got: '"A"' }])
    }
    expect(refused('read', { Name: '', Raw: 'AQID' })).toMatchObject([{ path: '/args/0/Raw', expected: 'at most 2 bytes' }])
    expect(refused('write', { Name: '', Raw: Uint8Array.of(1, 2, 3) })).toMatchObject([
      { path: '/args/0/Raw', expected: 'at most 2 bytes' },
    ])
  })

  test('an error never shows a secret', () => {
    for (const way of ['read', 'write'] as const) {
      expect(refused(way, { Name: '', Secret: 'hunter2' })).toEqual([
        { path: '/args/0/Secret', expected: 'at most 3 characters', got: 'a secret' },
      ])
      expect(refused(way, { Name: '', Secret: 12_345 })).toMatchObject([{ path: '/args/0/Secret', got: 'a secret' }])
    }
  })

  test('nothing is quoted of what stands in the place of something else altogether: it may be a secret', () => {
    const account = object('T.Account, T', { Password: member(string, { secret: true }) })
    const accounts = contractJson(
      service('IAccountService', {
        M: method([
          ['one', account],
          ['many', list(account)],
          ['byName', dictionary(string, account)],
        ]),
      }),
    )
    const [one, many, byName] = accounts.find('M')[0]?.params ?? []
    for (const way of ['read', 'write'] as const) {
      const errors: ParamError[] = []
      for (const value of ['hunter2', 1234, true, { Pasword: 'hunter2' }]) accounts[way](one ?? '', value, '/0', errors)
      for (const value of ['hunter2', ['hunter2']]) accounts[way](many ?? '', value, '/1', errors)
      for (const value of ['hunter2', { a: 'hunter2' }]) accounts[way](byName ?? '', value, '/2', errors)
      expect(errors.map(({ got }) => got)).toEqual([
        ...['a string', 'a number', 'a boolean', 'a string'],
        ...['a string', 'a string'],
        ...['a string', 'a string'],
      ])
    }
    expect(['hunter2', 5, null, undefined, [1], {}].map(value => describeGot(value, true))).toEqual([
      ...['a string', 'a number', 'null', 'nothing', 'an array of 1', 'an object'],
    ])
  })

  test('what is missing is its default, and null is not missing', () => {
    expect(its.read(m?.params[0] ?? '', { Name: '' }, '', [])).toEqual({ Name: '', Count: 7n, Secret: '', Raw: Uint8Array.of(1) })
    expect(its.write(m?.params[0] ?? '', { Name: '' }, '', [])).toEqual({ Name: '', Count: '7', Secret: '', Raw: 'AQ' })
    expect(its.read(m?.params[0] ?? '', { Name: '', Raw: null }, '', [])).toMatchObject({ Raw: null })
  })

  test('the last arguments may be missing where they have defaults, and the overload that needs none is meant first', () => {
    expect(readArguments(its, its.find('E'), ['1'], '')).toMatchObject({ args: [1n, 5n, 'x'] })
    expect(writeArguments(its, its.find('E'), [1n, undefined, 'y'], '')).toMatchObject({ args: ['1', 5, 'y'] })
    expect(readArguments(its, its.find('E'), [], '')).toMatchObject({ fitting: undefined })
    expect(readArguments(its, its.find('D'), ['1'], '').fitting?.params).toHaveLength(1)
    expect(writeArguments(its, its.find('D'), [1n], '').fitting?.params).toHaveLength(1)
    expect(readArguments(its, its.find('D'), ['1', 'y'], '')).toMatchObject({ args: [1n, 'y'] })
  })
})

describe('forms that a person would try', () => {
  const its = contractJson(
    service('IForms', {
      M: method([
        ['enums', dictionary(color, string)],
        ['numbers', dictionary(int32, string)],
        ['longs', dictionary(int64, string)],
        ['guids', dictionary(guid, int32)],
        ['chars', dictionary(char, string)],
        ['span', timeSpan],
        ['long', int64],
        ['int', int32],
      ]),
    }),
  )
  const [m] = its.find('M')
  const convert = (way: 'read' | 'write', name: string, value: unknown): [unknown, ParamError[]] => {
    const errors: ParamError[] = []
    return [its[way](m?.params.find(param => param.name === name) ?? '', value, `/${name}`, errors), errors]
  }
  const id = '01234567-89ab-cdef-0123-456789abcdef'

  test.each<[string, object, [unknown, unknown][], unknown[]]>([
    [
      'enums',
      { Green: 'g', 0: 'r' },
      [
        [0, 'r'],
        ['Green', 'g'],
      ],
      [
        [0, 'r'],
        ['Green', 'g'],
      ],
    ],
    [
      'numbers',
      { '-1': 'a', 5: 'b' },
      [
        [5, 'b'],
        [-1, 'a'],
      ],
      [
        [5, 'b'],
        [-1, 'a'],
      ],
    ],
    [
      'longs',
      { 5: 'a', '9223372036854775807': 'b' },
      [
        [5n, 'a'],
        [2n ** 63n - 1n, 'b'],
      ],
      [
        ['5', 'a'],
        ['9223372036854775807', 'b'],
      ],
    ],
    ['guids', { [id]: 1 }, [[id, 1]], [[id, 1]]],
    ['chars', { 5: 'a' }, [['5', 'a']], [['5', 'a']]],
  ])('a dictionary of %s may be an object', (name, object, value, pairs) => {
    expect(convert('read', name, object)).toEqual([new Map(value), []])
    expect(convert('write', name, object)).toEqual([pairs, []])
  })

  test.each<[string, object, string]>([
    ['enums', { Blue: 'b' }, '/enums/Blue'],
    ['enums', { Red: 1 }, '/enums/Red'],
    ['numbers', { '01': 'b' }, '/numbers/01'],
    ['numbers', { 2147483648: 'b' }, '/numbers/2147483648'],
    ['guids', { 'a/b': 1 }, '/guids/a~1b'],
    ['chars', { ab: 'a' }, '/chars/ab'],
  ])('whose keys and values must fit: %s', (name, object, path) => {
    for (const way of ['read', 'write'] as const) expect(convert(way, name, object)[1]).toMatchObject([{ path }])
  })

  test('a TimeSpan may be hh:mm:ss', () => {
    for (const way of ['read', 'write'] as const) {
      expect(convert(way, 'span', '01:02:03')).toEqual(['PT01H02M03S', []])
      expect(convert(way, 'span', '-3.04:05:06.007')).toEqual(['-P3DT04H05M06.007S', []])
      for (const wrong of ['5', '1:2', '24:00:00', '00:60:00', '1:02:03', '00:00:00.12345678'])
        expect(convert(way, 'span', wrong)[1]).toHaveLength(1)
    }
  })

  test('a whole number may be tagged, as a client without the contract does', () => {
    expect(convert('read', 'long', { $numberLong: '9223372036854775807' })).toEqual([2n ** 63n - 1n, []])
    expect(convert('read', 'int', { $numberLong: '5' })).toEqual([5, []])
    expect(convert('read', 'int', { $numberLong: '2147483648' })[1]).toHaveLength(1)
    expect(convert('read', 'long', { $numberLong: '5', other: 1 })[1]).toHaveLength(1)
  })
})

test('dates are cut to milliseconds toward 1970, as .NET cuts them', () => {
  const json = contractJson(contract)
  const read = (text: string) => json.read('dateTime', text, '', []) as Date
  expect(
    ['1969-12-31T23:59:59.9995Z', '1969-12-31T23:59:59.9990Z', '1969-12-31T23:59:59.1230001+00:00', '2020-01-02T03:04:05.6789999Z'].map(
      text => read(text).toISOString(),
    ),
  ).toEqual(['1970-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.124Z', '2020-01-02T03:04:05.678Z'])
  expect(json.write('dateTime', '1969-12-31T23:59:59.9995Z', '', [])).toBe('1970-01-01T00:00:00.000Z')
})

test('long text in the place of a number costs nothing', () => {
  const long = 'x'.repeat(4_000_000)
  const json = contractJson(contract)
  const startedMs = performance.now()
  for (const type of ['int32', 'int64', 'bigInteger', 'object'] as const) json.read(type, long, '', [])
  expect(performance.now() - startedMs).toBeLessThan(100)
})
