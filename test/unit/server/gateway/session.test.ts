import { type CloseReason, facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { Connection } from '../../../../server/src/gateway/connection.ts'
import { SessionTable } from '../../../../server/src/gateway/session-table.ts'
import { createDispatcher } from '../../../support/dispatcher.ts'
import { unusedMesh } from '../../../support/idle-mesh.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unused = (): never => {
  throw new Error('not used here')
}

/** A session over a socket that keeps what is sent until `drain` is called. */
function world() {
  const directory = new AgentDirectory()
  directory.add({ id: 'a', name: 'x'.repeat(1_000), uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  const dispatcher = createDispatcher(unusedMesh, directory)
  const sent: { text: string; done: () => void }[] = []
  const closed: CloseReason[] = []
  let pings = 0
  let bytesRead = 0
  const sessions = new SessionTable({ dispatcher, createSpool: unused })
  const session = new Connection({
    dispatcher,
    sessions,
    principal: { name: 'test', role: 'operator' },
    origin: undefined,
    socket: {
      get bytesRead() {
        return bytesRead
      },
      send: (text, done) => void sent.push({ text, done }),
      sendBinary: unused,
      together: unused,
      ping: () => {
        pings++
      },
      close: reason => void closed.push(reason),
    },
  })
  return {
    directory,
    session,
    sessions,
    sent,
    closed,
    pings: () => pings,
    /** Bytes come that are no whole frame yet. */
    receivePart: () => {
      bytesRead++
    },
    drain: () => {
      for (const each of sent.splice(0)) each.done()
    },
    open: async () => {
      session.receive('{"jsonrpc":"2.0","id":0,"method":"hello","params":{"client":{"name":"t","version":"1"}}}')
      await vi.advanceTimersByTimeAsync(0)
    },
  }
}

test('a socket without hello is closed after its time', async () => {
  const it = world()
  await vi.advanceTimersByTimeAsync(facadeLimits.helloMs)
  expect(it.closed).toEqual(['hello_timeout'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a silent client is pinged, then given up; one that answers stays', async () => {
  const it = world()
  await it.open()
  for (let i = 0; i < 10; i++) {
    await vi.advanceTimersByTimeAsync(facadeLimits.pingMs)
    it.session.heard()
  }
  expect([it.closed, it.pings()]).toEqual([[], 10])
  await vi.advanceTimersByTimeAsync(facadeLimits.deadMs - 1)
  expect([it.closed, it.pings()]).toEqual([[], 12])
  await vi.advanceTimersByTimeAsync(1)
  expect([it.closed, it.sessions.size]).toEqual([['heartbeat_timeout'], 1])
  await vi.advanceTimersByTimeAsync(facadeLimits.resumeMs)
  expect([it.sessions.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('a part of a frame is no silence', async () => {
  const it = world()
  await it.open()
  it.session.heard()
  for (let i = 0; i < 10; i++) {
    it.receivePart()
    await vi.advanceTimersByTimeAsync(facadeLimits.pingMs)
  }
  expect(it.closed).toEqual([])
  await vi.advanceTimersByTimeAsync(facadeLimits.pingMs + facadeLimits.deadMs)
  expect(it.closed).toEqual(['heartbeat_timeout'])
  it.sessions.close('going_away')
})

test('what comes right behind hello is handled after its answer, in order', async () => {
  const it = world()
  void it.open()
  for (const id of [1, 2, 3]) it.session.receive(`{"jsonrpc":"2.0","id":${id},"method":"agents.list"}`)
  it.session.receive('{"jsonrpc":"2.0","method":"$/ping"}')
  expect(it.sent).toEqual([])
  await vi.advanceTimersByTimeAsync(0)
  const order = it.sent.map(({ text }) => (JSON.parse(text) as { id?: unknown; method?: unknown }).id ?? '$/ping')
  expect([order, it.closed]).toEqual([[0, '$/ping', 1, 2, 3], []])
  it.sessions.close('going_away')
})

test('a binary frame right behind hello is refused as one of no data stream, not for coming early', async () => {
  const it = world()
  void it.open()
  it.session.receiveBinary(Buffer.alloc(20))
  await vi.advanceTimersByTimeAsync(0)
  expect(it.closed).toEqual(['binary_refused'])
})

test('more than a frame may hold is not kept until hello is answered', async () => {
  const it = world()
  void it.open()
  it.session.receive('x'.repeat(facadeLimits.textBytes))
  expect(it.closed).toEqual([])
  it.session.receive('x')
  expect(it.closed).toEqual(['hello_required'])
  await vi.advanceTimersByTimeAsync(0)
  expect([it.sent, it.sessions.size, vi.getTimerCount()]).toEqual([[], 0, 0])
})

/** A session whose outbox is full: whatever is sent next ends it. */
async function createFull() {
  const it = world()
  await it.open()
  it.drain()
  let counted = 0
  const receive = (text: string): void => {
    counted++
    it.session.receive(text)
  }
  while (it.sessions.waitingBytes <= facadeLimits.outboxBytes) {
    receive(`{"jsonrpc":"2.0","id":${counted},"method":"agents.list"}`)
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(it.closed).toEqual([])
  return { ...it, receive, untilAck: () => facadeLimits.ackFrames - (counted % facadeLimits.ackFrames) }
}

test('what comes in the frame whose acknowledgement ends the session is not begun', async () => {
  const it = await createFull()
  const watched = vi.spyOn(it.directory, 'onChange')
  while (it.untilAck() > 1) it.receive('{"jsonrpc":"2.0","method":"$/unknown"}')
  expect(it.closed).toEqual([])
  it.receive('{"jsonrpc":"2.0","id":"w","method":"agents.watch"}')
  expect([it.closed, watched.mock.calls.length, it.sessions.size]).toEqual([['outbox_full'], 0, 0])
})

test('nor is what stands in a batch behind what ends it', async () => {
  const it = await createFull()
  const listed = vi.spyOn(it.directory, 'ids')
  it.receive('[{"jsonrpc":"2.0","method":"$/ping"},{"jsonrpc":"2.0","id":"l","method":"agents.list"}]')
  await vi.advanceTimersByTimeAsync(0)
  expect([it.closed, listed.mock.calls.length, it.sessions.size]).toEqual([['outbox_full'], 0, 0])
})

test('a client that does not read is closed when its outbox is full', async () => {
  const it = world()
  await it.open()
  it.drain()
  for (let id = 1; it.closed.length === 0 && id < 100_000; id++) {
    it.session.receive(`{"jsonrpc":"2.0","id":${id},"method":"agents.list"}`)
    await Promise.resolve()
    await vi.advanceTimersByTimeAsync(0)
  }
  expect(it.closed).toEqual(['outbox_full'])
  const kept = it.sent.reduce((sum, each) => sum + each.text.length, 0)
  expect(kept - (it.sent.at(-1)?.text.length ?? 0)).toBeLessThanOrEqual(facadeLimits.outboxBytes)
})

test('a session that is being drained ends when its last answer has left, and not before', async () => {
  const it = world()
  await it.open()
  it.drain()
  it.session.receive('{"jsonrpc":"2.0","id":1,"method":"agents.list"}')
  await vi.advanceTimersByTimeAsync(0)
  const drained = it.sessions.drain(600_000)
  await vi.advanceTimersByTimeAsync(10_000)
  expect([it.sent.length > 0, it.closed]).toEqual([true, []])
  it.drain()
  await drained
  expect([it.closed, it.sessions.size, vi.getTimerCount()]).toEqual([['going_away'], 0, 0])
})

test('a browser that takes nothing is closed when the time for draining is over', async () => {
  const it = world()
  await it.open()
  it.session.receive('{"jsonrpc":"2.0","id":1,"method":"agents.list"}')
  await vi.advanceTimersByTimeAsync(0)
  const drained = it.sessions.drain(20_000)
  await vi.advanceTimersByTimeAsync(20_000 + gatewayLimits.closeGraceMs - 1)
  expect(it.closed).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await drained
  expect([it.closed, it.sessions.size, vi.getTimerCount()]).toEqual([['going_away'], 0, 0])
})

test('a watch that is read slowly gets the newest state of each agent, and not all between', async () => {
  const it = world()
  await it.open()
  it.session.receive('{"jsonrpc":"2.0","id":"w","method":"agents.watch"}')
  await vi.advanceTimersByTimeAsync(0)
  for (let i = 0; i < 300; i++) {
    it.directory.report('a', { type: 'gone', why: `reason ${i}` })
    await vi.advanceTimersByTimeAsync(gatewayLimits.agentChangesMs)
  }
  expect(it.sent.filter(({ text }) => text.includes('"changed"'))).toHaveLength(facadeLimits.itemCredit - 1)
  it.drain()
  await vi.advanceTimersByTimeAsync(0)
  expect(it.sent).toHaveLength(0)
  it.session.receive('{"jsonrpc":"2.0","method":"$/progress/credit","params":{"id":"w","sequence":1000}}')
  await vi.advanceTimersByTimeAsync(0)
  expect(it.sent).toHaveLength(1)
  expect(it.sent[0]?.text).toContain('reason 299')
  it.session.closed(1000)
  await vi.advanceTimersByTimeAsync(0)
  expect(vi.getTimerCount()).toBe(0)
})
