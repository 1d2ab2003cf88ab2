import { expect, test } from 'vitest'
import { Epochs } from '../../../client-sdk/src/epochs.ts'

test('a key keeps the epoch of its first attempt, so that a gateway that has forgotten it never runs it again', () => {
  const epochs = new Epochs()
  expect(epochs.get('key')).toBeUndefined()
  expect([epochs.first('key', 'one'), epochs.first('key', 'two'), epochs.get('key')]).toEqual(['one', 'one', 'one'])
  expect(epochs.first('other', 'two')).toBe('two')
})

test('of many keys the oldest are forgotten', () => {
  const epochs = new Epochs()
  for (let i = 0; i <= 10_000; i++) epochs.first(`key ${i}`, 'one')
  expect([epochs.get('key 0'), epochs.get('key 1'), epochs.get('key 10000')]).toEqual([undefined, 'one', 'one'])
})
