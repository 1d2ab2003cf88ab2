import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { signal } from '@preact/signals'
import { expect, test } from 'vitest'
import { mostSelected, parseRoute, type Route, wholeList } from '../../../../server/inspector/src/address/route.ts'
import { createSelection } from '../../../../server/inspector/src/state/selection.ts'
import { agentSnapshot } from '../../../support/agent-snapshot.ts'

function create(address = '#/agents') {
  const route = signal<Route>(parseRoute(address))
  const shown = signal<readonly AgentSnapshot[]>(['a', 'b', 'c', 'd'].map(id => agentSnapshot(id)))
  const replace = (next: Route): void => {
    route.value = next
  }
  const selection = createSelection({ route, replace }, { shown: () => shown.value })
  return { route, shown, selection, ids: () => selection.agents.value.map(({ id }) => id).join('') }
}

test('what is selected stands in the address, and those of it that the list does not show are counted', () => {
  const { route, selection, ids } = create('#/agents?selected=a,gone')
  expect([ids(), selection.hidden.value, selection.has('a'), selection.has('b')]).toEqual(['a', 1, true, false])
  selection.toggle('c')
  expect(route.value).toMatchObject({ selected: ['a', 'gone', 'c'] })
  selection.toggle('a')
  selection.toggle('c')
  selection.toggle('gone')
  expect(route.value).toEqual({ page: 'agents', list: wholeList })
})

test('from one to another all between them are selected, in the order of the list', () => {
  const { selection, ids } = create()
  selection.toggle('d')
  selection.toggle('b', true)
  expect(ids()).toBe('bcd')
})

test('all that the list shows is whatever it shows, until one is taken out of it', () => {
  const { route, shown, selection, ids } = create()
  selection.all()
  expect([route.value, selection.isAll.value, ids()]).toEqual([{ page: 'agents', list: wholeList, selected: 'shown' }, true, 'abcd'])
  shown.value = shown.value.slice(1)
  expect(ids()).toBe('bcd')
  selection.toggle('c')
  expect([ids(), selection.isAll.value]).toEqual(['bd', false])
  selection.none()
  expect(ids()).toBe('')
})

test('one by one no more are selected than an address holds', () => {
  const { shown, selection } = create()
  shown.value = Array.from({ length: mostSelected + 20 }, (_, i) => agentSnapshot(`a${i}`))
  selection.toggle('a0')
  selection.toggle(`a${mostSelected + 10}`, true)
  expect(selection.agents.value).toHaveLength(mostSelected)
})
