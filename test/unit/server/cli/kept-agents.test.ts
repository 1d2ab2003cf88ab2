import { service } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { keptAgents } from '../../../../server/src/cli/kept-agents.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

const agent = (id: string) => ({ id, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40) })
const contract = (id: string, of?: string) => ({ id, contract: service('IOne', {}), addedMs: 1, ...(of !== undefined && { agent: of }) })

/** A store with two agents, each with a contract of its own. */
async function twoAgents() {
  const backend = new MemoryBackend()
  const store = openMemoryStore(backend)
  for (const id of ['web-1', 'web-2']) {
    await store.agents.put(agent(id))
    await store.contracts.put(contract(`${id}/IOne`, id))
    await store.acceptances.put({ id, accepted: [] })
  }
  await store.contracts.put(contract('IOne'))
  return { backend, store }
}

const idsOf = (store: ReturnType<typeof openMemoryStore>) =>
  [store.agents, store.contracts, store.acceptances].map(repository => repository.all().map(({ id }) => id))

test('what is kept of an agent alone goes with it in one flush, so that a later one of its id begins anew', async () => {
  const { backend, store } = await twoAgents()
  const before = backend.commits
  await keptAgents(store).remove('web-1')
  expect(backend.commits).toBe(before + 1)
  expect(idsOf(openMemoryStore(backend))).toEqual([['web-2'], ['web-2/IOne', 'IOne'], ['web-2']])
})

test('where that cannot be kept all of it is still there', async () => {
  const { backend, store } = await twoAgents()
  backend.failure = new Error('the disk is full')
  await expect(keptAgents(store).remove('web-1')).rejects.toThrow('the disk is full')
  expect(idsOf(store)).toEqual([
    ['web-1', 'web-2'],
    ['web-1/IOne', 'web-2/IOne', 'IOne'],
    ['web-1', 'web-2'],
  ])
  await store.close()
})
