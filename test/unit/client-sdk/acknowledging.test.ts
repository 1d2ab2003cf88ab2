import { createClient, type WebSocketFactory } from '@halibut-gateway/client'
import { createTestGateway } from '@halibut-gateway/client/testing'
import { int32, method, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

const { ackFrames, ackChars, ackMs } = facadeLimits
const texts = service('ITextService', { Make: method([['length', int32]], string) })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A client of an agent that gives texts, and what the client has acknowledged. */
function createWorld() {
  const gateway = createTestGateway()
  gateway.agent('web-1').service(texts, { Make: length => 'x'.repeat(length) })
  const acknowledged: number[] = []
  const webSocket: WebSocketFactory = (url, protocols) => {
    const socket = gateway.webSocket(url, protocols)
    const send = socket.send.bind(socket)
    socket.send = data => {
      const { method: name, params } = JSON.parse(data as string) as { method: string; params: { received: number } }
      if (name === '$/ack') acknowledged.push(params.received)
      send(data)
    }
    return socket
  }
  const client = createClient({ url: 'http://test', webSocket })
  const { Make } = client.agent('web-1').service(texts)
  const make = async (length: number): Promise<void> => {
    const made = Make(length)
    // The gateway in memory answers by timers.
    await vi.advanceTimersByTimeAsync(5)
    await made
  }
  return { make, acknowledged, [Symbol.asyncDispose]: async () => client.close() }
}

test('so many frames are acknowledged at once, again and again', async () => {
  await using it = createWorld()
  for (let i = 0; i < 2 * ackFrames + 1; i++) await it.make(1)
  expect(it.acknowledged).toEqual([ackFrames, 2 * ackFrames])
})

test('large frames are acknowledged before there are so many', async () => {
  await using it = createWorld()
  await it.make(ackChars / 2)
  expect(it.acknowledged).toEqual([])
  await it.make(ackChars / 2)
  expect(it.acknowledged).toEqual([2])
  await it.make(ackChars)
  expect(it.acknowledged).toEqual([2, 3])
})

test('a few small ones are acknowledged in time', async () => {
  await using it = createWorld()
  await it.make(1)
  await vi.advanceTimersByTimeAsync(ackMs - 5)
  expect(it.acknowledged).toEqual([])
  await vi.advanceTimersByTimeAsync(5)
  expect(it.acknowledged).toEqual([1])
})
