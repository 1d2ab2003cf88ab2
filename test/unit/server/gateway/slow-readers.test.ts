import { randomUUID } from 'node:crypto'
import type { CloseReason } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import { SessionTable } from '../../../../server/src/gateway/session-table.ts'
import { Dispatcher } from '../../../../server/src/rpc/dispatcher.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'

// The real budget is too much to fill for a test.
vi.mock('../../../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, allOutboxBytes: 4_000_000 } }
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unused = (): never => {
  throw new Error('not used here')
}
const answerBytes = 800_000

/** Sessions whose answers have 800 kB each, over sockets that keep what is sent until `read` is called. */
function createBrowsers() {
  const answer = { value: 'x'.repeat(answerBytes), signature: 'M()', activityId: randomUUID(), durationMs: 1 }
  const handlers = { 'agents.list': () => ({ agents: [] }), 'agent.invoke': () => answer } as unknown as Handlers
  const sessions = new SessionTable({ dispatcher: new Dispatcher(new MethodRunner(handlers, silentLog)), createSpool: unused })
  const open = () => {
    const session = sessions.open({ name: 'somebody', role: 'operator' }, undefined)
    const closed: CloseReason[] = []
    const unread: (() => void)[] = []
    let unsentBytes = 0
    session.attach({
      get unsentBytes() {
        return unsentBytes
      },
      send: (_text, done) => void unread.push(done),
      sendBinary: unused,
      together: unused,
      ping: unused,
      close: reason => void closed.push(reason),
    })
    let id = 0
    return {
      closed,
      ask: async (calls: number) => {
        for (let i = 0; i < calls; i++) {
          const params = { agent: 'a', service: 'S', method: 'M', args: [] }
          session.receive(JSON.stringify({ jsonrpc: '2.0', id: ++id, method: 'agent.invoke', params }))
        }
        await vi.advanceTimersByTimeAsync(0)
      },
      read: (texts: number) => {
        for (const done of unread.splice(0, texts)) done()
      },
      /** A part of a text has left. */
      readPart: () => {
        unsentBytes++
      },
    }
  }
  return { sessions, open }
}

test('a browser that takes nothing of its text loses its socket after its time, what waited is dropped, and its session waits for it', async () => {
  const { sessions, open } = createBrowsers()
  const browser = open()
  await browser.ask(2)
  await vi.advanceTimersByTimeAsync(gatewayLimits.readerStallMs - 1)
  expect([browser.closed, sessions.waitingBytes > 2 * answerBytes]).toEqual([[], true])
  await vi.advanceTimersByTimeAsync(1)
  expect([browser.closed, sessions.waitingBytes, sessions.size]).toEqual([['heartbeat_timeout'], 0, 1])
  sessions.close('going_away')
  expect(vi.getTimerCount()).toBe(0)
})

test('one that takes a text now and then keeps its socket, and one that has taken all may be idle', async () => {
  const { sessions, open } = createBrowsers()
  const browser = open()
  await browser.ask(3)
  for (let i = 0; i < 3; i++) {
    await vi.advanceTimersByTimeAsync(gatewayLimits.readerStallMs - 1)
    browser.read(1)
  }
  browser.read(10)
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.readerStallMs)
  expect([browser.closed, sessions.waitingBytes]).toEqual([[], 0])
  sessions.close('going_away')
  expect(vi.getTimerCount()).toBe(0)
})

test('one that takes a long text in parts keeps its socket, until nothing leaves any more', async () => {
  const { sessions, open } = createBrowsers()
  const browser = open()
  await browser.ask(2)
  for (let i = 0; i < 5; i++) {
    browser.readPart()
    await vi.advanceTimersByTimeAsync(gatewayLimits.readerStallMs)
  }
  expect(browser.closed).toEqual([])
  await vi.advanceTimersByTimeAsync(gatewayLimits.readerStallMs)
  expect(browser.closed).toEqual(['heartbeat_timeout'])
  sessions.close('going_away')
  expect(vi.getTimerCount()).toBe(0)
})

test('where room is needed, one that is at a long text gives way after those that take nothing', async () => {
  const { sessions, open } = createBrowsers()
  const honest = open()
  await honest.ask(2)
  await vi.advanceTimersByTimeAsync(1)
  const stopped = [open(), open()]
  for (const browser of stopped) {
    honest.readPart()
    await browser.ask(2)
    await vi.advanceTimersByTimeAsync(1)
  }
  expect([honest, ...stopped].map(({ closed }) => closed)).toEqual([[], ['heartbeat_timeout'], []])
  sessions.close('going_away')
})

test('beyond what all may keep waiting those that have taken nothing for longest lose their sockets, and one that reads does not', async () => {
  const { sessions, open } = createBrowsers()
  const honest = open()
  await honest.ask(2)
  const stopped = [open(), open(), open()]
  for (const browser of stopped) {
    await browser.ask(2)
    await vi.advanceTimersByTimeAsync(1)
    honest.read(1)
    await honest.ask(1)
  }
  expect([honest, ...stopped].map(({ closed }) => closed)).toEqual([[], ['heartbeat_timeout'], ['heartbeat_timeout'], []])
  expect(sessions.waitingBytes).toBeLessThanOrEqual(gatewayLimits.allOutboxBytes)
  sessions.close('going_away')
})
