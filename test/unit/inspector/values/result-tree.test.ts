import { int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { contractJson } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { findInTree, firstOpen, jsonPathOf, treeRows, waysTo } from '../../../../server/inspector/src/values/result-tree.ts'
import { moveInTree } from '../../../../server/inspector/src/values/tree-keys.ts'

const value = { Name: 'a', Tags: ['x', 'y'], Inner: { 'a b': null, Count: 5 } }
const shown = (open: Iterable<string>) =>
  treeRows({ value }, new Set(open)).map(({ depth, name, text }) => `${' '.repeat(depth)}${name} ${text}`)

test('a value has a row for each part that is open', () => {
  expect(shown([])).toEqual([' 3 members'])
  expect(shown(['', '/Tags'])).toEqual([' 3 members', ' Name "a"', ' Tags 2 items', '  0 "x"', '  1 "y"', ' Inner 2 members'])
  expect(treeRows({ value }, new Set([''])).map(({ place, siblings }) => [place, siblings])).toEqual([
    [1, 1],
    [1, 3],
    [2, 3],
    [3, 3],
  ])
  expect(treeRows({ value: [] }, new Set(['']))).toMatchObject([{ canOpen: false, text: '0 items' }])
})

test('numbers that are text in JSON are shown as numbers', () => {
  const box = object('S.Box, S', { Sizes: list(int64), Label: string })
  const json = contractJson(service('S', { M: method([], box) }))
  const rows = treeRows({ value: { Sizes: ['9007199254740993'], Label: '5' }, type: { json, node: 'Box' } }, new Set(['', '/Sizes']))
  expect(rows.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'object 2 members',
    'list 1 item',
    'number 9007199254740993',
    'text "5"',
  ])
})

test('a million items are groups of groups of none more than can be looked at', () => {
  const many = Array.from({ length: 1_000_000 }, (_, i) => i)
  const rows = treeRows({ value: many }, new Set(['']))
  expect(rows).toHaveLength(2_001)
  expect(rows[2]).toMatchObject({ id: '|500', name: '500 … 999', kind: 'group' })
  const open = new Set(waysTo(many, '/777_777'.replace('_', '')))
  expect([...open]).toEqual(['', '|777500'])
  expect(treeRows({ value: many }, open).find(({ id }) => id === '/777777')).toMatchObject({ text: '777777', place: 278, siblings: 500 })
})

test('names and simple values are found, and each can be shown', () => {
  expect(findInTree(value, 'COUNT')).toEqual({ pointers: ['/Inner/Count'], isWhole: true })
  expect(findInTree(value, 'y')).toEqual({ pointers: ['/Tags/1'], isWhole: true })
  expect(findInTree(value, '').pointers).toEqual([])
  expect(waysTo(value, '/Inner/a b')).toEqual(['', '/Inner'])
  expect(
    findInTree(
      Array.from({ length: 5_000 }, () => 'same'),
      'same',
    ),
  ).toMatchObject({ isWhole: false })
})

test('the path of a place is a JSON path', () => {
  expect(['', '/Name', '/Tags/1', '/Inner/a b'].map(each => jsonPathOf(value, each))).toEqual([
    '$',
    '$.Name',
    '$.Tags[1]',
    "$.Inner['a b']",
  ])
  expect(jsonPathOf({ "it's": 1 }, "/it's")).toBe(String.raw`$['it\'s']`)
})

test('what is short is open at first, and what is long is not', () => {
  expect(firstOpen(value)).toEqual(new Set(['', '/Tags', '/Inner']))
  expect(firstOpen({ many: Array.from({ length: 100 }, () => 1), few: [1] })).toEqual(new Set(['', '/few']))
})

test('the keyboard opens, closes and goes everywhere', () => {
  const rows = treeRows({ value }, new Set(['', '/Tags']))
  const key = (name: string, at: number) => moveInTree(rows, at, name, 3)
  expect(key('ArrowDown', 0)).toEqual({ to: 1 })
  expect(key('ArrowDown', 5)).toEqual({ to: 5 })
  expect(key('PageUp', 1)).toEqual({ to: 0 })
  expect(key('End', 0)).toEqual({ to: 5 })
  expect(key('ArrowRight', 2)).toEqual({ to: 3 })
  expect(key('ArrowRight', 5)).toEqual({ open: ['/Inner'] })
  expect(key('ArrowRight', 1)).toBeUndefined()
  expect(key('ArrowLeft', 2)).toEqual({ close: ['/Tags'] })
  expect(key('ArrowLeft', 4)).toEqual({ to: 2 })
  expect(key('ArrowLeft', 1)).toEqual({ to: 0 })
  expect(key('Enter', 5)).toEqual({ open: ['/Inner'] })
  expect(key('*', 1)).toEqual({ open: ['/Tags', '/Inner'] })
  expect(key('x', 1)).toBeUndefined()
})
