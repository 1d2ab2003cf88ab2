import { GatewayError } from '@halibut-gateway/client'
import { closeCodes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { flowService, hostFlowService, type WaitingCall } from '../support/flow-service.ts'
import type { TestSocket } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { until } from '../support/stream-sections.ts'

/** Longer than a test may take: what is waited for comes to its end by itself. */
const drainMs = 600_000

/** A gateway, and the calls of `Wait` that run at its agent. */
async function createWorld() {
  const waiting: WaitingCall[] = []
  const world = await createRealGateway({ host: agent => hostFlowService(agent, call => waiting.push(call)), contracts: [flowService] })
  const open = async (): Promise<TestSocket> => {
    const socket = await world.socket()
    await socket.hello()
    return socket
  }
  return {
    world,
    waiting,
    open,
    running: (count = 1) => until(() => waiting.length === count),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

const invoke = (method: string, args: unknown[] = []) => ({ agent: 'web-1', service: 'IFlowService', method, args })
const request = (id: number, method: string, args: unknown[] = []) => ({
  jsonrpc: '2.0',
  id,
  method: 'agent.invoke',
  params: invoke(method, args),
})
const goingAway = { code: closeCodes.going_away.code, reason: 'going_away' }
const gone = { code: closeCodes.going_away.code }

test('a gateway that stops answers what runs, refuses what is new, and closes idle sockets at once', async () => {
  await using it = await createWorld()
  const [busy, idle, watching] = [await it.open(), await it.open(), await it.open()]
  await watching.ask('w', 'agents.watch')
  busy.send(request(1, 'Wait'))
  await it.running()
  const drained = it.world.drain(drainMs)
  expect(await Promise.all([idle.closed, watching.closed])).toEqual([goingAway, goingAway])
  const refused = { kind: 'draining', delivery: 'not_sent', retryable: true, retryAfterMs: 5_000 }
  expect(await busy.ask(2, 'agent.invoke', invoke('Add', ['1', '2']))).toMatchObject({ id: 2, error: { data: refused } })
  expect(await busy.ask(3, 'agents.list')).toMatchObject({ id: 3, error: { data: refused } })
  it.waiting[0]?.finish()
  expect(await busy.next()).toMatchObject({ id: 1, result: { value: 'done' } })
  expect(await busy.closed).toEqual(goingAway)
  await drained
})

test('a batch is answered whole before its socket closes', async () => {
  await using it = await createWorld()
  const socket = await it.open()
  socket.send([request(1, 'Wait'), request(2, 'Wait'), request(3, 'Add', ['1', '2'])])
  await it.running(2)
  const drained = it.world.drain(drainMs)
  for (const call of it.waiting) call.finish()
  expect(await socket.next()).toMatchObject([{ result: { value: 'done' } }, { result: { value: 'done' } }, { result: { value: '3' } }])
  expect(await socket.closed).toMatchObject(gone)
  await drained
})

test('downloads that follow an answer, and uploads, come to their ends', async () => {
  await using it = await createWorld()
  const client = it.world.client({ reconnect: false })
  const flow = client.agent('web-1').service(flowService)
  const download = await flow.Zeros(8_000_000n)
  let more: (() => void) | undefined
  const slow = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array(1_000_000))
      more = () => {
        controller.enqueue(new Uint8Array(1_000_000))
        controller.close()
      }
    },
  })
  const counted = flow.Length({ stream: slow, length: 2_000_000 })
  await client.agents()
  const drained = it.world.drain(drainMs)
  more?.()
  expect(await counted).toBe(2_000_000n)
  expect((await download?.bytes())?.byteLength).toBe(8_000_000)
  await drained
})

test('a gateway that stops opens no session, and goes on with one whose socket was cut', async () => {
  await using it = await createWorld()
  const socket = await it.world.socket()
  const { result } = (await socket.hello()) as unknown as { result: { session: string; resumeToken: string } }
  socket.send(request(1, 'Wait'))
  await it.running()
  const drained = it.world.drain(drainMs)
  socket.socket.terminate()
  await socket.closed
  const other = await it.world.socket()
  expect(await other.hello()).toMatchObject({ error: { data: { kind: 'draining', delivery: 'not_sent' } } })
  expect(await other.closed).toEqual(goingAway)
  const again = await it.world.socket()
  const resume = { session: result.session, token: result.resumeToken, received: 0, streams: [] }
  expect(await again.ask('hello', 'hello', { client: { name: 't', version: '1' }, resume })).toMatchObject({ result: { resumed: true } })
  it.waiting[0]?.finish()
  expect(await again.next()).toMatchObject({ id: 1, result: { value: 'done' } })
  expect(await again.closed).toMatchObject(gone)
  await drained
})

test('what is not done in time is told so before the socket closes', async () => {
  await using it = await createWorld()
  const socket = await it.open()
  socket.send(request(1, 'Wait'))
  await it.running()
  expect(await socket.ask(2, 'agent.invoke', invoke('Zeros', ['8000000']))).toMatchObject({ id: 2, result: { value: { $stream: 2 } } })
  const drained = it.world.drain(20)
  const told = [await socket.next(), await socket.next()]
  const why = { kind: 'closed', delivery: 'unknown' }
  expect(told).toContainEqual(expect.objectContaining({ id: 1, error: expect.objectContaining({ data: expect.objectContaining(why) }) }))
  const broken = expect.objectContaining({
    stream: 2,
    error: expect.objectContaining({ data: expect.objectContaining({ kind: 'closed' }) }),
  })
  expect(told).toContainEqual(expect.objectContaining({ method: '$/stream/cancel', params: broken }))
  expect(await socket.closed).toEqual(goingAway)
  await drained
})

test('a client is told why its call is refused, and why there is no connection afterwards', async () => {
  await using it = await createWorld()
  const client = it.world.client()
  const flow = client.agent('web-1').service(flowService)
  const call = flow.Wait()
  await it.running()
  const drained = it.world.drain(drainMs)
  const refused = await flow.Add(1n, 2n).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(GatewayError)
  expect(refused).toMatchObject({ kind: 'draining', delivery: 'not_sent', retryable: true })
  it.waiting[0]?.finish()
  expect(await call).toBe('done')
  await drained
  await until(() => client.state.at === 'idle')
  expect(await client.agents({ timeoutMs: 300 }).catch((error: unknown) => error)).toMatchObject({
    kind: 'deadline_exceeded',
    message: expect.stringContaining('stopping'),
  })
})
