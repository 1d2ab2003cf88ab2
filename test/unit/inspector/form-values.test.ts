import { int32, int64, list, member, method, nullable, object, service, string } from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { firstOf } from '../../../server/inspector/src/form-values.ts'

const one = service('IOne', {
  M: method([
    [
      'o',
      member(
        nullable(
          object('S.O, S', {
            Name: member(nullable(string), { required: true }),
            Count: member(int64, { default: '7' }),
            Tags: member(list(string), { default: ['a'] }),
            Age: int32,
            Note: nullable(string),
          }),
        ),
        { required: true },
      ),
    ],
  ]),
})

test('a form begins with the defaults of the contract, and with no null where a value is required', () => {
  const json = contractJson(one)
  const [param] = one.methods[0]?.params ?? []
  if (!param) throw new Error('no parameter')
  const first = firstOf(json, param)
  expect(first).toEqual({ Name: '', Count: '7', Tags: ['a'], Age: 0, Note: null })
  const errors: ParamError[] = []
  json.read(param, first, '/0', errors)
  expect(errors).toEqual([])
})
