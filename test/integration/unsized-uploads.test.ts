import { frameHeaderBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect, test, vi } from 'vitest'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import type { Received, TestSocket } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const { unsizedUploadBytes } = vi.hoisted(() => ({ unsizedUploadBytes: 600_000 }))

// The real limit is too much to send for a test.
vi.mock('@halibut-gateway/schemas/wire', async original => {
  const wire = await original<typeof import('@halibut-gateway/schemas/wire')>()
  return { ...wire, facadeLimits: { ...wire.facadeLimits, unsizedUploadBytes } }
})

vi.mock('../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, sessionSpoolBytesInFlight: 900_000 } }
})

async function createWorld() {
  const gateway = await createRealGateway({
    contracts: [flowService],
    host: agent => hostFlowService(agent, () => undefined),
  })
  const socket = await gateway.socket()
  expect(await socket.hello()).toMatchObject({ result: { limits: { unsizedUploadBytes } } })
  return { gateway, socket, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

function upload(socket: TestSocket, id: number, stream: number, times: object = {}): void {
  const params = { agent: 'web-1', service: 'IFlowService', method: 'Length', args: [{ $stream: stream }], ...times }
  socket.send({ jsonrpc: '2.0', id, method: 'agent.invoke', params })
}

/** Sends as far as the credit goes, until there are `length` bytes or something else comes; gives that. */
async function sendContent(socket: TestSocket, stream: number, length: number): Promise<unknown> {
  let offset = 0
  for (let credit = 262_144; ; ) {
    while (offset < Math.min(credit, length)) {
      const bytes = Math.min(65_536, credit - offset, length - offset)
      const frame = Buffer.alloc(frameHeaderBytes + bytes)
      writeFrameHeader(frame, stream, offset)
      socket.socket.send(frame)
      offset += bytes
    }
    if (offset === length) return undefined
    const message = await socket.next()
    if (!('method' in message) || message.method !== '$/stream/credit') return message
    credit = Number(message.params['offset'])
  }
}

/** The next response; notifications are passed over. */
async function answer(socket: TestSocket): Promise<Received> {
  let message = await socket.next()
  while ('method' in message) message = await socket.next()
  return message
}

test('an upload without a length that grows beyond the limit ends its call as length_required, and is not wanted any more', async () => {
  await using world = await createWorld()
  upload(world.socket, 1, 1)
  expect(await sendContent(world.socket, 1, 2 * unsizedUploadBytes)).toMatchObject({
    method: '$/stream/cancel',
    params: { stream: 1, error: { data: { kind: 'length_required' } } },
  })
  expect(await world.socket.next()).toMatchObject({ id: 1, error: { data: { kind: 'length_required', delivery: 'not_sent' } } })
  upload(world.socket, 2, 3)
  expect(await sendContent(world.socket, 3, unsizedUploadBytes)).toBeUndefined()
  world.socket.send({ jsonrpc: '2.0', method: '$/stream/end', params: { stream: 3, length: unsizedUploadBytes } })
  expect(await answer(world.socket)).toMatchObject({ id: 2, result: { value: String(unsizedUploadBytes) } })
})

test.each(['timeoutMs', 'queueTimeoutMs'])('a client that stops sending fails its call within %s', async name => {
  await using world = await createWorld()
  upload(world.socket, 1, 1, { [name]: 20 })
  await sendContent(world.socket, 1, 5)
  expect(await world.socket.next()).toMatchObject({
    method: '$/stream/cancel',
    params: { stream: 1, error: { data: { kind: 'deadline_exceeded' } } },
  })
  expect(await world.socket.next()).toMatchObject({ id: 1, error: { data: { kind: 'deadline_exceeded', delivery: 'not_sent' } } })
})

test('one session cannot take all the disk: an upload that finds none ends as length_required, and its others and those of others go up', async () => {
  await using world = await createWorld()
  const end = (socket: TestSocket, stream: number): void =>
    socket.send({ jsonrpc: '2.0', method: '$/stream/end', params: { stream, length: 550_000 } })
  for (const id of [1, 3]) {
    upload(world.socket, id, id)
    await sendContent(world.socket, id, 550_000)
  }
  const refused = await answer(world.socket)
  expect(refused).toMatchObject({ error: { data: { kind: 'length_required', delivery: 'not_sent' } } })
  expect(JSON.stringify(refused)).toContain('sessionSpoolBytesInFlight')
  const going = 'id' in refused && refused.id === 1 ? 3 : 1

  const other = await world.gateway.socket()
  await other.hello()
  upload(other, 1, 1)
  await sendContent(other, 1, 550_000)
  end(other, 1)
  expect(await answer(other)).toMatchObject({ id: 1, result: { value: '550000' } })

  end(world.socket, going)
  expect(await answer(world.socket)).toMatchObject({ id: going, result: { value: '550000' } })
  upload(world.socket, 5, 5)
  await sendContent(world.socket, 5, 550_000)
  end(world.socket, 5)
  expect(await answer(world.socket)).toMatchObject({ id: 5, result: { value: '550000' } })
})
