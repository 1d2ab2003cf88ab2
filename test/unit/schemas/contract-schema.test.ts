import { contractJsonSchema, contractSchemas } from '@halibut-gateway/schemas'
import {
  bytes,
  decimal,
  dictionary,
  guid,
  int32,
  int64,
  list,
  member,
  method,
  nullable,
  object,
  service,
  string,
} from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { Value } from '@sinclair/typebox/value'
import { expect, test } from 'vitest'
import { diamonds } from '../../support/diamonds.ts'
import { calculatorService, echoService, typesRows, typesService } from '../../support/sample-contracts.ts'

function fits(contract: Parameters<typeof contractSchemas>[0], signature: string, args: unknown): boolean {
  const { methods, definitions } = contractSchemas(contract)
  const schema = methods.get(signature)?.params
  if (!schema) throw new Error(`no ${signature}`)
  return Value.Check(schema, [...definitions], args)
}

test('arguments are checked in their JSON form', () => {
  expect(fits(calculatorService, 'Add(int64,int64)', ['9007199254740993', '-1'])).toBe(true)
  expect(fits(calculatorService, 'Add(int64,int64)', [1, 2])).toBe(true)
  expect(fits(calculatorService, 'Add(int64,int64)', ['1.5', '2'])).toBe(false)
  expect(fits(calculatorService, 'Add(int64,int64)', ['1'])).toBe(false)
  expect(fits(calculatorService, 'AddInt(int32,int32)', [2_147_483_648, 0])).toBe(false)
  expect(fits(calculatorService, 'AddDouble(double,double)', ['NaN', 1])).toBe(true)
})

test('a decimal of more than 15 significant digits is refused, since the wire would round it', () => {
  const one = service('IOne', { D: method([['d', decimal]], decimal) })
  for (const text of ['0', '-1.10', '123456789012345', '0.00000123456789012345', '100000000000000000000', '000.5']) {
    expect([text, fits(one, 'D(decimal)', [text])]).toEqual([text, true])
  }
  for (const text of ['1234567890123456', '1.234567890123456', '1e5', '', '.', '1.', '--1']) {
    expect([text, fits(one, 'D(decimal)', [text])]).toEqual([text, false])
  }
})

test('objects take their members, may miss those that can be null, and take no others', () => {
  const ok = (value: unknown): boolean => fits(echoService, 'DescribePerson(Person?)', [value])
  expect(ok({ Name: 'Ann', Age: 3, Parent: { Age: 1 }, Meta: { k: 'v' } })).toBe(true)
  expect(ok({ Age: 3 })).toBe(true)
  expect(ok(null)).toBe(true)
  expect(ok({ Name: 'Ann' })).toBe(false)
  expect(ok({ Age: 3, Extra: 1 })).toBe(false)
  expect(ok({ Age: 3, Parent: { Age: 'x' } })).toBe(false)
})

test('an abstract class takes its derived ones with their names', () => {
  const ok = (value: unknown): boolean => fits(echoService, 'DescribeShape(Shape?)', [value])
  expect(ok({ $type: 'Circle', $value: { Radius: 1, Label: 'c' } })).toBe(true)
  expect(ok({ Radius: 1, Label: 'c' })).toBe(false)
  expect(ok({ $type: 'Person', $value: { Age: 1 } })).toBe(false)
})

test('dictionaries with string keys are objects, others lists of pairs or objects', () => {
  const one = service('IOne', {
    S: method([['d', dictionary(string, int32)]], string),
    G: method([['d', dictionary(guid, nullable(list(string)))]], string),
  })
  expect(fits(one, 'S(dictionary<string,int32>)', [{ a: 1 }])).toBe(true)
  expect(fits(one, 'G(dictionary<guid,list<string>?>)', [[['00112233-4455-6677-8899-aabbccddeeff', ['x']]]])).toBe(true)
  expect(fits(one, 'G(dictionary<guid,list<string>?>)', [{ '00112233-4455-6677-8899-aabbccddeeff': ['x'] }])).toBe(true)
  expect(fits(one, 'G(dictionary<guid,list<string>?>)', [{ '00112233-4455-6677-8899-aabbccddeeff': [1] }])).toBe(false)
})

