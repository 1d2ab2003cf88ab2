import { dataStream, int64, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { Received } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { until } from '../support/stream-sections.ts'

const { outboxBytes } = facadeLimits

const bigService = service('IBigService', {
  Text: method([['length', int64]], string),
  Both: method([['length', int64]], object('Big.Both, Big', { Text: string, Content: dataStream })),
  Fail: method([['length', int64]], string),
})

async function createWorld() {
  const streams: DataStream[] = []
  const gateway = await createRealGateway({
    contracts: [bigService],
    host: agent =>
      agent.addService(bigService, {
        Text: length => 'x'.repeat(Number(length)),
        Both: length => {
          const content = DataStream.fromString('content')
          streams.push(content)
          return { Text: 'x'.repeat(Number(length)), Content: content }
        },
        Fail: length => {
          throw new Error('x'.repeat(Number(length)))
        },
      }),
  })
  const socket = await gateway.socket()
  await socket.hello()
  const request = (id: number, name: string, length: number): object => ({
    jsonrpc: '2.0',
    id,
    method: 'agent.invoke',
    params: { agent: 'web-1', service: 'IBigService', method: name, args: [String(length)] },
  })
  const invoke = (id: number, name: string, length: number): Promise<Received> => {
    socket.send(request(id, name, length))
    return socket.next()
  }
  return { gateway, socket, request, invoke, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

const tooLarge = { error: { code: -32021, data: { kind: 'message_too_large', delivery: 'executed', agent: 'web-1' } } }

test('a result above the outbox fails its own call and nothing else', async () => {
  await using world = await createWorld()
  expect(await world.invoke(1, 'Text', outboxBytes)).toMatchObject({ id: 1, ...tooLarge })
  expect(await world.invoke(2, 'Fail', outboxBytes)).toMatchObject({ id: 2, ...tooLarge })
  expect(await world.invoke(3, 'Text', outboxBytes - 1_000)).toMatchObject({ id: 3, result: { signature: 'Text(int64)' } })
  expect(await world.invoke(4, 'Text', 3)).toMatchObject({ id: 4, result: { value: 'xxx' } })
})

test('the data streams of a result that is too large are given up', async () => {
  await using world = await createWorld()
  let frames = 0
  world.socket.onBinary = () => void frames++
  for (let id = 0; id <= facadeLimits.streams; id++) {
    expect(await world.invoke(id, 'Both', outboxBytes)).toMatchObject({ id, ...tooLarge })
  }
  expect(frames).toBe(0)
  expect(await world.invoke(100, 'Both', 1)).toMatchObject({ result: { value: { Content: { length: 7 } } } })
  await until(() => frames === 1)
})

test('the largest results of a batch that is too large give way', async () => {
  await using world = await createWorld()
  const half = outboxBytes / 2
  world.socket.send([
    world.request(1, 'Text', half + 2_000),
    world.request(2, 'Text', 3),
    world.request(3, 'Both', half + 3_000),
    world.request(4, 'Text', half - 100_000),
    world.request(5, 'Text', half - 200_000),
  ])
  expect(await world.socket.next()).toMatchObject([
    { id: 1, ...tooLarge },
    { id: 2, result: { value: 'xxx' } },
    { id: 3, ...tooLarge },
    { id: 4, result: {} },
    { id: 5, result: {} },
  ])
  expect(await world.invoke(6, 'Text', 3)).toMatchObject({ id: 6, result: { value: 'xxx' } })
})

test('an item above the outbox ends its watch and nothing else', async () => {
  await using world = await createWorld()
  for (let i = 0; i < 900; i++) {
    const name = 'x'.repeat(10_000)
    world.gateway.directory.add({ id: `more-${i}`, name, uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  }
  expect(await world.socket.ask('w', 'agents.watch')).toMatchObject({ id: 'w', error: { data: { kind: 'message_too_large' } } })
  expect(await world.socket.ask('l', 'agents.list')).toMatchObject({ id: 'l', error: { data: { kind: 'message_too_large' } } })
  expect(await world.invoke(1, 'Text', 3)).toMatchObject({ id: 1, result: { value: 'xxx' } })
})
