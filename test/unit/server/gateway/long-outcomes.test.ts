import { randomUUID } from 'node:crypto'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import { SessionTable } from '../../../../server/src/gateway/session-table.ts'
import { createSessionSpools } from '../../../../server/src/gateway/streams/session-spools.ts'
import type { CallContext } from '../../../../server/src/rpc/call-context.ts'
import { Dispatcher } from '../../../../server/src/rpc/dispatcher.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly data: { readonly kind: string; readonly delivery: string } }
}

/** A session whose calls answer with as many characters as their method says, or wait; and its first answer. */
function createSession() {
  const handlers = {
    'agent.invoke': ({ method }: { method: string }, context: CallContext) => {
      context.begun('skip')
      if (method !== 'Wait') return { value: 'x'.repeat(Number(method)), signature: 'M()', activityId: randomUUID(), durationMs: 1 }
      return new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new HalibutError('cancelled', 'given up'))))
    },
  } as unknown as Handlers
  const begun = deferred<void>()
  const createSpool = createSessionSpools()
  const sessions = new SessionTable({
    dispatcher: new Dispatcher(new MethodRunner(handlers, silentLog)),
    createSpool: session => {
      begun.resolve()
      return createSpool(session)
    },
  })
  const session = sessions.open({ name: 'somebody', role: 'operator' }, undefined)
  const answer = deferred<Answer | readonly Answer[]>()
  session.attach({
    send: (text, done) => {
      done()
      const message: Answer | readonly Answer[] = JSON.parse(text)
      // Not that of the request that is cancelled beside it.
      if (Array.isArray(message) || (message as Answer).id === 1) answer.resolve(message)
    },
    sendBinary: (_frame, done) => done(),
    together: write => write(),
    ping: () => undefined,
    close: () => undefined,
  })
  return { sessions, session, begun: begun.promise, answer: answer.promise }
}

function call(id: number, method: string): object {
  return { jsonrpc: '2.0', id, method: 'agent.invoke', params: { agent: 'a', service: 'S', method, args: [] } }
}

test('requests that are cancelled while the answer of a batch is written take nothing of it along', async () => {
  const { sessions, session, begun, answer } = createSession()
  // The last is the longest, and so the first to become a data stream.
  session.receive(JSON.stringify(Array.from({ length: 9 }, (_, id) => call(id, String(facadeLimits.textBytes - 1_000 + id)))))
  await begun
  for (let id = 100; id < 120; id++) {
    session.receive(JSON.stringify(call(id, 'Wait')))
    session.receive(JSON.stringify({ jsonrpc: '2.0', method: '$/cancel', params: { id, mode: 'kill' } }))
  }
  const answers = (await answer) as readonly Answer[]
  expect(answers.map(({ error }) => error)).toEqual(answers.map(() => undefined))
  expect(answers[8]).toHaveProperty('result.$json')
  sessions.close('going_away')
})

test.each(['kill', 'skip'])('a %s while a long result is written ends that, and says that the request ran', async mode => {
  const { sessions, session, begun, answer } = createSession()
  session.receive(JSON.stringify(call(1, String(20 * facadeLimits.textBytes))))
  await begun
  session.receive(JSON.stringify({ jsonrpc: '2.0', method: '$/cancel', params: { id: 1, mode } }))
  expect(await answer).toMatchObject({ id: 1, error: { data: { kind: 'cancelled', delivery: 'executed' } } })
  sessions.close('going_away')
})
