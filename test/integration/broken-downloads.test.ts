import { dataStream, method, service } from '@halibut-gateway/schemas/contract'
import { frameHeaderBytes } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { DataStream } from '../../server/src/codec/data-stream.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const breakingService = service('IBreakingService', { Read: method([], dataStream), Whole: method([], dataStream) })

test.each(['listening', 'polling'] as const)('a download that breaks off at a %s agent is cancelled with an error', async mode => {
  let fail = (): void => undefined
  await using gateway = await createRealGateway({
    mode,
    contracts: [breakingService],
    host: agent =>
      agent.addService(breakingService, {
        Read: () =>
          DataStream.fromIterable(100_000, async function* () {
            yield new Uint8Array(10_000)
            await new Promise<void>(resolve => {
              fail = resolve
            })
            throw new Error('the disk is gone')
          }),
        Whole: () => DataStream.fromString('whole'),
      }),
  })
  const socket = await gateway.socket()
  await socket.hello()
  let received = 0
  let more = (): void => undefined
  socket.onBinary = frame => {
    received += frame.byteLength - frameHeaderBytes
    more()
  }
  const invoke = (id: number, name: string) =>
    socket.ask(id, 'agent.invoke', { agent: 'web-1', service: 'IBreakingService', method: name, args: [] })

  expect(await invoke(1, 'Read')).toMatchObject({ id: 1, result: { value: { $stream: 2, length: 100_000 } } })
  while (received < 10_000) {
    await new Promise<void>(resolve => {
      more = resolve
    })
  }
  fail()
  expect(await socket.next()).toMatchObject({
    method: '$/stream/cancel',
    params: { stream: 2, error: { data: { kind: 'stream_failed', phase: 'stream', delivery: 'executed', traceId: expect.any(String) } } },
  })
  expect(received).toBe(10_000)
  expect(await invoke(2, 'Whole')).toMatchObject({ id: 2, result: { value: { $stream: 4, length: 5 } } })
  expect(await socket.next()).toMatchObject({ method: '$/stream/end', params: { stream: 4, length: 5 } })
})
