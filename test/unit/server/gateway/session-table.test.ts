import { type CloseReason, facadeLimits } from '@halibut-gateway/schemas/wire'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Principal } from '../../../../server/src/access/principal.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import type { Session, SessionSocket } from '../../../../server/src/gateway/session.ts'
import { SessionTable } from '../../../../server/src/gateway/session-table.ts'
import { Dispatcher } from '../../../../server/src/rpc/dispatcher.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const unused = (): never => {
  throw new Error('not used here')
}
const somebody: Principal = { name: 'somebody', role: 'operator' }
const origin = 'https://dashboard.example'

/** What is as long and yet a text frame: results are data streams then. */
function longAnswer(chars: number): never {
  throw new HalibutError('service_failed', 'x'.repeat(chars))
}

/** A session with a socket that takes everything at once. */
function world() {
  const handlers = {
    'agents.list': () => ({ agents: [] }),
    'agent.invoke': () => longAnswer(facadeLimits.replayBytes),
  } as unknown as Handlers
  const sessions = new SessionTable({ dispatcher: new Dispatcher(new MethodRunner(handlers, silentLog)), createSpool: unused })
  const closed: CloseReason[] = []
  const socket: SessionSocket = {
    send: (_text, done) => done(),
    sendBinary: unused,
    together: unused,
    ping: unused,
    close: reason => void closed.push(reason),
  }
  const session = sessions.open(somebody, origin)
  const token = sessions.newToken(session)
  session.attach(socket)
  const resume = (more: Partial<{ token: string; received: number; principal: Principal; origin: string | undefined }> = {}) =>
    sessions.resume(
      { session: session.id, token: more.token ?? token, received: more.received ?? 0, streams: [] },
      more.principal ?? somebody,
      'origin' in more ? more.origin : origin,
    )
  return { sessions, session, token, closed, resume }
}

/** The session has sent so many counted frames. */
async function sendFrames(session: Session, count: number): Promise<void> {
  for (let id = 0; id < count; id++) session.receive(`{"jsonrpc":"2.0","id":${id},"method":"agents.list"}`)
  await vi.advanceTimersByTimeAsync(0)
}

test.each([
  ['another principal', { principal: { name: 'somebody else', role: 'operator' } }],
  ['who got the same name later', { principal: { id: 'token 2', name: 'somebody', role: 'operator' } }],
  ['the same one with another role', { principal: { name: 'somebody', role: 'admin' } }],
  ['another Origin', { origin: 'https://other.example' }],
  ['no Origin', { origin: undefined }],
  ['another token', { token: 'made up' }],
] as const)('%s does not get a session, which its browser keeps', (_name, more) => {
  const { resume, sessions, session, closed } = world()
  expect(resume(more)).toBe('the session has ended, or this is not its last token')
  expect([sessions.size, closed]).toEqual([1, []])
  expect(resume()).toBe(session)
})

test('a session ends with the sign-in that it was gone on with last', () => {
  const { resume, sessions, session } = world()
  const fresh = { ...somebody }
  const why = new HalibutError('unauthorized', 'it is over')
  expect(resume({ principal: fresh })).toBe(session)
  sessions.signedOut(somebody, why)
  expect([session.hasEnded, session.principal]).toEqual([false, fresh])
  sessions.signedOut(fresh, why)
  expect(session.hasEnded).toBe(true)
})

test('one principal has so many sessions that wait, and takes none from others', () => {
  const { sessions, session } = world()
  const other: Principal = { name: 'other', role: 'operator' }
  const theirs = Array.from({ length: gatewayLimits.waitingSessionsPerPrincipal + 100 }, () => sessions.open(other, origin))
  sessions.lost(session, 1006)
  for (const each of theirs) sessions.lost(each, 1006)
  expect(sessions.size).toBe(gatewayLimits.waitingSessionsPerPrincipal + 1)
  expect([theirs[99], theirs[100], session].map(each => each?.canResume(0))).toEqual([false, true, true])
  // One that goes on makes room for another.
  sessions.attached(theirs[200] as Session)
  sessions.lost(sessions.open(other, origin), 1006)
  expect(theirs[100]?.canResume(0)).toBe(true)
  sessions.close('going_away')
  expect([sessions.size, vi.getTimerCount()]).toEqual([0, 0])
})

test('a socket that says hello with the session takes it from the one that had it', async () => {
  const { resume, sessions, session, closed } = world()
  expect(resume()).toBe(session)
  expect(closed).toEqual(['session_taken'])
  await vi.advanceTimersByTimeAsync(facadeLimits.resumeMs)
  expect(sessions.size).toBe(0)
})

test('a token is worth nothing any more once a newer one was used', () => {
  const { resume, sessions, session, token } = world()
  const second = sessions.newToken(session)
  expect(resume({ token })).toBe(session)
  expect(resume({ token: second })).toBe(session)
  const third = sessions.newToken(session)
  sessions.confirmToken(session)
  expect([resume({ token }), resume({ token: second }), resume({ token: third })]).toEqual([
    expect.any(String),
    expect.any(String),
    session,
  ])
})

