import { expect, test } from 'vitest'
import { Fifo, type Linked } from '../../../../server/src/base/fifo.ts'

class Item implements Linked<Item> {
  before: Item | undefined
  after: Item | undefined
  list: Fifo<Item> | undefined
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

function drained(list: Fifo<Item>): string[] {
  const names: string[] = []
  for (let item = list.shift(); item; item = list.shift()) names.push(item.name)
  return names
}

test('what is in it comes out in order, whoever left from the middle or an end, and one is in one list at a time', () => {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(name => new Item(name)) as [Item, Item, Item, Item]
  const list = new Fifo<Item>()
  const other = new Fifo<Item>()
  for (const item of [a, b, c, d]) list.push(item)
  list.remove(b)
  list.remove(b)
  list.remove(d)
  expect([list.first, list.last]).toEqual([a, c])
  other.push(a)
  list.push(b)
  list.remove(a)
  expect(drained(list)).toEqual(['c', 'b'])
  expect(drained(other)).toEqual(['a'])
  list.push(d)
  expect(drained(list)).toEqual(['d'])
  expect([list.first, list.last]).toEqual([undefined, undefined])
})
