import { int32, member, method, object, service, string, type Type } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { harmfulTickets, ticketService, unmarkedService } from '../support/ticket-contract.ts'
import { createWorld } from '../support/world.ts'

type Journal = unknown[][]

/** Hosts the service; what its methods get is put into `journal`. */
function host(agent: HalibutRuntime, contract: typeof ticketService, journal: Journal): void {
  agent.addService(contract, {
    StartScript: command => {
      journal.push([command])
      return { Ticket: command.ScriptTicket, ExitCode: 0 }
    },
    GetStatus: (ticket, lastLogSequence) => {
      journal.push([ticket, lastLogSequence])
      return { Ticket: ticket, ExitCode: 0 }
    },
  })
}

/** A caller and an agent, whose contracts have the marks or not. */
async function createCallers(caller: 'marked' | 'unmarked', agent: 'marked' | 'unmarked') {
  const journal: Journal = []
  const contractOf = (which: 'marked' | 'unmarked') => (which === 'marked' ? ticketService : unmarkedService)
  const world = await createWorld({ agent: { mode: 'polling' }, host: it => host(it, contractOf(agent), journal) })
  return {
    journal,
    runtime: world.client,
    service: world.client.createClient(contractOf(caller), world.endpoint),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** The status of a script, with more members. */
function statusOf<M extends Readonly<Record<string, Type>>>(more: M) {
  const ticket = object('T.Ticket, T', { TaskId: string })
  return object('T.Status, T', { Ticket: member(ticket, { required: true }), ...more })
}

const right = { ScriptTicket: { TaskId: 'a-1' }, ScriptBody: 'echo', TaskId: 't' }

describe.each(harmfulTickets)('a ticket of %j', taskId => {
  const ticket = { TaskId: taskId as string }

  test('is refused by the library before anything is sent', async () => {
    await using world = await createCallers('marked', 'unmarked')
    await expect(world.service.GetStatus(ticket)).rejects.toMatchObject({
      kind: 'invalid_argument',
      delivery: 'not_sent',
      message: expect.stringContaining('/params/0/TaskId: expected '),
    })
    await expect(world.service.StartScript({ ...right, ScriptTicket: ticket })).rejects.toMatchObject({ kind: 'invalid_argument' })
    expect(world.journal).toEqual([])
  })

  test('is refused by the service that gets it, whose connection goes on', async () => {
    await using world = await createCallers('unmarked', 'marked')
    const [connection] = world.runtime.subscribers()
    await expect(world.service.GetStatus(ticket, 7n)).rejects.toMatchObject({
      delivery: 'not_sent',
      remote: { message: expect.stringContaining('/params/0/TaskId: expected ') },
    })
    expect(world.journal).toEqual([])
    await world.service.GetStatus({ TaskId: 'a' }, 7n)
    expect(world.runtime.subscribers()).toEqual([connection])
  })

  test('is refused by the gateway, with its place', async () => {
    const journal: Journal = []
    await using gateway = await createRealGateway({ contracts: [ticketService], host: it => host(it, unmarkedService, journal) })
    const agent = gateway.client().agent('web-1')
    const errors = [{ path: '/args/0/ScriptTicket/TaskId' }]
    const command = { ...right, ScriptTicket: ticket }
    await expect(agent.invoke('IScriptServiceV2', 'StartScript', [command])).rejects.toMatchObject({ kind: 'invalid_params', errors })
    await expect(agent.service(ticketService).StartScript(command)).rejects.toMatchObject({ kind: 'invalid_params', errors })
    expect(journal).toEqual([])
  })
})

test('null where the contract requires a value is refused on both sides, for parameters and members', async () => {
  await using marked = await createCallers('marked', 'unmarked')
  await using unmarked = await createCallers('unmarked', 'marked')
  for (const [place, command] of [
    ['/params/0:', null],
    ['/params/0/TaskId:', { ...right, TaskId: null }],
    ['/params/0/ScriptTicket:', { ...right, ScriptTicket: undefined }],
  ] as const) {
    await expect(marked.service.StartScript(command as never)).rejects.toThrow(`${place} expected a value: it is required`)
    await expect(unmarked.service.StartScript(command as never)).rejects.toThrow(`${place} expected a value: it is required`)
  }
  expect([...marked.journal, ...unmarked.journal]).toEqual([])
})

test('a result that the marks do not want fails where it is made, and where it comes', async () => {
  const marked = service('IScriptServiceV2', { GetStatus: method([], statusOf({})) })
  const plain = JSON.parse(JSON.stringify(marked, (key, value: unknown) => (key === 'required' ? undefined : value))) as typeof marked
  for (const [caller, agent] of [
    [marked, plain],
    [plain, marked],
  ] as const) {
    await using world = await createWorld({ host: it => it.addService(agent, { GetStatus: () => ({ Ticket: null as never }) }) })
    const failed = world.client.createClient(caller, world.endpoint).GetStatus()
    await expect(failed).rejects.toMatchObject({ delivery: 'executed' })
    await expect(failed).rejects.toThrow('/result/Ticket: expected a value: it is required, got null')
  }
})

test('what is missing has its default on the wire, where it is read, and in the gateway', async () => {
  const journal: Journal = []
  await using gateway = await createRealGateway({ contracts: [ticketService], host: it => host(it, unmarkedService, journal) })
  const agent = gateway.client().agent('web-1')
  await agent.invoke('IScriptServiceV2', 'GetStatus', [{ TaskId: 'a' }])
  await agent.service(ticketService).GetStatus({ TaskId: 'a' })
  await agent.service(ticketService).GetStatus({ TaskId: 'a' }, undefined, { timeoutMs: 5_000 })
  await agent.service(ticketService).StartScript(right)
  await using world = await createCallers('marked', 'unmarked')
  await world.service.GetStatus({ TaskId: 'a' })
  await world.service.GetStatus({ TaskId: 'a' }, undefined, { timeoutMs: 5_000 })
  expect((await world.service.StartScript(right)).ExitCode).toBe(0)
  const status = [{ TaskId: 'a' }, 7n]
  const started = [{ ...right, DurationToWaitForScriptToFinish: 'PT5S', Arguments: [], Password: '' }]
  expect(journal).toEqual([status, status, status, started])
  expect(world.journal).toEqual([status, status, started])
})

test('a member that a service leaves out is written with its default', async () => {
  const marked = service('IScriptServiceV2', { GetStatus: method([], statusOf({ ExitCode: member(int32, { default: -45 }) })) })
  const plain = service('IScriptServiceV2', { GetStatus: method([], statusOf({ ExitCode: int32 })) })
  await using world = await createWorld({ host: it => it.addService(marked, { GetStatus: () => ({ Ticket: { TaskId: 'a' } }) }) })
  expect((await world.client.createClient(plain, world.endpoint).GetStatus()).ExitCode).toBe(-45)
})

test('a member that its peer leaves out reads as its default', async () => {
  const lacking = service('IScriptServiceV2', { GetStatus: method([], statusOf({})) })
  await using world = await createWorld({ host: it => it.addService(lacking, { GetStatus: () => ({ Ticket: { TaskId: 'a' } }) }) })
  const whole = service('IScriptServiceV2', { GetStatus: method([], statusOf({ ExitCode: member(int32, { default: -45 }) })) })
  const result: unknown = await world.client.createClient(whole, world.endpoint).GetStatus()
  expect(result).toEqual({ Ticket: { TaskId: 'a' }, ExitCode: -45 })
})
