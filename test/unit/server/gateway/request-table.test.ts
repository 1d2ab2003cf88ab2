import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import { SessionTable } from '../../../../server/src/gateway/session-table.ts'
import type { CallContext } from '../../../../server/src/rpc/call-context.ts'
import { Dispatcher } from '../../../../server/src/rpc/dispatcher.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'
import { turn } from '../../../support/stream-sections.ts'

interface Running {
  readonly context: CallContext
  finish(): void
}

const result = { value: 1, signature: 'M()', activityId: '0e0ae9b4-2cd6-4a1f-9b1e-3a5f5e1f7a10', durationMs: 1 }

/** A session whose calls run until they are finished, by the name of their method. */
function createSession() {
  const running = new Map<string, Running>()
  const handlers = {
    'agent.invoke': ({ method }: { method: string }, context: CallContext) =>
      new Promise((resolve, reject) => {
        running.set(method, { context, finish: () => resolve(result) })
        context.signal.addEventListener('abort', () => reject(new HalibutError('cancelled', 'given up', { delivery: 'unknown' })))
      }),
    'contracts.list': () => ({ contracts: [] }),
  } as unknown as Handlers
  const createSpool = (): never => {
    throw new Error('not used here')
  }
  const sessions = new SessionTable({ dispatcher: new Dispatcher(new MethodRunner(handlers, silentLog)), createSpool })
  const session = sessions.open({ name: 'somebody', role: 'operator' }, undefined)
  const sent: unknown[] = []
  session.attach({
    send: (text, done) => {
      sent.push(JSON.parse(text))
      done()
    },
    sendBinary: (_frame, done) => done(),
    together: write => write(),
    ping: () => undefined,
    close: () => undefined,
  })
  return {
    sent,
    running,
    sessions,
    async receive(message: unknown): Promise<void> {
      session.receive(JSON.stringify(message))
      for (let i = 0; i < 5; i++) await turn()
    },
    async finish(method: string): Promise<void> {
      running.get(method)?.finish()
      for (let i = 0; i < 5; i++) await turn()
    },
  }
}

function call(id: number, method: string): object {
  return { jsonrpc: '2.0', id, method: 'agent.invoke', params: { agent: 'a', service: 'S', method, args: [] } }
}

const cancel = (id: number, mode?: string): object => ({ jsonrpc: '2.0', method: '$/cancel', params: { id, mode } })
const list = (id: number): object => ({ jsonrpc: '2.0', id, method: 'contracts.list' })

test('the responses of a batch come as one when the last of them is there, in the order of its requests', async () => {
  const it = createSession()
  await it.receive([call(1, 'A'), list(2), { jsonrpc: '2.0', id: 3, method: 'nothing' }, call(4, 'B')])
  await it.finish('B')
  expect(it.sent).toEqual([])
  await it.finish('A')
  expect(it.sent).toMatchObject([
    [
      { id: 1, result },
      { id: 2, result: {} },
      { id: 3, error: {} },
      { id: 4, result },
    ],
  ])
  it.sessions.close('going_away')
})

test('a watch in a batch is refused, and the others are answered', async () => {
  const it = createSession()
  await it.receive([{ jsonrpc: '2.0', id: 1, method: 'agents.watch' }, list(2)])
  expect(it.sent).toMatchObject([
    [
      { id: 1, error: { data: { kind: 'invalid_request' } } },
      { id: 2, result: {} },
    ],
  ])
  it.sessions.close('going_away')
})

test('a batch of notifications alone has no answer, and its calls run', async () => {
  const it = createSession()
  const { id: _, ...notification } = call(1, 'A') as { id: number }
  await it.receive([notification])
  expect([[...it.running.keys()], it.sent]).toEqual([['A'], []])
  await it.finish('A')
  expect(it.sent).toEqual([])
  it.sessions.close('going_away')
})

test('a request that is killed is answered once, by its handler’s end', async () => {
  const it = createSession()
  await it.receive(call(1, 'A'))
  await it.receive(cancel(1))
  await it.receive(cancel(1))
  await it.finish('A')
  expect(it.sent).toMatchObject([{ id: 1, error: { data: { kind: 'cancelled', delivery: 'unknown' } } }])
  it.sessions.close('going_away')
})

test('a request that is skipped is answered at once and no second time, and its handler goes on', async () => {
  const it = createSession()
  await it.receive(call(1, 'A'))
  it.running.get('A')?.context.begun('skip')
  await it.receive(cancel(1))
  expect(it.sent).toMatchObject([{ id: 1, error: { data: { kind: 'cancelled', delivery: 'unknown', agent: 'a' } } }])
  expect(it.running.get('A')?.context.signal.aborted).toBe(false)
  await it.finish('A')
  expect(it.sent).toHaveLength(1)
  it.sessions.close('going_away')
})

test('what has not begun is stopped by a skip too', async () => {
  const it = createSession()
  await it.receive(call(1, 'A'))
  await it.receive(cancel(1, 'skip'))
  expect(it.running.get('A')?.context.signal.aborted).toBe(true)
  expect(it.sent).toMatchObject([{ id: 1, error: { data: { kind: 'cancelled' } } }])
  it.sessions.close('going_away')
})

test('an id is refused while it is in flight and free afterwards', async () => {
  const it = createSession()
  await it.receive(call(1, 'A'))
  await it.receive(call(1, 'B'))
  expect([it.sent, it.running.has('B')]).toMatchObject([[{ id: 1, error: { data: { kind: 'duplicate_id' } } }], false])
  await it.finish('A')
  await it.receive(list(1))
  expect(it.sent.slice(1)).toMatchObject([
    { id: 1, result },
    { id: 1, result: {} },
  ])
  it.sessions.close('going_away')
})

test('what was skipped still counts as one of those that run', async () => {
  const it = createSession()
  for (let id = 0; id < facadeLimits.callsInFlight; id++) {
    await it.receive(call(id, `M${id}`))
    it.running.get(`M${id}`)?.context.begun('skip')
    await it.receive(cancel(id))
  }
  await it.receive(list(1_000))
  expect(it.sent.at(-1)).toMatchObject({ id: 1_000, error: { data: { kind: 'too_many_calls' } } })
  await it.finish('M0')
  await it.receive(list(1_001))
  expect(it.sent.at(-1)).toMatchObject({ id: 1_001, result: {} })
  it.sessions.close('going_away')
})

test('hello is said once, and methods that begin with $/ are none', async () => {
  const it = createSession()
  await it.receive({ jsonrpc: '2.0', id: 1, method: 'hello', params: { client: { name: 'x', version: '1' } } })
  await it.receive({ jsonrpc: '2.0', method: '$/unknown', params: {} })
  expect(it.sent).toMatchObject([{ id: 1, error: { data: { kind: 'invalid_request' } } }])
  it.sessions.close('going_away')
})