test.each([
  ['more than was sent', 4, 0],
  ['less than is kept', 1, 2],
])('a browser that has received %s cannot go on, and nobody else either', async (_name, received, acknowledged) => {
  const { resume, sessions, session, closed } = world()
  await sendFrames(session, 3)
  session.receive(`{"jsonrpc":"2.0","method":"$/ack","params":{"received":${acknowledged}}}`)
  expect(resume({ received })).toBe('text that was not received is not kept any more')
  expect([sessions.size, closed]).toEqual([0, ['session_taken']])
})

test.each([2, 3])('a browser that has received %i of the 3 frames sent, and acknowledged 2, goes on', async received => {
  const { resume, session } = world()
  await sendFrames(session, 3)
  session.receive('{"jsonrpc":"2.0","method":"$/ack","params":{"received":2}}')
  expect(resume({ received })).toBe(session)
})

test.each([
  ['has got a large answer that is not kept goes on, acknowledged or not', 2, true],
  ['has not got it cannot', 1, false],
])('a browser that %s', async (_name, received, resumed) => {
  const { resume, session } = world()
  await sendFrames(session, 1)
  session.receive('{"jsonrpc":"2.0","id":"l","method":"agent.invoke","params":{"agent":"a","service":"S","method":"M","args":[]}}')
  await vi.advanceTimersByTimeAsync(0)
  expect(resume({ received }) === session).toBe(resumed)
})

test('a session whose socket is lost before a large answer was acknowledged is over; after that it waits', async () => {
  const { sessions, session } = world()
  const large = '{"jsonrpc":"2.0","id":"l","method":"agent.invoke","params":{"agent":"a","service":"S","method":"M","args":[]}}'
  session.receive(large)
  await vi.advanceTimersByTimeAsync(0)
  session.receive('{"jsonrpc":"2.0","method":"$/ack","params":{"received":1}}')
  sessions.lost(session, 1006)
  expect(sessions.size).toBe(1)
  const other = sessions.open(somebody, origin)
  other.attach({ send: (_text, done) => done(), sendBinary: unused, together: unused, ping: unused, close: unused })
  other.receive(large)
  await vi.advanceTimersByTimeAsync(0)
  sessions.lost(other, 1006)
  expect(sessions.size).toBe(1)
  sessions.close('going_away')
})

test('beyond the memory for all of them the session that has waited longest ends, and nothing stays when all have', async () => {
  const handlers = { 'agent.invoke': () => longAnswer(facadeLimits.replayBytes / 2) } as unknown as Handlers
  const sessions = new SessionTable({ dispatcher: new Dispatcher(new MethodRunner(handlers, silentLog)), createSpool: unused })
  const invoke = '{"jsonrpc":"2.0","id":1,"method":"agent.invoke","params":{"agent":"a","service":"S","method":"M","args":[]}}'
  const each = facadeLimits.replayBytes / 2
  const fitting = Math.floor(gatewayLimits.allReplayBytes / (each + 400))
  const opened: Session[] = []
  for (let i = 0; i < fitting + 3; i++) {
    const session = sessions.open(somebody, origin)
    session.attach({ send: (_text, done) => done(), sendBinary: unused, together: unused, ping: unused, close: unused })
    session.receive(invoke)
    await vi.advanceTimersByTimeAsync(0)
    sessions.lost(session, 1006)
    opened.push(session)
  }
  expect(sessions.size).toBe(fitting)
  expect(sessions.replayBytes).toBeLessThanOrEqual(gatewayLimits.allReplayBytes)
  expect(opened.map(session => session.canResume(0)).indexOf(true)).toBe(3)
  sessions.close('going_away')
  expect([sessions.size, sessions.replayBytes]).toEqual([0, 0])
})

test('while it is being drained a session waits for a browser that lost its socket before it had its answer, and for no other', async () => {
  const { sessions, session, resume, closed } = world()
  await sendFrames(session, 2)
  const other = sessions.open(somebody, origin)
  for (const each of [session, other]) sessions.lost(each, 1006)
  const drained = sessions.drain(20_000)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sessions.size).toBe(1)
  expect(resume({ received: 1 })).toBe(session)
  const sent: string[] = []
  const again: CloseReason[] = []
  sessions.attached(session)
  session.attach(
    {
      send: (text, done) => {
        sent.push(text)
        queueMicrotask(done)
      },
      sendBinary: unused,
      together: unused,
      ping: unused,
      close: reason => void again.push(reason),
    },
    { received: 1, streams: [] },
  )
  await drained
  expect([sent.length, again, closed]).toEqual([1, ['going_away'], []])
  expect(vi.getTimerCount()).toBe(0)
})
