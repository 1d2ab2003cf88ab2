import { enumeration, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { createRealGateway } from '../support/real-gateway.ts'
import { createWorld } from '../support/world.ts'

interface Names {
  readonly namespace: string
  readonly assembly: string
}

const old: Names = { namespace: 'Old.Contracts', assembly: 'Old' }
const fresh: Names = { namespace: 'New.Contracts', assembly: 'New' }
const mixed: Names = { namespace: 'Old.Contracts', assembly: 'New' }

/** A service whose types have these names, the first of them first. */
function contractOf(serviceName: string, [first, ...others]: readonly [Names, ...Names[]], aliases: readonly string[] = []) {
  const name = ({ namespace, assembly }: Names, short: string): string => `${namespace}.${short}, ${assembly}`
  const more = (short: string) => (others.length > 0 ? { aliases: others.map(each => name(each, short)) } : {})
  const colour = enumeration(name(first, 'Colour'), { Red: 0, Blue: 1 }, more('Colour'))
  const ticket = object(name(first, 'Ticket'), { TaskId: string }, more('Ticket'))
  return service(
    serviceName,
    {
      Take: method([['ticket', ticket]], string),
      TakeSeveral: method([['tickets', list(ticket)]], string),
      TakeColours: method([['colours', list(colour)]], string),
      Give: method([], ticket),
      GiveSeveral: method([], list(ticket)),
      GiveColours: method([], list(colour)),
    },
    aliases.length > 0 ? { aliases } : {},
  )
}

/** Writes the old names, reads all. */
const tolerant = contractOf('IOld', [old, fresh, mixed], ['INew'])

const implementation = {
  Take: (ticket: { readonly TaskId: string }) => ticket.TaskId,
  TakeSeveral: (tickets: readonly { readonly TaskId: string }[]) => tickets.map(ticket => ticket.TaskId).join(),
  TakeColours: (colours: readonly unknown[]) => colours.join(),
  Give: () => ({ TaskId: 'a' }),
  GiveSeveral: () => [{ TaskId: 'a' }, { TaskId: 'b' }],
  GiveColours: () => ['Blue', 'Red'] as const,
}

describe.each([
  ['old', 'IOld', old],
  ['new', 'INew', fresh],
  ['mixed', 'iold', mixed],
] as const)('the %s names', (_, serviceName, names) => {
  test('are read like the first in the arguments of a service, also inside other types', async () => {
    await using world = await createWorld({ host: agent => agent.addService(tolerant, implementation) })
    const caller = world.client.createClient(contractOf(serviceName, [names]), world.endpoint)
    expect(await caller.Take({ TaskId: 'a' })).toBe('a')
    expect(await caller.TakeSeveral([{ TaskId: 'a' }, { TaskId: 'b' }])).toBe('a,b')
    expect(await caller.TakeColours(['Blue', 'Red'])).toBe('Blue,Red')
  })

  test('are read like the first in results', async () => {
    await using world = await createWorld({ host: agent => agent.addService(contractOf('IOld', [names]), implementation) })
    const caller = world.client.createClient(tolerant, world.endpoint)
    expect(await caller.Give()).toEqual({ TaskId: 'a' })
    expect(await caller.GiveSeveral()).toEqual([{ TaskId: 'a' }, { TaskId: 'b' }])
    expect(await caller.GiveColours()).toEqual(['Blue', 'Red'])
  })
})

test('the first names are written', async () => {
  await using world = await createWorld({ host: agent => agent.addService(contractOf('IOld', [old]), implementation) })
  expect(await world.client.createClient(tolerant, world.endpoint).TakeSeveral([{ TaskId: 'a' }])).toBe('a')
  await using other = await createWorld({ host: agent => agent.addService(contractOf('IOld', [fresh]), implementation) })
  await expect(other.client.createClient(tolerant, other.endpoint).Take({ TaskId: 'a' })).rejects.toThrow()
})

test('a service that the browser calls by a further name is called by its first', async () => {
  await using gateway = await createRealGateway({
    contracts: [tolerant],
    host: agent => agent.addService(contractOf('IOld', [old]), implementation),
  })
  const client = gateway.client()
  expect((await client.agent('web-1').invoke('INew', 'Take', [{ TaskId: 'a' }])).value).toBe('a')
  expect((await client.contract('INew')).service).toBe('IOld')
})

test('no two services of an agent have one name', async () => {
  await using world = await createWorld({ host: agent => agent.addService(tolerant, implementation) })
  expect(() => world.agent.addService(contractOf('INew', [fresh]), implementation)).toThrow('the service INew has been added already')
})
