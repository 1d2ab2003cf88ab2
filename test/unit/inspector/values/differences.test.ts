import { parsePath } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { select } from '../../../../schemas/src/collection-path.ts'
import { canonical } from '../../../../server/inspector/src/values/answer-groups.ts'
import { differencesOf } from '../../../../server/inspector/src/values/differences.ts'

const positive = fc.jsonValue({ maxDepth: 5 }).map(value => JSON.parse(JSON.stringify(value)) as unknown)

test('a value differs from itself nowhere, and from another one at places where each has what is told', () => {
  fc.assert(
    fc.property(positive, positive, (one, other) => {
      expect(differencesOf(one, structuredClone(one))).toEqual([])
      const found = differencesOf(one, other, 1_000)
      expect(found.length === 0).toBe(canonical(one) === canonical(other))
      for (const { path, one: mine, other: theirs } of found) {
        const at = (value: unknown): unknown => select(value, parsePath(path))[0]?.value
        expect([at(one), at(other)]).toEqual([mine, theirs])
        expect(mine === undefined || theirs === undefined || canonical(mine) !== canonical(theirs)).toBe(true)
      }
      expect(new Set(found.map(({ path }) => path)).size).toBe(found.length)
    }),
  )
})

test('the deepest places that say it all are told', () => {
  const one = { Version: '1.0', Disks: [{ Name: 'c', Free: 5 }, { Name: 'd' }], Tags: [] }
  const other = { Version: '1.1', Disks: [{ Name: 'c', Free: 4 }], Tags: {}, More: null }
  expect(differencesOf(one, other).map(({ keys, ...told }) => told)).toEqual([
    { path: '$.Version', one: '1.0', other: '1.1' },
    { path: '$.Disks[0].Free', one: 5, other: 4 },
    { path: '$.Disks[1]', one: { Name: 'd' }, other: undefined },
    { path: '$.Tags', one: [], other: {} },
    { path: '$.More', one: undefined, other: null },
  ])
})

test('of very many differences fifty are told', () => {
  const list = (first: number): readonly number[] => Array.from({ length: 100_000 }, (_, i) => first + i)
  expect(differencesOf(list(0), list(1))).toHaveLength(50)
})
