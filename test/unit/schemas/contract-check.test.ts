import { checkContract, contractLimits } from '@halibut-gateway/schemas'
import { int32, int64, list, method, nullable, object, ref, service, string, timeSpan } from '@halibut-gateway/schemas/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calculatorService, echoService, typesService } from '../../support/sample-contracts.ts'

const base = { contract: 1, service: 'IOne', methods: [{ name: 'M', params: [{ name: 'p', type: 'string' }], result: 'void' }] }

/** The issues of a document as `place message`. */
function issues(document: unknown): string[] {
  const check = checkContract(document)
  return check.ok ? [] : check.issues.map(({ place, message }) => `${place} ${message}`)
}

/** A contract with one parameter of this type, and these types. */
function withParameter(type: unknown, types: Record<string, unknown> = {}): unknown {
  return { ...base, types, methods: [{ name: 'M', params: [{ name: 'p', type }], result: 'void' }] }
}

/** A contract with one parameter of this type, with these marks. */
function withMarks(type: unknown, marks: object): unknown {
  return { ...base, methods: [{ name: 'M', params: [{ name: 'p', type, ...marks }], result: 'void' }] }
}

const person = { object: 'S.Person, S', members: [{ name: 'Name', type: 'string' }] }

test('the sample contracts are acceptable, also after a journey as JSON', () => {
  for (const contract of [calculatorService, echoService, typesService]) {
    expect(issues(contract)).toEqual([])
    expect(checkContract(JSON.parse(JSON.stringify(contract)))).toMatchObject({ ok: true, contract: JSON.parse(JSON.stringify(contract)) })
  }
})

test('the builders give plain data: definitions stand under types, once, and are named where they are used', () => {
  const node = object('S.Node, S', { Name: nullable(string), Next: nullable(ref('Node')) })
  const one = service('INodes', {
    First: method([['n', node]], list(node)),
    Second: method([], node, { idempotent: true, cacheSeconds: 5 }),
  })
  expect(JSON.parse(JSON.stringify(one))).toEqual({
    contract: 1,
    service: 'INodes',
    types: {
      Node: {
        object: 'S.Node, S',
        members: [
          { name: 'Name', type: { nullable: 'string' } },
          { name: 'Next', type: { nullable: 'Node' } },
        ],
      },
    },
    methods: [
      { name: 'First', params: [{ name: 'n', type: 'Node' }], result: { list: 'Node' } },
      { name: 'Second', params: [], result: 'Node', idempotent: true, cacheSeconds: 5 },
    ],
  })
})

