import { once } from 'node:events'
import { createServer } from 'node:net'
import { dataStream, method, service, string } from '@halibut-gateway/schemas/contract'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../server/src/base/deferred.ts'
import { defaultLimits } from '../../server/src/base/limits.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { noStreams } from '../../server/src/gateway/streams/stream-table.ts'
import { Dispatcher } from '../../server/src/rpc/dispatcher.ts'
import { createHandlers } from '../../server/src/rpc/handlers.ts'
import { MethodRunner } from '../../server/src/rpc/run.ts'
import { DataStream } from '../../server/src/runtime/data-streams.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from '../support/access.ts'
import { testIdentity } from '../support/certificates.ts'
import { idleTrust } from '../support/idle-trust.ts'
import { openAsAcceptor, readExchangeMessage } from '../support/scripted-halibut.ts'
import { createRuntime, createScriptedAgent, createWorld, failureOf } from '../support/world.ts'

const tools = service('ITools', { Hold: method([], string), Read: method([], dataStream) })
const thumbprint = testIdentity('agent').thumbprint

/** An address where nothing listens. */
async function deadAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return `https://127.0.0.1:${port}/`
}

describe('a call that no connection takes in time', () => {
  test.each([{ timeoutMs: 1_000 }, { queueTimeoutMs: 1_000 }])(
    'of a listening agent that is away, with %j, tells of the refused dial',
    async times => {
      await using caller = createRuntime('caller', { limits: { retryCountLimit: 1_000_000 } })
      const uri = await deadAddress()
      const error = await failureOf(caller.call({ endpoint: { uri, thumbprint }, service: 'ITools', method: 'Hold', args: [], ...times }))
      expect(error).toMatchObject({ kind: 'deadline_exceeded', phase: 'connect', delivery: 'not_sent', retryable: true, endpoint: uri })
      const [name] = Object.keys(times)
      expect(error.message).toContain(`was not sent to ${uri} within its ${name} of 1000 ms: the last attempt failed: Connection refused`)
      expect(error.cause).toMatchObject({ kind: 'connect_refused' })
    },
  )

  test.each([{ timeoutMs: 20 }, { queueTimeoutMs: 20 }])(
    'of a polling agent that is away, with %j, tells that no connection is there',
    async times => {
      await using caller = createRuntime('caller')
      const error = await failureOf(
        caller.call({ endpoint: { uri: 'poll://nobody/', thumbprint }, service: 'ITools', method: 'Hold', args: [], ...times }),
      )
      expect(error).toMatchObject({ kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent', retryable: true })
      expect(error.message).toMatch(/ 20 ms: no connection of it is there$/)
    },
  )

  test.each(['listening', 'polling'] as const)('of a %s agent that is busy tells so', async mode => {
    await using world = await createWorld({
      agent: { mode },
      limits: { maxConnectionsPerAgent: 1 },
      host: agent => agent.addService(tools, { Hold: ({ signal }) => held(signal), Read: () => DataStream.fromString('') }),
    })
    const began = deferred<void>()
    const stop = new AbortController()
    const client = world.client.createClient(tools, world.endpoint)
    const { signal } = stop
    const hold = { endpoint: world.endpoint, contract: tools, service: tools.service, method: 'Hold', args: [] }
    const first = failureOf(world.client.call({ ...hold, signal, onSending: began.resolve }))
    await began.promise
    for (const times of [{ timeoutMs: 20 }, { queueTimeoutMs: 20 }, { timeoutMs: 1_000_000, queueTimeoutMs: 20 }]) {
      const error = await failureOf(client.Hold(times))
      expect(error).toMatchObject({ kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent' })
      expect(error.message).toContain(mode === 'listening' ? 'all 1 connections to it are in use' : 'busy with 1 other request')
    }
    expect(await failureOf(client.Hold({ signal: AbortSignal.abort() }))).toMatchObject({ kind: 'cancelled', delivery: 'not_sent' })
    stop.abort()
    await first
  })
})

test('a call without times of its own waits for a connection to a listening agent as long as the limit says', async () => {
  await using world = await createWorld({
    limits: { maxConnectionsPerAgent: 1, connectWaitMs: 20 },
    host: agent => agent.addService(tools, { Hold: ({ signal }) => held(signal), Read: () => DataStream.fromString('') }),
  })
  const began = deferred<void>()
  const stop = new AbortController()
  const hold = { endpoint: world.endpoint, contract: tools, service: tools.service, method: 'Hold', args: [] }
  // One that is sent has no limit; its own wait is longer than it takes to connect.
  const first = failureOf(world.client.call({ ...hold, queueTimeoutMs: 60_000, signal: stop.signal, onSending: began.resolve }))
  await began.promise
  expect(await failureOf(world.client.call(hold))).toMatchObject({ kind: 'deadline_exceeded', phase: 'queue', delivery: 'not_sent' })
  stop.abort()
  expect(await first).toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
})

test('a call that was sent ends with its whole time, wherever that went', async () => {
  await using agent = await createScriptedAgent({
    script: async peer => {
      await openAsAcceptor(peer)
      await readExchangeMessage(peer)
    },
  })
  const error = await failureOf(agent.sayHello({ timeoutMs: 1_000, queueTimeoutMs: 100_000 }))
  expect(error).toMatchObject({ kind: 'deadline_exceeded', phase: 'response', delivery: 'unknown', retryable: false })
  expect(error.message).toBe(`the request was sent to ${agent.endpoint.uri}, but no answer came within its timeoutMs of 1000 ms`)
  expect(error.advice).toContain('find out whether the request ran')
})

test('a probe that gets no answer says how far it came', async () => {
  await using agent = await createScriptedAgent({ script: async peer => void (await peer.readUntil('\r\n\r\n')) })
  const error = await failureOf(agent.runtime.probe(agent.endpoint, { timeoutMs: 1_000 }))
  expect(error).toMatchObject({ kind: 'deadline_exceeded', phase: 'identify', delivery: 'not_sent' })
  expect(error.message).toBe(`a probe of ${agent.endpoint.uri} did not end within 1000 ms: the connection was still being made ready`)
})

test.each([Number.NaN, -5, 0])('a time of %s is refused before anything is dialled', async ms => {
  await using agent = await createScriptedAgent()
  for (const times of [{ timeoutMs: ms }, { queueTimeoutMs: ms }]) {
    expect(await failureOf(agent.sayHello(times))).toMatchObject({ kind: 'invalid_argument', delivery: 'not_sent' })
  }
  expect(await failureOf(agent.runtime.probe(agent.endpoint, { timeoutMs: ms }))).toMatchObject({ kind: 'invalid_argument' })
  expect(agent.listener.connections).toHaveLength(0)
})

test.each([2 ** 31, Number.POSITIVE_INFINITY])('a time of %s ms is long, and not over at once', async ms => {
  await using world = await createWorld()
  expect(await world.echo.SayHello('Paul', { timeoutMs: ms, queueTimeoutMs: ms })).toBe('Paul...')
})

test.each(['listening', 'polling'] as const)(
  'a limit that no timer can wait for is one that never passes: a call of a %s agent',
  async mode => {
    const names = Object.keys(defaultLimits).filter(name => name.endsWith('Ms'))
    const limits = { ...Object.fromEntries(names.map(name => [name, 2 ** 40])), pollingProceedDelayMs: 10 }
    await using world = await createWorld({
      agent: { mode },
      limits,
      host: agent => agent.addService(tools, { Hold: () => 'held', Read: () => DataStream.fromString('content') }),
    })
    const client = world.client.createClient(tools, world.endpoint)
    expect(await client.Hold()).toBe('held')
    const download = await client.Read()
    expect(await download.text()).toBe('content')
    expect(await client.Hold()).toBe('held')
  },
)

test.each(['listening', 'polling'] as const)(
  'a deadline ends with the answer of a %s agent, and the download after it goes on',
  async mode => {
    const rest = deferred<void>()
    const read = (): DataStream =>
      DataStream.fromIterable(2, async function* () {
        yield Buffer.from('a')
        await rest.promise
        yield Buffer.from('b')
      })
    await using world = await createWorld({
      agent: { mode, connections: 2 },
      host: agent => agent.addService(tools, { Hold: ({ signal }) => held(signal), Read: read }),
    })
    const client = world.client.createClient(tools, world.endpoint)
    const download = await client.Read({ timeoutMs: 1_000 })
    // A deadline of the same length that began later is over when this fails.
    expect(await failureOf(client.Hold({ timeoutMs: 1_000 }))).toMatchObject({ kind: 'deadline_exceeded' })
    rest.resolve()
    expect(await download.text()).toBe('ab')
  },
)

test('a call that the service failed is finished with that error', async () => {
  await using world = await createWorld({
    host: agent =>
      agent.addService(tools, {
        Hold: () => {
          throw new Error('it does not hold')
        },
        Read: () => DataStream.fromString(''),
      }),
  })
  const finished: unknown[] = []
  world.client.on('callFinished', ({ error }) => finished.push(error))
  const error = await failureOf(world.client.createClient(tools, world.endpoint).Hold())
  expect(error).toMatchObject({ kind: 'service_failed', message: 'it does not hold', phase: 'response', delivery: 'executed' })
  expect(finished).toEqual([error])
})

test('an agent that a call could not reach is offline at once, and the deadline tells since when', async () => {
  await using mesh = createRuntime('caller', { limits: { retryCountLimit: 1_000_000 } })
  const directory = new AgentDirectory()
  directory.add({ id: 'a', uri: await deadAddress(), thumbprint })
  directory.report('a', { type: 'reached', how: 'answers probes' })
  expect(await invoke(mesh, directory, { timeoutMs: 1_000 })).toMatchObject({
    message: expect.stringMatching(/Connection refused.*; the agent is offline since \d{4}-\d\d-\d\dT.*Z$/),
    data: { kind: 'deadline_exceeded', phase: 'connect', delivery: 'not_sent', retryable: true, agent: 'a' },
  })
  expect(directory.get('a')?.state).toMatchObject({ at: 'offline' })
})

/** Calls the agent `a` as a browser does; gives the error. */
async function invoke(mesh: HalibutRuntime, directory: AgentDirectory, times: object): Promise<unknown> {
  const handlers = createHandlers({
    ...createTestAccess(),
    manager: new AgentManager({ mesh, directory }),
    contracts: new ContractDirectory(),
    mesh,
    trust: idleTrust(),
    epoch: 'now',
    version: '0',
  })
  const response = await new Dispatcher(new MethodRunner(handlers, () => undefined)).dispatch(
    { jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: { agent: 'a', service: 'ITools', method: 'Hold', args: [], ...times } },
    {
      principal: { name: 'p', role: 'operator' },
      receivedMs: performance.now(),
      signal: new AbortController().signal,
      streams: noStreams(),
      begun: () => undefined,
      writable: () => Promise.resolve(),
      sendItem: () => undefined,
    },
  )
  return 'error' in response ? response.error : response
}

/** Does not answer before its caller is gone. */
function held(signal: AbortSignal): Promise<string> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve('')))
}
