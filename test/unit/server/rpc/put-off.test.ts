import { dictionary, int64, list, method, object, ref, service, set, string } from '@halibut-gateway/schemas/contract'
import { contractJson, type ParamError } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { PutOffItems } from '../../../../server/src/rpc/put-off.ts'

const node = object('Tree.Node, Tree', {
  Name: string,
  Numbers: set(int64),
  Named: dictionary(string, list(int64)),
  Nodes: list(ref('Node')),
})
const json = contractJson(service('ITree', { Read: method([], node) }))

function tree(depth: number): object {
  const Nodes = depth === 0 ? [] : Array.from({ length: 9 }, () => tree(depth - 1))
  return {
    Name: `at ${depth}`,
    Numbers: new Set([1n, BigInt(depth)]),
    Named: new Map([
      ['a', [1n]],
      ['b', [2n, 3n]],
    ]),
    Nodes,
  }
}

test('a value that is converted in slices is the same, with a few collections waiting at a time', async () => {
  const [read] = json.find('Read')
  const type = read?.result ?? 'void'
  const errors: ParamError[] = []
  const rest = new PutOffItems()
  let waiting = 0
  let most = 0
  let calls = 0
  const value = json.write(type, tree(4), '/value', errors, undefined, (count, convert) => {
    const isPutOff = rest.putOff(count, index => {
      if (index === 0) waiting--
      calls++
      convert(index)
    })
    if (isPutOff) most = Math.max(most, ++waiting)
    return isPutOff
  })
  expect(rest.waiting).toBe(true)
  await rest.run(() => undefined)
  expect(value).toEqual(json.write(type, tree(4), '/value', errors))
  expect([errors, waiting]).toEqual([[], 0])
  expect(calls).toBeGreaterThan(1_000)
  expect(most).toBeLessThan(200)
})

test('a small value is converted at once', () => {
  const rest = new PutOffItems()
  expect(json.write({ list: { list: 'int64' } }, [[1n], [], [2n]], '/value', [], undefined, rest.putOff)).toEqual([['1'], [], ['2']])
  expect(rest.waiting).toBe(false)
})

test('it ends where it is told so at its next turn', async () => {
  const rest = new PutOffItems()
  let converted = 0
  rest.putOff(1_000_000, () => {
    converted++
  })
  await expect(
    rest.run(() => {
      throw new Error('nobody waits')
    }),
  ).rejects.toThrow('nobody waits')
  expect(converted).toBeLessThan(1_000_000)
})