test.each<[string, unknown, string]>([
  ['no object', 'text', ' must be an object'],
  ['an unknown version', { ...base, contract: 2 }, '/contract must be 1, the version of this form'],
  ['a member that is not known', { ...base, extra: 1 }, '/extra is not known here'],
  ['a service without a name', { ...base, service: '' }, '/service must be a name of letters, digits and _ of at most 256 characters'],
  [
    'an unknown way of cancelling',
    { ...base, methods: [{ ...base.methods[0], cancel: 'stop' }] },
    "/methods/0/cancel must be 'kill' or 'skip'",
  ],
  [
    'required of a value type',
    withMarks('int32', { required: true }),
    '/methods/0/params/0/required is for types that are .NET references; a value type is never null unless it is nullable',
  ],
  ['a length of a number', withMarks('int32', { maxLength: 5 }), '/methods/0/params/0/maxLength is for string and bytes'],
  ['a length that is none', withMarks('string', { maxLength: -1 }), '/methods/0/params/0/maxLength must be a whole number'],
  ['a pattern of bytes', withMarks('bytes', { pattern: '^a$' }), '/methods/0/params/0/pattern is for string'],
  [
    'a pattern that is not linear',
    withMarks('string', { pattern: '^(a+)+$' }),
    '/methods/0/params/0/pattern can match the same text in more than one way, which may take an engine for ever',
  ],
  [
    'a default of another type',
    withMarks('int64', { default: 'x' }),
    '/methods/0/params/0/default must be a value of its type: expected an integer of 64 bits as decimal text',
  ],
  [
    'a default within one',
    withMarks({ list: 'int32' }, { default: [1, 'x'] }),
    '/methods/0/params/0/default/1 must be a value of its type: expected an integer from -2147483648 to 2147483647',
  ],
  [
    'a default that its marks do not want',
    withMarks('string', { default: 'abc', maxLength: 2 }),
    '/methods/0/params/0/default must be a value of its type: expected at most 2 characters',
  ],
  [
    'a default of null where it is required',
    withMarks('string', { default: null, required: true }),
    '/methods/0/params/0/default must be a value of its type: expected a value: it is required',
  ],
  [
    'a default of a data stream',
    withMarks('dataStream', { default: { $stream: 1, length: 1 } }),
    '/methods/0/params/0/default must be a value of its type: expected { "$stream": …, "length": … }',
  ],
  [
    'a parameter without a default behind one that has it',
    {
      ...base,
      methods: [
        {
          name: 'M',
          params: [
            { name: 'a', type: 'string', default: '' },
            { name: 'b', type: 'string' },
          ],
          result: 'void',
        },
      ],
    },
    '/methods/0/params/1/default must be there: a parameter before this one has a default',
  ],
  ['methods that are none', { ...base, methods: {} }, '/methods must be an array'],
  ['an unknown type', withParameter('Nope'), "/methods/0/params/0/type 'Nope' is neither a scalar nor an entry of types"],
  [
    'object as a parameter',
    withParameter('object'),
    '/methods/0/params/0/type .NET forbids object as a parameter or result (also inside one): only members may be object',
  ],
  [
    'object inside a parameter',
    withParameter({ list: 'object' }),
    '/methods/0/params/0/type/list .NET forbids object as a parameter or result (also inside one): only members may be object',
  ],
  ['void as a parameter', withParameter('void'), '/methods/0/params/0/type void is for results only'],
  ['void inside a type', withParameter({ list: 'void' }), '/methods/0/params/0/type/list void is for results only'],
  ['a nullable nullable', withParameter({ nullable: { nullable: 'int32' } }), '/methods/0/params/0/type/nullable is nullable already'],
  ['an array of bytes', withParameter({ array: 'byte' }), '/methods/0/params/0/type/array an array of bytes is the type bytes'],
  [
    'a key that is none',
    withParameter({ dictionary: ['double', 'string'] }),
    '/methods/0/params/0/type/dictionary/0 a dictionary’s key must be a string, char, guid, integer or enumeration',
  ],
  [
    'a dictionary of one type',
    withParameter({ dictionary: ['string'] }),
    '/methods/0/params/0/type/dictionary must be two types: key and value',
  ],
  [
    'an unknown collection',
    withParameter({ collection: 'Bag', of: ['string'] }),
    "/methods/0/params/0/type/collection 'Bag' is not a .NET collection known here",
  ],
  [
    'a combination that is none',
    withParameter({ pattern: '.*' }),
    '/methods/0/params/0/type must have one of nullable, list, array, set, dictionary, collection, tuple, valueTuple, pair',
  ],
  [
    'two parameters of a name',
    {
      ...base,
      methods: [
        {
          name: 'M',
          params: [
            { name: 'a', type: 'string' },
            { name: 'a', type: 'string' },
          ],
          result: 'void',
        },
      ],
    },
    "/methods/0/params/1/name there is another parameter 'a'",
  ],
  [
    'two methods that .NET cannot tell apart',
    { ...base, methods: [...base.methods, { name: 'm', params: [{ name: 'x', type: { nullable: 'string' } }], result: 'string' }] },
    '/methods/1 has the same name and parameter types as /methods/0: m(string?)',
  ],
  [
    'a cache time that is none',
    { ...base, methods: [{ ...base.methods[0], cacheSeconds: 0 }] },
    '/methods/0/cacheSeconds must be a whole number of seconds from 1 to 31536000',
  ],
  ['a type named like a scalar', withParameter('string', { int64: person }), '/types/int64 int64 is a scalar type; choose another name'],
  ['a type without its .NET name', withParameter('string', { P: { members: [] } }), "/types/P must have 'object' or 'enum', the .NET name"],
  [
    'a .NET name without an assembly',
    withParameter('string', { P: { ...person, object: 'S.Person' } }),
    '/types/P/object must be a .NET name with its assembly: Namespace.Type, Assembly',
  ],
  ['one .NET type twice', withParameter('string', { A: person, B: person }), "/types/B is the same .NET type as 'A'"],
  [
    'generic arguments that are missing',
    withParameter('string', { P: { ...person, object: 'S.Box`1, S' } }),
    '/types/P/of must have as many types as the .NET name says: 1',
  ],
  [
    'a member with a name of the wire',
    withParameter('string', { P: { ...person, members: [{ name: '$type', type: 'string' }] } }),
    '/types/P/members/0/name $type means something else on the wire',
  ],
  [
    'a member named __proto__',
    withParameter('string', { P: { ...person, members: [{ name: '__proto__', type: 'string' }] } }),
    '/types/P/members/0/name __proto__ means something else on the wire',
  ],
  [
    'a base of itself',
    withParameter('string', { P: { ...person, derived: ['P'] } }),
    '/types/P/derived/0 a class does not derive from itself',
  ],
  [
    'a circle of bases',
    withParameter('string', { A: { ...person, derived: ['B'] }, B: { ...person, object: 'S.B, S', derived: ['A'] } }),
    "/types/A/derived/0 'B' is already a base of 'A'",
  ],
  [
    'an enum value out of range',
    withParameter('string', { E: { enum: 'S.E, S', underlying: 'byte', values: { A: 256 } } }),
    '/types/E/values/A 256 is outside byte: 0 to 255',
  ],
  ['an enum of nothing', withParameter('string', { E: { enum: 'S.E, S', values: {} } }), '/types/E/values must have 1 to 4096 entries'],
  [
    'an enum of floats',
    withParameter('string', { E: { enum: 'S.E, S', underlying: 'float', values: { A: 1 } } }),
    '/types/E/underlying must be one of sbyte, byte, int16, uint16, int32, uint32, int64, uint64',
  ],
])('%s is named with its place', (_, document, issue) => {
  expect(issues(document)).toContain(issue)
})

