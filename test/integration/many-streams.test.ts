import { createHash } from 'node:crypto'
import { dataStream, int64, list, method, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits, frameHeaderBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { cuttingRelay, seededRandom } from '../support/cutting-relay.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const filesService = service('IFilesService', {
  Put: method([['files', list(dataStream)]], list(string)),
  Get: method([['count', int64]], list(dataStream)),
})

const { streams, streamsPerCall } = facadeLimits
const sizes = Array.from({ length: 40 }, (_, i) => (i % 7 === 0 ? 0 : 1 + i * 10_007))
const contentOf = (i: number): Uint8Array<ArrayBuffer> => new Uint8Array(sizes[i] ?? 0).fill(i)
const sha1 = (content: Uint8Array): string => createHash('sha1').update(content).digest('hex')

function createWorld(mode: 'listening' | 'polling' = 'listening') {
  return createRealGateway({
    contracts: [filesService],
    mode,
    host: agent =>
      agent.addService(filesService, {
        Put: async files => {
          const digests: string[] = []
          for (const file of files ?? []) digests.push(sha1((await file?.bytes()) ?? new Uint8Array()))
          return digests
        },
        Get: count => Array.from({ length: Number(count) }, (_, i) => DataStream.fromBytes(contentOf(i))),
      }),
  })
}

test.each(['listening', 'polling'] as const)('40 files go up with one call and come down with one, %s', async mode => {
  await using world = await createWorld(mode)
  const service = world.client().agent('web-1').service(filesService)
  const expected = sizes.map((_, i) => sha1(contentOf(i)))
  for (let round = 0; round < 2; round++) {
    expect(await service.Put(sizes.map((_, i) => contentOf(i)))).toEqual(expected)
    expect(await service.Put(sizes.map((_, i) => new Blob([contentOf(i)]).stream()))).toEqual(expected)
    const files = (await service.Get(40n)) ?? []
    const came: string[] = []
    for (const file of files) came.push(sha1((await file?.bytes()) ?? new Uint8Array()))
    expect(came).toEqual(expected)
  }
})

test('40 files survive cuts of the WebSocket, those that wait too', async () => {
  await using world = await createWorld()
  let cuts = 6
  await using relay = await cuttingRelay(world.port, () => (cuts-- > 0 ? 1_000_000 : Number.POSITIVE_INFINITY), seededRandom(3))
  world.policy.allowLoopback(relay.port)
  const service = world
    .client({ url: `http://127.0.0.1:${relay.port}/`, tickets: false })
    .agent('web-1')
    .service(filesService)
  expect(await service.Put(sizes.map((_, i) => contentOf(i)))).toEqual(sizes.map((_, i) => sha1(contentOf(i))))
  expect(relay.killed).toBe(6)
})

test('more uploads than a call may have fail it, and trying again is not advised', async () => {
  await using world = await createWorld()
  const files = Array.from({ length: streamsPerCall + 1 }, () => new Uint8Array(1))
  await expect(world.client().agent('web-1').service(filesService).Put(files)).rejects.toMatchObject({
    kind: 'too_many_streams',
    delivery: 'not_sent',
    retryable: false,
    advice: 'send fewer of them with each call',
  })
})

test('content of an upload that has to wait for its credit breaks the rules', async () => {
  await using world = await createWorld()
  const socket = await world.socket()
  await socket.hello()
  const ids = Array.from({ length: streams + 1 }, (_, i) => 2 * i + 1)
  const args = [ids.map($stream => ({ $stream, length: 1 }))]
  socket.send({ jsonrpc: '2.0', id: 1, method: 'agent.invoke', params: { agent: 'web-1', service: 'IFilesService', method: 'Put', args } })
  const frame = Buffer.alloc(frameHeaderBytes + 1)
  writeFrameHeader(frame, 2 * streams + 1, 0)
  socket.socket.send(frame)
  expect((await socket.closed).code).toBe(4413)
})

test('SHA-1 is told of what goes up and of what comes down', async () => {
  await using world = await createWorld()
  const agent = world.client().agent('web-1')
  const { uploads } = await agent.invoke('IFilesService', 'Put', [[contentOf(1), contentOf(2)]], { digest: 'sha1' })
  expect(uploads).toEqual([1, 2].map((i, at) => ({ stream: 2 * at + 1, length: sizes[i], sha1: sha1(contentOf(i)) })))
  const [, file] = (await agent.service(filesService).Get(2n, { digest: 'sha1' })) ?? []
  await file?.bytes()
  expect([await file?.sha1, await file?.sha256]).toEqual([sha1(contentOf(1)), undefined])
})
