import { int64, method, service, string } from '@halibut-gateway/schemas/contract'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, vi } from 'vitest'
import { gatewayLimits } from '../../server/src/base/limits.ts'
import { SlowReaders } from '../../server/src/gateway/slow-readers.ts'
import { createRealGateway } from './real-gateway.ts'

const talker = service('ITalker', { Talk: method([['characters', int64]], string) })
const answerBytes = 800_000

/**
 * Browsers that ask for `answers` of 800 kB each and read none of them, beside one that reads. Resolves when they are gone, with what
 * happened. No call of the honest one may fail, and no more may wait than the limits say.
 */
export async function stopReading(readers: number, answers: number): Promise<string> {
  let peak = 0
  const { put } = SlowReaders.prototype
  using _ = vi.spyOn(SlowReaders.prototype, 'put').mockImplementation(function (this: SlowReaders, bytes) {
    put.call(this, bytes)
    peak = Math.max(peak, this.bytes)
  })
  await using gateway = await createRealGateway({
    contracts: [talker],
    host: agent => agent.addService(talker, { Talk: characters => 'x'.repeat(Number(characters)) }),
  })
  const honest = gateway.client().agent('web-1').service(talker)
  expect(await honest.Talk(5n)).toBe('xxxxx')
  const beganMs = performance.now()
  const sockets = await Promise.all(
    Array.from({ length: readers }, async () => {
      const socket = await gateway.socket()
      await socket.hello()
      socket.socket.pause()
      for (let id = 1; id <= answers; id++) {
        const params = { agent: 'web-1', service: 'ITalker', method: 'Talk', args: [String(answerBytes)] }
        socket.send({ jsonrpc: '2.0', id, method: 'agent.invoke', params })
      }
      return socket
    }),
  )
  let calls = 0
  // The honest one’s session is the last.
  for (; gateway.sessions.size > 1; calls++) {
    expect(await honest.Talk(BigInt(calls % 1_000))).toHaveLength(calls % 1_000)
  }
  const seconds = (performance.now() - beganMs) / 1_000
  for (const { socket } of sockets) socket.terminate()
  expect(peak).toBeGreaterThan(answerBytes)
  expect(peak).toBeLessThanOrEqual(gatewayLimits.allOutboxBytes + facadeLimits.outboxBytes)
  return `${readers} stopped readers gone after ${seconds.toFixed(1)} s; at most ${Math.round(peak / 1_048_576)} MiB waited; ${calls} calls beside`
}