test('a document too large, too deep or too wrong is refused in bounded time and words', () => {
  let deep: unknown = 'string'
  for (let i = 0; i < 10_000; i++) deep = { list: deep }
  expect(issues(withParameter(deep))[0]).toMatch(/nests types more than 24 deep$/)
  const wide = { ...base, methods: Array.from({ length: 2_000 }, () => base.methods[0]) }
  expect(issues(wide)).toEqual([`/methods has 2000 entries; at most ${contractLimits.methods}`])
  const wrong = { ...base, methods: Array.from({ length: 500 }, () => ({})) }
  expect(issues(wrong)).toHaveLength(contractLimits.issues)
})

test.each([
  ['structs within themselves', { S: { object: 'S.S, S', kind: 'struct', members: [{ name: 'A', type: 'S' }] } }, '/types/S/members'],
  [
    'defaults within themselves',
    { S: { object: 'S.S, S', members: [{ name: 'A', type: { nullable: 'S' }, default: {} }] } },
    '/types/S/members',
  ],
  [
    'defaults that state their type',
    { S: { object: 'S.S, S', members: [{ name: 'A', type: 'object', default: { $type: { list: 'S' }, $value: [{}] } }] } },
    '/types/S/members',
  ],
  [
    'defaults in every kind of collection',
    {
      S: {
        object: 'S.S, S',
        members: [
          { name: 'A', type: { dictionary: ['string', { array: 'S', rank: 2 }] }, default: { a: [[{}]] } },
          { name: 'B', type: { collection: 'IDictionary', of: ['int32', { set: 'S' }] }, default: [[1, [{}]]] },
          { name: 'C', type: { tuple: ['string', { collection: 'Queue', of: ['S'] }] }, default: ['', [{}]] },
        ],
      },
    },
    '/types/S/members',
  ],
  ['layers of two structs', layers({ kind: 'struct' }), '/types/L11/members'],
  ['layers of two defaults', layers({ default: {} }), '/types/L11/members'],
])('%s are refused: a short message would become endless', (_, types, place) => {
  expect(issues(withParameter('string', types))).toContain(
    `${place} make more than ${contractLimits.missingValues} values, or values too deep, where none comes`,
  )
})

test('a default that states a type that is none is refused', () => {
  const types = { S: { object: 'S.S, S', members: [{ name: 'A', type: 'object', default: { $type: 5, $value: 1 } }] } }
  expect(issues(withParameter('S', types))).toEqual([
    expect.stringMatching(/^\/types\/S\/members\/0\/default\/\$type must be a value of its type/),
  ])
})

/** Twelve types with two members of the next one each. */
function layers({ kind = 'class', ...marks }: { kind?: string; default?: object }): Record<string, unknown> {
  const layer = (i: number) => {
    const type = i === 0 ? 'int32' : `L${i - 1}`
    const members = ['A', 'B'].map(name => ({ name, type, ...(i === 0 ? {} : marks) }))
    return [`L${i}`, { object: `S.L${i}, S`, kind, members }] as const
  }
  return Object.fromEntries(Array.from({ length: 12 }, (_, i) => layer(i)))
}

