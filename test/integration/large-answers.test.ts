import { dataStream, int64, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits, frameHeaderBytes, largeResult, type ResponseMessage, readFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import type { Received } from '../support/gateway.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { until } from '../support/stream-sections.ts'

const { outboxBytes, textBytes } = facadeLimits

const bigService = service('IBigService', {
  Text: method([['length', int64]], string),
  Both: method([['length', int64]], object('Big.Both, Big', { Text: string, Content: dataStream })),
  Fail: method([['length', int64]], string),
  Hold: method([], string),
})

async function createWorld() {
  let release = (): void => undefined
  const released = new Promise<void>(resolve => {
    release = resolve
  })
  const gateway = await createRealGateway({
    contracts: [bigService],
    host: agent =>
      agent.addService(bigService, {
        Text: length => 'x'.repeat(Number(length)),
        Both: length => ({ Text: 'x'.repeat(Number(length)), Content: DataStream.fromString('content') }),
        Fail: length => {
          throw new Error('x'.repeat(Number(length)))
        },
        Hold: async () => {
          await released
          return 'held'
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
  return { gateway, socket, request, invoke, release, [Symbol.asyncDispose]: () => gateway[Symbol.asyncDispose]() }
}

const tooLarge = { error: { code: -32021, data: { kind: 'message_too_large', delivery: 'executed', agent: 'web-1' } } }
const large = (stream: number) => ({ result: { $json: { $stream: stream, length: expect.any(Number) } } })

test('a result that is longer than a text frame is a data stream of its JSON, an error beyond the outbox fails its own call', async () => {
  await using world = await createWorld()
  expect(await world.invoke(1, 'Text', textBytes - 1_000)).toMatchObject({ id: 1, result: { signature: 'Text(int64)' } })
  expect(await world.invoke(2, 'Text', textBytes)).toMatchObject({ id: 2, ...large(2) })
  expect(await world.invoke(3, 'Text', outboxBytes)).toMatchObject({ id: 3, ...large(4) })
  expect(await world.invoke(4, 'Fail', outboxBytes)).toMatchObject({ id: 4, ...tooLarge })
  expect(await world.invoke(5, 'Text', 3)).toMatchObject({ id: 5, result: { value: 'xxx' } })
})

test('the data streams in a large result are told beside it', async () => {
  await using world = await createWorld()
  const content = new Map<number, Buffer[]>()
  world.socket.onBinary = frame => {
    const { stream } = readFrameHeader(frame) ?? { stream: 0 }
    content.set(stream, [...(content.get(stream) ?? []), frame.subarray(frameHeaderBytes)])
  }
  expect(await world.invoke(1, 'Both', textBytes)).toMatchObject({
    id: 1,
    result: { $json: { $stream: 4 }, streams: [{ $stream: 2, length: 7 }] },
  })
  await until(() => content.has(2) && content.has(4))
  expect(String(content.get(2)?.[0])).toBe('content')
  expect(String(content.get(4)?.[0]).startsWith('{"value":{"Text":"xxx')).toBe(true)
})

test('a large result that nobody takes any more leaves nothing behind, and 32 that nobody reads are the limit', async () => {
  await using world = await createWorld()
  for (let id = 0; id < facadeLimits.streams; id++)
    expect(await world.invoke(id, 'Text', textBytes)).toMatchObject({ id, ...large(2 * id + 2) })
  expect(await world.invoke(100, 'Text', textBytes)).toMatchObject({ error: { data: { kind: 'too_many_streams', delivery: 'executed' } } })
  world.socket.send({ jsonrpc: '2.0', method: '$/stream/cancel', params: { stream: 2 } })
  expect(await world.invoke(101, 'Text', textBytes)).toMatchObject({ id: 101, ...large(66) })
})

test('the largest results of a batch that is too large give way', async () => {
  await using world = await createWorld()
  const lengths = Array.from({ length: 10 }, (_, i) => (i === 6 ? 3 : textBytes - 2_000 + i * 100))
  world.socket.send(lengths.map((length, i) => world.request(i, 'Text', length)))
  const answers = (await world.socket.next()) as ResponseMessage[]
  const streams = answers.map(answer => ('result' in answer ? largeResult(answer.result)?.$stream : 'failed'))
  expect(streams).toEqual([...Array<undefined>(9), 2])
  expect(answers[6]).toMatchObject({ id: 6, result: { value: 'xxx' } })
  expect(await world.invoke(10, 'Text', 3)).toMatchObject({ id: 10, result: { value: 'xxx' } })
})

test('what other browsers cancel meanwhile takes nothing from a batch that is too large', async () => {
  await using world = await createWorld()
  const hold = {
    jsonrpc: '2.0',
    id: 9,
    method: 'agent.invoke',
    params: { agent: 'web-1', service: 'IBigService', method: 'Hold', args: [] },
  }
  world.socket.send([...Array.from({ length: 9 }, (_, i) => world.request(i, 'Text', textBytes - 2_000 + i * 100)), hold])
  const other = await world.gateway.socket()
  await other.hello()
  for (let id = 0; id < 30; id++) {
    other.send(world.request(id, 'Text', 100_000))
    expect(await other.next()).toMatchObject({ id, result: { signature: 'Text(int64)' } })
  }
  for (let id = 0; id < facadeLimits.callsInFlight; id++) {
    other.send({ jsonrpc: '2.0', id, method: 'agents.watch' })
    other.send({ jsonrpc: '2.0', method: '$/cancel', params: { id } })
    for (let answer = await other.next(); 'method' in answer; answer = await other.next());
  }
  world.release()
  const answers = (await world.socket.next()) as ResponseMessage[]
  const streams = answers.map(answer => ('result' in answer ? largeResult(answer.result)?.$stream : answer.error.message))
  expect(streams).toEqual([...Array<undefined>(8), 2, undefined])
})

test('an item above the outbox ends its watch and nothing else', async () => {
  await using world = await createWorld()
  const name = 'x'.repeat(facadeLimits.outboxBytes)
  world.gateway.directory.add({ id: 'long', name, uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  expect(await world.socket.ask('w', 'agents.watch')).toMatchObject({ id: 'w', error: { data: { kind: 'message_too_large' } } })
  expect(await world.socket.ask('l', 'agents.list')).toMatchObject({ id: 'l', ...large(2) })
  expect(await world.gateway.client().agents()).toHaveLength(2)
  expect(await world.invoke(1, 'Text', 3)).toMatchObject({ id: 1, result: { value: 'xxx' } })
})
