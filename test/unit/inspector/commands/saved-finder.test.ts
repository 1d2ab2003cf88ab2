import { emptyCollection } from '@halibut-gateway/schemas/collection'
import { computed, signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { savedFinder } from '../../../../server/inspector/src/commands/saved-finder.ts'
import type { KeptCollection } from '../../../../server/inspector/src/state/saved-calls.ts'

const kept = (id: string, name: string, ...calls: readonly string[]): KeptCollection => ({
  id,
  collection: { ...emptyCollection(name), calls: calls.map(each => ({ name: each, agent: 'web-1', service: 'S', method: 'M', args: [] })) },
})

test('saved calls are found by their names and their collections, once their code has come, and opened', async () => {
  let loads = 0
  const opened: string[] = []
  const list = signal([kept('1', 'Smoke test', 'Greets', 'Adds'), kept('2', 'Nightly', 'Greets at night')])
  const finder = savedFinder(
    async () => {
      if (++loads === 1) throw new Error('the gateway is away')
      return { list }
    },
    (collection, call) => void opened.push(`${collection} ${call}`),
  )
  const found = computed(() => finder.find('greets').map(({ name, about }) => `${name} of ${about}`))
  expect(found.value).toEqual([])
  await Promise.resolve()
  // At the next letter it is asked again.
  finder.find('gre')
  await Promise.resolve()
  await Promise.resolve()
  expect(found.value.toSorted()).toEqual(['Greets at night of Nightly', 'Greets of Smoke test'])
  expect(finder.find('smoke').map(({ name }) => name)).toHaveLength(2)
  finder.find('adds')[0]?.run()
  expect([opened, loads]).toEqual([['1 Adds'], 2])
})