test('the JSON Schema document is plain JSON whose references resolve, and carries the marks', () => {
  const one = service('IOne', { M: method([['p', member(string, { secret: true, description: 'the password' })]], int64) })
  expect(JSON.stringify(contractJsonSchema(one))).toContain('"description":"the password","writeOnly":true')
  const document = contractJsonSchema(typesService)
  const text = JSON.stringify(document)
  expect(JSON.parse(text)).toEqual(document)
  const names = new Set(Object.keys(document['$defs'] as object))
  for (const [, ref] of text.matchAll(/"\$ref":"#\/\$defs\/([^"]*)"/g)) expect(names.has(decodeURI(ref as string))).toBe(true)
  expect(names.size).toBeGreaterThan(80)
})

test('what the converter writes fits the schema, for a value of every row', () => {
  const samples: Record<string, unknown> = {
    Long: 5n,
    Bytes: new Uint8Array([1]),
    DateTime: new Date(0),
    TimeSpan: 'PT1.5S',
    Color: 'Blue',
    Access: 'Read, Write',
    StringList: ['a', null],
    EnumKeyDict: new Map([['Blue', 'b']]),
    StringHashSet: new Set(['a']),
    ValueTupleSI: ['a', 1],
    Shape: { $type: 'Circle', $value: { Radius: 1, Label: null } },
    ObjectField: { Anything: 5n, Second: { $type: 'Color', $value: 'Red' } },
  }
  const json = contractJson(typesService)
  const { methods, definitions } = contractSchemas(typesService)
  for (const [row, value] of Object.entries(samples)) {
    expect(Object.hasOwn(typesRows, row)).toBe(true)
    const node = typesService.methods.find(each => each.name === `Echo${row}`)
    const errors: never[] = []
    const written = json.write(node?.params[0]?.type ?? '', value, '', errors)
    expect([row, errors]).toEqual([row, []])
    const schema = [...methods].find(([signature]) => signature.startsWith(`Echo${row}(`))?.[1].params
    expect([row, schema && Value.Check(schema, [...definitions], [written])]).toEqual([row, true])
  }
})

test('classes that derive from each other by many ways are each looked at once', () => {
  let asked = 0
  const { definitions } = contractSchemas(diamonds(14, () => asked++))
  expect(definitions.length).toBe(30)
  // Once more for each class whose schema is made.
  expect(asked).toBeLessThan(30 * 30)
})

test('marks are in the schemas: what is required is not null, what has a default may be missing, text has its length and pattern', () => {
  const one = service('IOne', {
    M: method([
      [
        'o',
        member(
          object('S.O, S', { R: member(string, { required: true, pattern: '^[a-z]+$', maxLength: 3 }), D: member(int32, { default: 5 }) }),
          { required: true },
        ),
      ],
      ['b', member(bytes, { maxLength: 4, default: 'AQ' })],
    ]),
  })
  const ok = (...args: unknown[]): boolean => fits(one, 'M(O,bytes)', args)
  expect([ok({ R: 'a' }), ok({ R: 'a', D: 6 }, 'AQID'), ok({ R: 'a' }, null)]).toEqual([true, true, true])
  expect([ok(), ok(null), ok({}), ok({ R: null }), ok({ R: 'A' }), ok({ R: 'abcd' }), ok({ R: 'a' }, 'AQIDBAUGBw')]).toEqual(
    Array(7).fill(false),
  )
  const text = JSON.stringify(contractJsonSchema(one))
  expect(text).toContain('"default":5')
  expect(text).toContain('{"type":"string","maxLength":3,"pattern":"^[a-z]+$"}')
})
