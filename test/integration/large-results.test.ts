import { dataStream, int64, list, method, object, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits, frameHeaderBytes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { fetchLog, fetchLogThroughCuts } from '../support/large-results.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { until } from '../support/stream-sections.ts'

const { streamCreditBytes, streams, textBytes } = facadeLimits
const mebibyte = 1024 * 1024

const bigService = service('IBigService', {
  Text: method([['length', int64]], string),
  Both: method([['length', int64]], object('Big.Both, Big', { Text: string, Content: dataStream })),
  Many: method(
    [
      ['length', int64],
      ['count', int64],
    ],
    object('Big.Many, Big', { Text: string, Files: list(dataStream) }),
  ),
})

function createWorld(known = true) {
  return createRealGateway({
    contracts: known ? [bigService] : [],
    host: agent =>
      agent.addService(bigService, {
        Text: length => '€'.repeat(Number(length)),
        Both: length => ({ Text: 'x'.repeat(Number(length)), Content: DataStream.fromString('content') }),
        Many: (length, count) => ({
          Text: 'x'.repeat(Number(length)),
          Files: Array.from({ length: Number(count) }, (_, i) => DataStream.fromString(`file ${i}`)),
        }),
      }),
  })
}

test('a log of 2 MiB comes as any other result, and other browsers have their turn meanwhile', async () => {
  await fetchLog(10_000, 100, { blockedMs: 1_000, growthBytes: 192 * mebibyte })
})

test('a large result survives cuts of the WebSocket', async () => {
  await fetchLogThroughCuts(10_000, 5)
})

test.each([
  ['with a contract', true],
  ['without a contract', false],
])('the caller of a method %s sees no difference', async (_name, known) => {
  await using world = await createWorld(known)
  const { value, signature } = await world
    .client()
    .agent('web-1')
    .invoke('IBigService', 'Text', [known ? String(textBytes) : { $numberLong: String(textBytes) }])
  expect([value === '€'.repeat(textBytes), signature]).toEqual([true, known ? 'Text(int64)' : 'Text'])
})

test('a large result with a data stream in it gives both', async () => {
  await using world = await createWorld()
  const { Text, Content } = await world
    .client()
    .agent('web-1')
    .service(bigService)
    .Both(BigInt(2 * textBytes))
  expect(Text).toHaveLength(2 * textBytes)
  expect(await Content?.text()).toBe('content')
})

test('a large result does not wait for the data streams in it, however many there are', async () => {
  await using world = await createWorld()
  const count = streams + 8
  const { Text, Files } = await world
    .client()
    .agent('web-1')
    .service(bigService)
    .Many(BigInt(2 * textBytes), BigInt(count))
  expect([Text?.length, Files?.length]).toEqual([2 * textBytes, count])
  for (const [i, file] of (Files ?? []).entries()) expect(await file?.text()).toBe(`file ${i}`)
})

test('a caller that leaves while a large result comes gives it up, and its data streams', async () => {
  await using world = await createWorld()
  let left = new AbortController()
  const client = world.client({
    webSocket: (url, protocols) => {
      const socket = nodeWebSocket(url, protocols)
      // Its first content.
      socket.addEventListener('message', ({ data }) => typeof data !== 'string' && left.abort())
      return socket
    },
  })
  const service = client.agent('web-1').service(bigService)
  for (let i = 0; i <= streams; i++) {
    left = new AbortController()
    await expect(service.Both(BigInt(2 * textBytes), { signal: left.signal })).rejects.toMatchObject({ kind: 'cancelled' })
  }
  expect(await service.Both(BigInt(textBytes))).toMatchObject({ Text: 'x'.repeat(textBytes) })
})

test('whoever reads nothing of a large result gets no more than its credit', async () => {
  await using world = await createWorld()
  const socket = await world.socket()
  await socket.hello()
  let bytes = 0
  socket.onBinary = frame => {
    bytes += frame.byteLength - frameHeaderBytes
  }
  const params = { agent: 'web-1', service: 'IBigService', method: 'Text', args: [String(4 * textBytes)] }
  expect(await socket.ask(1, 'agent.invoke', params)).toMatchObject({ result: { $json: { $stream: 2 } } })
  await until(() => bytes === streamCreditBytes)
  expect(await socket.ask(2, 'agents.list')).toMatchObject({ id: 2, result: { agents: [{ id: 'web-1' }] } })
  expect(bytes).toBe(streamCreditBytes)
  socket.send({
    jsonrpc: '2.0',
    method: '$/stream/credit',
    params: { stream: 2, offset: 2 * streamCreditBytes, acknowledged: streamCreditBytes },
  })
  await until(() => bytes === 2 * streamCreditBytes)
})

test('a call with an idempotency key gives its large result to all that wait, and says later that it was too large to keep', async () => {
  await using world = await createWorld()
  const client = world.client()
  const call = () => client.agent('web-1').invoke('IBigService', 'Text', [String(textBytes)], { idempotencyKey: 'k' })
  const [first, second] = await Promise.all([call(), call()])
  expect([first.value === second.value, String(first.value).length]).toEqual([true, textBytes])
  await expect(call()).rejects.toMatchObject({ kind: 'outcome_unknown', delivery: 'executed' })
  expect(await client.callOutcome('k')).toEqual({ state: 'answered' })
})
