import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import { until } from '../support/stream-sections.ts'
import { createRuntime, createWorld, failureOf } from '../support/world.ts'

/** Longer than a test may take: what is waited for comes to its end by itself. */
const drainMs = 600_000

/** A client and an agent whose calls of `Wait` run until they are finished. */
async function createBusyWorld(mode: 'listening' | 'polling') {
  const waiting: WaitingCall[] = []
  const world = await createWorld({ agent: { mode }, host: agent => hostFlowService(agent, call => waiting.push(call)) })
  return {
    ...world,
    waiting,
    flow: world.client.createClient(flowService, world.endpoint),
    running: (count = 1) => until(() => waiting.length === count),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

const modes = ['listening', 'polling'] as const

test.each(modes)('a caller that closes gets its answer of a %s agent first, and makes no other call', async mode => {
  await using it = await createBusyWorld(mode)
  const call = it.flow.Wait()
  await it.running()
  let closed = false
  const closing = it.client.close({ drainMs }).then(() => {
    closed = true
  })
  expect(await failureOf(it.flow.Add(1n, 2n))).toMatchObject({ kind: 'closed', delivery: 'not_sent' })
  expect(await failureOf(it.client.listen())).toMatchObject({ kind: 'closed' })
  expect(closed).toBe(false)
  it.waiting[0]?.finish()
  expect(await call).toBe('done')
  await closing
})

test.each(modes)('a caller that closes gets the data streams of an answer of a %s agent first', async mode => {
  await using it = await createBusyWorld(mode)
  const stream = await it.flow.Zeros(20_000_000n)
  const closing = it.client.close({ drainMs })
  let bytes = 0
  await stream?.pump(chunk => {
    bytes += chunk.byteLength
    return undefined
  })
  await closing
  expect(bytes).toBe(20_000_000)
})

test.each(modes)('a %s agent that closes answers what it runs first, and takes nothing new', async mode => {
  await using it = await createBusyWorld(mode)
  const call = it.flow.Wait()
  await it.running()
  const closing = it.agent.close({ drainMs })
  it.waiting[0]?.finish()
  expect(await call).toBe('done')
  await closing
  await until(() => it.client.subscribers().length === 0)
  const late = it.flow.Add(1n, 2n, { queueTimeoutMs: 50 })
  expect(await failureOf(late)).toMatchObject({ delivery: 'not_sent' })
})

test.each(modes)('a %s agent that closes sends the data streams of its answer first', async mode => {
  await using it = await createBusyWorld(mode)
  const stream = await it.flow.Zeros(20_000_000n)
  const closing = it.agent.close({ drainMs })
  let bytes = 0
  await stream?.pump(chunk => {
    bytes += chunk.byteLength
    return undefined
  })
  await closing
  expect(bytes).toBe(20_000_000)
})

test.each(modes)('two runtimes between which nothing is under way close at once, %s', async mode => {
  await using it = await createBusyWorld(mode)
  expect(await it.flow.Add(1n, 2n)).toBe(3n)
  await it.agent.close({ drainMs })
  await it.client.close({ drainMs })
})

test.each(modes)('what a %s agent cannot finish in time is answered so, and its handler hears of it', async mode => {
  await using it = await createBusyWorld(mode)
  const call = failureOf(it.flow.Wait())
  await it.running()
  const aborted = new Promise(resolve => it.waiting[0]?.signal.addEventListener('abort', resolve))
  await it.agent.close({ drainMs: 20 })
  await aborted
  const error = await call
  expect(error.delivery).toBe('unknown')
  expect(`${error.message} ${error.remote?.message}`).toContain('the service is closing')
})

test.each(modes)('what a caller of a %s agent cannot have in time ends as closed, and may have run', async mode => {
  await using it = await createBusyWorld(mode)
  const call = failureOf(it.flow.Wait())
  await it.running()
  await it.client.close({ drainMs: 20 })
  expect(await call).toMatchObject({ kind: 'closed', delivery: 'unknown' })
})

test('a second close may shorten the time', async () => {
  await using it = await createBusyWorld('listening')
  const call = failureOf(it.flow.Wait())
  await it.running()
  const closing = it.client.close({ drainMs })
  await it.client.close({ drainMs: 0 })
  await closing
  expect(await call).toMatchObject({ kind: 'closed', delivery: 'unknown' })
})

test('requests that wait for a busy polling agent are collected before its client has closed', async () => {
  await using it = await createBusyWorld('polling')
  const calls = [it.flow.Wait(), it.flow.Wait(), it.flow.Add(1n, 2n)]
  await it.running()
  const closing = it.client.close({ drainMs })
  it.waiting[0]?.finish()
  await it.running(2)
  it.waiting[1]?.finish()
  expect(await Promise.all(calls)).toEqual(['done', 'done', 3n])
  await closing
})

test('a request that waits for a polling agent that is not there is told at once', async () => {
  await using client = createRuntime('client')
  await client.listen()
  const call = failureOf(client.createClient(flowService, 'poll://nobody/').Wait())
  await client.close({ drainMs })
  expect(await call).toMatchObject({
    kind: 'closed',
    phase: 'queue',
    delivery: 'not_sent',
    message: expect.stringContaining('poll://nobody/'),
  })
})

test('a request that waits for a polling agent whose last connection goes is told then', async () => {
  await using it = await createBusyWorld('polling')
  const calls = [failureOf(it.flow.Wait()), failureOf(it.flow.Add(1n, 2n))]
  await it.running()
  const closing = it.client.close({ drainMs })
  await it.agent.close({ drainMs: 0 })
  await closing
  expect(await Promise.all(calls)).toMatchObject([{ delivery: 'unknown' }, { kind: 'closed', delivery: 'not_sent' }])
})
