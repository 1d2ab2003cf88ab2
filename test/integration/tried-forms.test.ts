import { dictionary, enumeration, int64, method, object, service, string, timeSpan } from '@halibut-gateway/schemas/contract'
import { expect, test } from 'vitest'
import { createRealGateway } from '../support/real-gateway.ts'
import { createWorld } from '../support/world.ts'

const shell = enumeration('T.Shell, T', { PowerShell: 0, Bash: 1 })
const scripts = service('IScripts', {
  Describe: method(
    [
      ['bodies', dictionary(shell, string)],
      ['limits', dictionary(int64, int64)],
      ['words', dictionary(string, int64)],
      ['options', object('T.Options, T', { Wait: timeSpan })],
      ['count', int64],
    ],
    string,
  ),
})

const implementation = {
  Describe: (
    bodies: ReadonlyMap<unknown, string>,
    limits: ReadonlyMap<bigint, bigint>,
    words: Readonly<Record<string, bigint>>,
    { Wait: wait }: { readonly Wait: string },
    count: bigint,
  ) => [[...bodies], [...limits], Object.entries(words), wait, count].flat(2).join(' '),
}
const described = 'Bash echo 1 2 a 3 PT2M30S 9007199254740993'

test('objects, hh:mm:ss, bigint and Map are taken by the client, with its contract and without', async () => {
  await using gateway = await createRealGateway({ contracts: [scripts], host: agent => agent.addService(scripts, implementation) })
  const agent = gateway.client().agent('web-1')
  expect(await agent.service(scripts).Describe({ Bash: 'echo' }, { 1: 2n }, { a: 3n }, { Wait: '00:02:30' }, 2n ** 53n + 1n)).toBe(
    described,
  )
  const values = [new Map([['Bash', 'echo']]), new Map([[1n, 2n]]), new Map([['a', 3n]]), { Wait: '00:02:30' }, 2n ** 53n + 1n]
  expect((await agent.invoke('IScripts', 'Describe', values)).value).toBe(described)
})

test('objects and hh:mm:ss are taken by the library', async () => {
  await using world = await createWorld({ host: agent => agent.addService(scripts, implementation) })
  const client = world.client.createClient(scripts, world.endpoint)
  expect(await client.Describe({ Bash: 'echo' }, { 1: 2n }, { a: 3n }, { Wait: '00:02:30' }, 2n ** 53n + 1n)).toBe(described)
  await expect(client.Describe({ Fish: 'echo' }, {}, {}, { Wait: '00:02:30' }, 1n)).rejects.toThrow('/params/0')
  await expect(client.Describe({}, {}, {}, { Wait: '5' }, 1n)).rejects.toThrow('/params/3')
})

test('a bigint in a call of which nobody knows the contract is a long', async () => {
  await using gateway = await createRealGateway({
    contracts: [],
    host: agent => agent.addService(service('IPlain', { Twice: method([['a', int64]], int64) }), { Twice: a => a * 2n }),
  })
  const answer = await gateway
    .client()
    .agent('web-1')
    .invoke('IPlain', 'Twice', [2n ** 60n])
  expect(answer.value).toEqual({ $numberLong: String(2n ** 61n) })
})
