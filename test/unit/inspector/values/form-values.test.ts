import { int32, int64, list, member, method, nullable, object, service, string, type TypeNode } from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { firstOf, withoutSecrets } from '../../../../server/inspector/src/values/form-values.ts'

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

test('a form begins with no more values than a page can show', () => {
  let wide = object('S.Last, S', { A: int32 })
  for (let i = 0; i < 5; i++) {
    const inner = wide
    wide = object(`S.W${i}, S`, Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`M${at}`, inner]))) as never
  }
  const json = contractJson(service('IWide', { M: method([['p', wide]]) }))
  const count = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? Object.values(value).reduce((sum: number, each) => sum + count(each), 1)
      : value === null
        ? 0
        : 1
  expect(count(firstOf(json, { type: 'W4' }))).toBe(500)
})

test('secrets are not shown, wherever they stand', () => {
  const secret = { secret: true } as const
  const login = object('S.Login, S', { Name: string, Password: member(string, secret) })
  const json = contractJson(service('ISecrets', { M: method([['p', login]]) }))
  const shown = (type: TypeNode, value: unknown, marks = {}) => withoutSecrets(json, { type, ...marks }, value)
  const given = { Name: 'a', Password: 'b' }
  const hidden = { Name: 'a', Password: '•••' }
  expect(shown('string', 'b', secret)).toBe('•••')
  expect(shown('Login', given)).toEqual(hidden)
  expect(shown({ list: { nullable: 'Login' } }, [given, null])).toEqual([hidden, null])
  expect(shown({ array: 'Login', rank: 2 }, [[given]])).toEqual([[hidden]])
  expect(shown({ collection: 'Queue', of: ['Login'] }, [given])).toEqual([hidden])
  expect(shown({ dictionary: ['string', 'Login'] }, { x: given })).toEqual({ x: hidden })
  expect(shown({ dictionary: ['int32', 'Login'] }, [[1, given]])).toEqual([[1, hidden]])
  expect(shown({ tuple: ['string', 'Login'] }, ['x', given])).toEqual(['x', hidden])
  expect(shown('object', { $type: 'Login', $value: given })).toEqual({ $type: 'Login', $value: hidden })
})
