import { method, service, string } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { ContractDirectory } from '../../../../server/src/fleet/contract-directory.ts'
import { createInstantStore } from '../../../support/instant-store.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

const tools = service('ITools', { Hello: method([['name', string]], string) })
const newer = service('ITools', { Hello: method([], string) })
const named = (name: string) => service(name, {})

test('what is added outlives the process, each in its place, and can be changed then; what is removed does not come back', async () => {
  const backend = new MemoryBackend()
  const first = new ContractDirectory({ store: openMemoryStore(backend) })
  first.start()
  await first.keep(tools)
  await first.keep(newer, 'web-1')
  await first.keep(named('IGone'))
  await first.remove({ service: 'IGone' })
  const second = new ContractDirectory({ store: openMemoryStore(backend) })
  second.start()
  expect(second.entries().map(({ json, agent, addedMs }) => [json.contract, agent, typeof addedMs])).toEqual([
    [tools, undefined, 'number'],
    [newer, 'web-1', 'number'],
  ])
  expect([second.get('ITools', 'web-1')?.contract, second.get('ITools', 'web-2')?.contract]).toEqual([newer, tools])
  expect(second.at({ service: 'ITools' })?.version).toBe(first.at({ service: 'ITools' })?.version)
  await second.replace(newer, { service: 'ITools' })
  const third = new ContractDirectory({ store: openMemoryStore(backend) })
  third.start()
  expect(third.get('ITools')?.contract).toEqual(newer)
})

test('where the settings have another contract in the place of a stored one that is told at the start; the same one is theirs', async () => {
  const store = openMemoryStore()
  await new ContractDirectory({ store }).keep(tools)
  const same = new ContractDirectory({ store })
  same.add(tools)
  same.start()
  expect(same.entries().map(({ addedMs }) => addedMs)).toEqual([undefined])
  const other = new ContractDirectory({ store })
  other.add(newer)
  expect(() => other.start()).toThrow(
    expect.objectContaining({ kind: 'conflict', advice: expect.stringContaining('contracts remove ITools') }),
  )
})

test('a stored contract that is not acceptable any more is told and not used, and the others are', async () => {
  const store = openMemoryStore()
  const { contracts } = store
  await contracts.put({ id: 'IOld', addedMs: 1, contract: { contract: 1, service: 'IOld', methods: [{}] } as never })
  await contracts.put({ id: 'ITools', addedMs: 1, contract: tools })
  const unfit: string[][] = []
  const directory = new ContractDirectory({ store, onUnfit: (id, why) => unfit.push([id, why]) })
  directory.start()
  expect(directory.list()).toEqual([tools])
  expect(unfit).toEqual([['IOld', expect.stringContaining('/methods/0')]])
})

test('a contract that cannot be kept is not known, and one that cannot be forgotten still is', async () => {
  const store = createInstantStore()
  const directory = new ContractDirectory({ store })
  store.failure = new Error('full')
  await expect(directory.keep(tools)).rejects.toThrow('full')
  expect(directory.list()).toEqual([])
  store.failure = undefined
  await directory.keep(tools)
  store.failure = new Error('full')
  await expect(directory.remove({ service: 'ITools' })).rejects.toThrow('full')
  expect([directory.list(), store.contracts.size]).toEqual([[tools], 1])
})

test('each that nobody gets any more is told once, so that it can be forgotten elsewhere', async () => {
  const forgotten: unknown[] = []
  const directory = new ContractDirectory({ onForgotten: contract => forgotten.push(contract) })
  await directory.keep(tools)
  await directory.keep(tools)
  await directory.replace(newer, { service: 'ITools' })
  expect(forgotten).toEqual([tools])
  await directory.keep(tools, 'web-1')
  await directory.removeOf('web-1')
  await directory.removeOf('web-1')
  await directory.remove({ service: 'ITools' })
  expect(forgotten).toEqual([tools, tools, newer])
})

test('there are no more than so many, those of agents included; each that goes makes room', async () => {
  const directory = new ContractDirectory()
  for (let i = 0; i < gatewayLimits.addedContracts; i++) await directory.keep(named(`I${i}`), i % 2 === 0 ? undefined : 'web-1')
  await expect(directory.keep(tools)).rejects.toMatchObject({ kind: 'too_many_calls' })
  await directory.remove({ service: 'I1', agent: 'web-1' })
  await directory.keep(tools)
})

test('who changes the document that was given changes nothing', async () => {
  const directory = new ContractDirectory()
  const given = structuredClone(tools) as unknown as { service: string }
  await directory.keep(given)
  given.service = 'IOther'
  expect(directory.get('ITools')?.contract.service).toBe('ITools')
})