test('noise is refused, never thrown at', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      expect(checkContract(value).ok).toBe(false)
      expect(checkContract({ ...base, types: value, methods: value }).ok).toBe(Array.isArray(value) && value.length === 0 && false)
    }),
    { numRuns: 200 },
  )
})

test('types that a .NET peer cannot take are warned of, with their place', () => {
  const one = service('IOne', {
    M: method(
      [
        ['a', int32],
        ['b', int64],
        ['c', nullable(int64)],
      ],
      timeSpan,
    ),
  })
  const check = checkContract(one)
  expect(check.ok && check.warnings).toEqual([
    { place: '/methods/0/params/0/type', message: 'a parameter of type int32 never binds at a .NET service: what arrives is a long' },
    { place: '/methods/0/params/2/type', message: 'null never binds to int64? at a .NET service' },
    { place: '/methods/0/result', message: 'a .NET caller cannot read a result of type timeSpan' },
  ])
})

test('the recorded calls that never bind are those that are warned of', () => {
  const check = checkContract(typesService)
  const warned = new Set((check.ok ? check.warnings : []).map(warning => /^\/methods\/(\d+)\/params/.exec(warning.place)?.[1]))
  const names = typesService.methods
    .flatMap((each, i) => (warned.has(String(i)) ? [each.name] : []))
    .filter(name => name.startsWith('Echo'))
  expect(names.map(name => name.slice(4))).toEqual([
    'SByte',
    'Byte',
    'Short',
    'UShort',
    'Int',
    'UInt',
    'ULong',
    'Float',
    'Decimal',
    'Char',
    'DateTimeOffset',
    'TimeSpan',
    'DateOnly',
    'TimeOnly',
    'Uri',
    'Version',
    'BigInteger',
    'Color',
    'LongColor',
    'ByteColor',
    'Access',
    'NullableBool',
    'NullableInt',
    'NullableLong',
    'NullableDouble',
    'NullableGuid',
    'NullableDateTime',
    'NullableTimeSpan',
    'NullableColor',
    'Pair',
  ])
})

test('a contract that is added at run time may have no pattern, every other may', () => {
  const patterned = withMarks('string', { pattern: '^[a-z]+$' })
  expect(issues(patterned)).toEqual([])
  expect(checkContract(patterned, { patterns: false })).toEqual({
    ok: false,
    issues: [{ place: '/methods/0/params/0/pattern', message: 'may not be in a contract that is added at run time' }],
  })
})

test('a reference that is nullable may be required where it stands', () => {
  expect(issues(withMarks({ nullable: 'string' }, { required: true }))).toEqual([])
  expect(issues(withMarks({ nullable: 'int32' }, { required: true }))).toHaveLength(1)
})

test('further names are names, of as many type arguments, and of no other type or service', () => {
  const typed = (aliases: unknown, more: object = {}) => withParameter('Person', { Person: { ...person, aliases }, ...more })
  expect(issues(typed(['T.Person, T', 'S.Person, T']))).toEqual([])
  expect(issues(typed(['Person']))).toEqual(['/types/Person/aliases/0 must be a .NET name with its assembly: Namespace.Type, Assembly'])
  expect(issues(typed(['S.Box`1, S']))).toEqual(['/types/Person/aliases/0 must have as many type arguments as the first name'])
  expect(issues(typed(['S.Person, S']))).toEqual(['/types/Person/aliases/0 is a name of this type already'])
  const other = { Other: { object: 'T.Person, T', members: [] } }
  expect(issues(typed(['T.Person, T'], other))).toEqual(["/types/Other is the same .NET type as 'Person'"])
  expect(issues(typed(Array(17).fill('T.Person, T')))).toEqual(['/types/Person/aliases has 17 entries; at most 16'])
  const colour = { enum: 'S.Colour, S', values: { Red: 0 }, aliases: 'T.Colour, T' }
  expect(issues(withParameter('string', { Colour: colour }))).toEqual(['/types/Colour/aliases must be an array'])
  expect(issues({ ...base, aliases: ['ITwo'] })).toEqual([])
  expect(issues({ ...base, aliases: ['ione'] })).toEqual(['/aliases/0 is a name of the service already'])
})
