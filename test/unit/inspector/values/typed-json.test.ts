import {
  bytes,
  decimal,
  dictionary,
  int64,
  list,
  method,
  nullable,
  object,
  service,
  string,
  tuple,
} from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { beginningOfJson } from '../../../../server/inspector/src/values/beginning-of-json.ts'
import { bytesIn, resultType } from '../../../../server/inspector/src/values/typed-json.ts'

const row = object('Row, Test', { Id: int64, Price: nullable(decimal), Name: string, Content: bytes })
const json = contractJson(
  service('ITable', {
    One: method([], int64),
    Text: method([], string),
    Rows: method([], list(row)),
    ByName: method([], dictionary(string, tuple(int64, string))),
  }),
)
const text = (name: string, value: unknown): string => beginningOfJson(value, 10_000, '', resultType(json, `${name}()`)).text

test('whole numbers of 64 bits and decimals are shown as numbers, wherever their contract has them', () => {
  expect(text('One', '9007199254740993')).toBe('9007199254740993')
  expect(text('Text', '9007199254740993')).toBe('"9007199254740993"')
  expect(text('Rows', [{ Id: '1', Price: '2.50', Name: '3', Content: '' }])).toBe('[{"Id":1,"Price":2.50,"Name":"3","Content":""}]')
  expect(text('Rows', [{ Id: '1', Price: null, Name: '', Content: '' }])).toContain('"Price":null')
  expect(text('ByName', { a: ['1', '2'] })).toBe('{"a":[1,"2"]}')
  // What is no number is not shown as one.
  expect(text('One', 'many')).toBe('"many"')
  expect(beginningOfJson('1', 10, '', resultType('missing', 'One()')).text).toBe('"1"')
})

test('bytes are found where they stand, the first twenty', () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ Id: `${i}`, Price: null, Name: '', Content: 'AAAA' }))
  const found = bytesIn(resultType(json, 'Rows()'), rows)
  expect(found.length).toBe(20)
  expect(found[1]).toEqual({ path: '/1/Content', value: 'AAAA' })
})
