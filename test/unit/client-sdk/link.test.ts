import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Connection } from '../../../client-sdk/src/connection.ts'
import { GatewayError } from '../../../client-sdk/src/errors.ts'
import { Link } from '../../../client-sdk/src/link.ts'
import { PendingCalls } from '../../../client-sdk/src/pending-calls.ts'
import type { Welcome } from '../../../client-sdk/src/welcome.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function createSession() {
  const pending = new PendingCalls()
  const link = new Link(pending, () => undefined)
  /** Attaches a new socket; gives what was sent over it, and whether it was taken. */
  const attach = (welcome: Partial<Welcome> = {}) => {
    const sent: string[] = []
    const connection = { bufferedAmount: 0, send: (text: string) => void sent.push(text) } as unknown as Connection
    const taken = link.attach(connection, {
      server: { name: 'gateway', version: '0' },
      session: 'one',
      resumeToken: 'token',
      resumed: false,
      sequence: 0,
      streams: [],
      epoch: 'epoch',
      principal: { name: 'test', role: 'admin' },
      limits: facadeLimits,
      ...welcome,
    })
    return { sent, taken }
  }
  return { pending, link, attach }
}

const ack = (received: number): string => JSON.stringify({ jsonrpc: '2.0', method: '$/ack', params: { received } })
const item = JSON.stringify({ jsonrpc: '2.0', method: '$/progress', params: { id: 'nobody', sequence: 1, item: 1 } })

test('what the gateway has not acknowledged goes out again on the next socket, in order, and nothing else', () => {
  const { link, attach } = createSession()
  const first = attach()
  for (const text of ['"a"', '"b"', '"c"']) expect(link.request(text)).toBe(true)
  link.receive(ack(1))
  expect(first.sent).toEqual(['"a"', '"b"', '"c"'])
  link.cut('the socket was lost')
  link.notify('$/cancel', { id: 1 })
  link.notify('$/ping', {})
  expect(link.resume).toEqual({ session: 'one', token: 'token', received: 0, streams: [] })
  const second = attach({ resumed: true, sequence: 2 })
  expect([second.taken, second.sent]).toEqual([true, ['"c"', '{"jsonrpc":"2.0","method":"$/cancel","params":{"id":1}}', ack(0)]])
})

test('what came is counted over all sockets of a session, and told when it goes on', () => {
  const { link, attach } = createSession()
  attach()
  link.receive(item)
  link.receive(item)
  link.cut('the socket was lost')
  expect(link.resume?.received).toBe(2)
  expect(attach({ resumed: true }).sent).toEqual([ack(2)])
  expect(vi.getTimerCount()).toBe(0)
})

test('a session that waits too long is over: what was sent ends, what was not waits for the next one', async () => {
  const { pending, link, attach } = createSession()
  attach()
  const sent = pending.add({})
  sent.call.sent = true
  pending.add({})
  link.cut('the socket was lost')
  expect(link.isNeeded).toBe(true)
  const lost = expect(sent.answer).rejects.toMatchObject({
    kind: 'connection_lost',
    delivery: 'unknown',
    message: 'the socket was lost; for too long',
  })
  vi.advanceTimersByTime(facadeLimits.resumeMs)
  await lost
  expect([pending.size, link.resume, vi.getTimerCount()]).toEqual([1, undefined, 0])
})

test('a gateway that goes on with a session which was given up here is not followed', () => {
  const { link, attach } = createSession()
  attach()
  link.cut('the socket was lost')
  vi.advanceTimersByTime(facadeLimits.resumeMs)
  expect(attach({ resumed: true }).taken).toBe(false)
  expect(link.welcome).toBeUndefined()
  expect(attach({ session: 'two' }).taken).toBe(true)
  link.cut('the socket was lost')
  expect(attach({ resumed: true, session: 'one' }).taken).toBe(false)
})

test('no state leaves a timer behind, whichever follows', () => {
  const { link, attach } = createSession()
  attach()
  // An acknowledgement is due a little later.
  link.receive(item)
  expect(vi.getTimerCount()).toBe(1)
  link.cut('the socket was lost')
  expect(vi.getTimerCount()).toBe(1)
  attach({ resumed: true })
  expect(vi.getTimerCount()).toBe(0)
  link.receive(item)
  link.end(new GatewayError('closed', 'closed'))
  expect(vi.getTimerCount()).toBe(0)
})

test('a request that is longer than a frame is not sent', () => {
  const { link, attach } = createSession()
  const { sent } = attach({ limits: { ...facadeLimits, textBytes: 10 } })
  expect([link.request('"ääää"'), link.request('"äääää"')]).toEqual([true, false])
  expect(sent).toEqual(['"ääää"'])
})
