import { expect, test, vi } from 'vitest'
import { Audit } from '../../../../server/src/audit/audit.ts'
import { parseEntry } from '../../../../server/src/audit/entry.ts'
import { deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import type { CallContext, RequestContext } from '../../../../server/src/rpc/call-context.ts'
import { type Handlers, MethodRunner } from '../../../../server/src/rpc/run.ts'
import type { Draft } from '../../../../server/src/store/store.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { createInstantStore } from '../../../support/instant-store.ts'
import { createRequestContext } from '../../../support/request-context.ts'

const sound = { value: 1, signature: 'M()', activityId: '0e0ae9b4-2cd6-4a1f-9b1e-3a5f5e1f7a10', durationMs: 1 }
const params = { agent: 'a', service: 'S', method: 'M', args: [] }

/** Runs `agent.invoke` with this handler. */
function create(handle: (params: unknown, context: CallContext) => unknown, stop = new AbortController()) {
  const log = vi.fn()
  const runner = new MethodRunner({ 'agent.invoke': handle, 'agents.watch': handle } as unknown as Handlers, log)
  const sent: unknown[] = []
  const context: RequestContext = {
    ...createRequestContext(),
    signal: stop.signal,
    sendItem: (sequence, item) => void sent.push([sequence, item]),
  }
  return { log, sent, runner, run: (method: string, given: unknown = params) => runner.run(method, given, context) }
}

test('a method gives its result and nothing else', async () => {
  const { run } = create(() => sound)
  expect(await run('agent.invoke')).toEqual({ result: sound })
})

test('a method that is not there is an error', async () => {
  const { run } = create(() => sound)
  expect(await run('agent.nothing')).toMatchObject({ error: { data: { kind: 'unknown_method', delivery: 'not_sent' } } })
  expect(await run('constructor')).toMatchObject({ error: { data: { kind: 'unknown_method' } } })
})

test('parameters that do not fit never reach the handler, and each place is told once', async () => {
  const handle = vi.fn(() => sound)
  const { run } = create(handle)
  const answer = await run('agent.invoke', { agent: 'a b', service: '', method: 'M', args: {}, more: 1 })
  expect(handle).not.toHaveBeenCalled()
  expect(answer).toMatchObject({ error: { message: expect.stringContaining('/more: expected no such member') } })
  const data = 'error' in answer ? answer.error.data : undefined
  expect(data?.kind).toBe('invalid_params')
  expect(data?.errors?.map(({ path }) => path).sort()).toEqual(['/agent', '/args', '/more', '/service'])
})

test('whoever has not got the right learns that and nothing else, and nothing of the method runs', async () => {
  const handle = vi.fn(() => sound)
  const { runner } = create(handle)
  const viewer = { ...createRequestContext(), principal: { name: 'somebody', role: 'viewer' } } as const
  for (const given of [params, { ...params, args: 'none' }]) {
    expect(await runner.run('agent.invoke', given, viewer)).toMatchObject({
      error: {
        message: 'agent.invoke takes the right agents.call, which the role viewer has not got',
        data: { kind: 'forbidden', delivery: 'not_sent', advice: 'sign in with the role operator or admin' },
      },
    })
  }
  expect(handle).not.toHaveBeenCalled()
})

test('a result that does not fit its schema is a failure of the gateway, and stays in the log', async () => {
  const { run, log } = create(() => ({ ...sound, secret: 'x' }))
  const answer = await run('agent.invoke')
  expect(answer).toMatchObject({ error: { message: 'the gateway failed', data: { kind: 'internal_error', agent: 'a' } } })
  expect(JSON.stringify(answer)).not.toContain('secret')
  expect(log).toHaveBeenCalledWith('error', 'agent.invoke failed', expect.objectContaining({ cause: expect.stringContaining('/secret') }))
})

test('what a handler throws, or rejects with, is the error, with the trace id that the handler knew', async () => {
  const known: string[] = []
  for (const fail of [
    (why: HalibutError) => {
      throw why
    },
    (why: HalibutError) => Promise.reject(why),
  ]) {
    const { run } = create((_, { traceId }) => {
      known.push(traceId)
      return fail(new HalibutError('queue_full', 'full', { phase: 'queue' }))
    })
    const answer = await run('agent.invoke')
    expect(answer).toMatchObject({
      error: { message: 'full', data: { kind: 'queue_full', phase: 'queue', agent: 'a', traceId: known.at(-1) } },
    })
  }
  expect(new Set(known).size).toBe(2)
})

test('a request that its caller cancelled says so, one that was stopped for another reason says that reason', async () => {
  for (const [why, told] of [
    [
      new HalibutError('cancelled', 'the caller cancelled the call'),
      { message: 'given up', data: { kind: 'cancelled', delivery: 'unknown' } },
    ],
    [
      new HalibutError('closed', 'the gateway is stopping'),
      { message: 'the gateway is stopping', data: { kind: 'closed', delivery: 'unknown' } },
    ],
  ] as const) {
    const stop = new AbortController()
    const waiting = (_: unknown, { signal }: CallContext): Promise<never> =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () =>
          reject(new HalibutError('cancelled', 'given up', { phase: 'response', delivery: 'unknown' })),
        )
      })
    const { run } = create(waiting, stop)
    const answer = run('agent.invoke')
    stop.abort(why)
    expect(await answer).toMatchObject({ error: told })
  }
})

test('the items of a watch are numbered, and one that does not fit ends it', async () => {
  const item = { type: 'removed', ids: ['a'] }
  const watching = create((_, context) => {
    context.sendItem(item)
    context.sendItem(item)
    context.sendItem({ type: 'removed', ids: 'a' })
  })
  expect(await watching.run('agents.watch', {})).toMatchObject({ error: { data: { kind: 'internal_error' } } })
  expect(watching.sent).toEqual([
    [1, item],
    [2, item],
  ])
  const { runner } = watching
  expect([runner.isWatch('agents.watch'), runner.isWatch('agent.invoke'), runner.isWatch('nothing')]).toEqual([true, false, false])
})

test('the trace id of the caller is that of the error and of the log', async () => {
  const { log, runner } = create(() => {
    throw new Error('a mistake of ours')
  })
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const answer = await runner.run('agent.invoke', params, { ...createRequestContext(), traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
  expect(answer).toMatchObject({ error: { data: { kind: 'internal_error', traceId } } })
  expect(log).toHaveBeenCalledWith('error', 'agent.invoke failed', expect.objectContaining({ traceId }))
})

/** A runner whose entries go to `written`. */
function audited(handlers: object, written: unknown[], failing?: () => string | undefined): MethodRunner {
  return new MethodRunner(handlers as Handlers, silentLog, undefined, {
    record: async entry => void written.push(entry),
    change: async (entry, act) => {
      const made = act({} as never)
      written.push(entry)
      return made
    },
    get failing() {
      return failing?.()
    },
  })
}

test('what changes something or calls an agent is written down with who, what, where and the outcome, and no value of the call', async () => {
  const written: unknown[] = []
  const failing = new HalibutError('service_failed', 'it threw')
  const handle = vi.fn(() => sound)
  const runner = audited({ 'agent.invoke': handle, 'agents.list': () => ({}) }, written)
  const context = createRequestContext()
  const given = { ...params, args: ['secret'] }
  await runner.run('agent.invoke', given, context)
  handle.mockImplementationOnce(() => {
    throw failing
  })
  await runner.run('agent.invoke', given, context)
  await runner.run('agent.invoke', given, { ...context, principal: { name: 'eve', role: 'viewer' } } as never)
  await runner.run('agent.invoke', { ...given, service: 'x'.repeat(5_000), agent: 'y'.repeat(5_000) }, context)
  await runner.run('agents.list', {}, context)
  await runner.run('no.method', given, context)
  const { name, role } = context.principal
  const call = { action: 'agent.invoke', agent: 'a', facts: { service: 'S', method: 'M' } }
  expect(written).toEqual([
    { ...call, who: name, role, outcome: 'done' },
    { ...call, who: name, role, outcome: 'service_failed' },
    { ...call, who: 'eve', role: 'viewer', outcome: 'forbidden' },
    { ...call, who: name, role, agent: undefined, facts: { service: 'x'.repeat(512), method: 'M' }, outcome: 'invalid_params' },
  ])
  expect(JSON.stringify(written)).not.toContain('secret')
})

test('a decision about somebody who knocks, or one of several machines, is written down with whom it was about', async () => {
  const written: unknown[] = []
  const runner = audited({}, written)
  const eve = { ...createRequestContext(), principal: { name: 'eve', role: 'viewer' } } as const
  const seen = { pending: 'p1', thumbprint: 'A'.repeat(40), version: '1' }
  await runner.run('trust.approve', { ...seen, replace: 'web-1' }, eve)
  await runner.run('trust.deny', { pending: 'p1' }, eve)
  await runner.run('trust.hold', { agent: 'web-1', address: '10.0.0.1' }, eve)
  const { version: _, ...facts } = { ...seen, replace: 'web-1' }
  expect(written).toMatchObject([
    { action: 'trust.approve', agent: 'web-1', facts },
    { action: 'trust.deny', facts: { pending: 'p1' } },
    { action: 'trust.hold', agent: 'web-1', facts: { address: '10.0.0.1' } },
  ])
})

test('an answer waits for its entry, and one that cannot be kept is logged and takes nothing from the answer', async () => {
  const log = vi.fn()
  const [kept, lost] = [deferred<void>(), deferred<void>()]
  const record = vi.fn(() => kept.promise).mockReturnValueOnce(lost.promise)
  const runner = new MethodRunner({ 'agent.invoke': () => sound } as unknown as Handlers, log, undefined, {
    record,
    change: () => Promise.reject(new Error('nothing is changed here')),
    failing: undefined,
  })
  for (const entry of [lost, kept]) {
    let isAnswered = false
    const answer = runner.run('agent.invoke', params, createRequestContext()).finally(() => {
      isAnswered = true
    })
    await vi.waitFor(() => expect(record).toHaveBeenCalledTimes(entry === lost ? 1 : 2))
    await new Promise(resolve => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    if (entry === lost) entry.reject(new Error('the disk is full'))
    else entry.resolve()
    expect(await answer).toEqual({ result: sound })
  }
  expect(log.mock.calls).toEqual([
    [
      'error',
      'the audit log has no entry of agent.invoke yet',
      expect.objectContaining({ agent: 'a', outcome: 'done', cause: 'the disk is full' }),
    ],
  ])
})

test('that somebody begins to watch is written down before anything is shown, and so is the end; who may not watch is too', async () => {
  const written: { readonly action: string; readonly outcome: string; readonly facts?: object }[] = []
  const stop = new AbortController()
  const handle = vi.fn(async () => {
    expect(written).toHaveLength(1)
    stop.abort(new HalibutError('cancelled', 'it is over'))
    throw stop.signal.reason
  })
  const runner = audited({ 'agents.watch': handle, 'inspect.watch': handle }, written)
  await runner.run('agents.watch', {}, { ...createRequestContext(), signal: stop.signal })
  expect(handle).toHaveBeenCalledOnce()
  await runner.run('inspect.watch', {}, createRequestContext())
  await runner.run('agents.watch', { more: 1 }, createRequestContext())
  expect(written.map(({ action, outcome, facts }) => [action, outcome, facts])).toEqual([
    ['agents.watch', 'done', { watch: 'began' }],
    ['agents.watch', 'cancelled', { watch: 'ended' }],
    ['inspect.watch', 'forbidden', {}],
    ['agents.watch', 'invalid_params', {}],
  ])
})

test('reading what is written down is written down, with what was looked for', async () => {
  const written: unknown[] = []
  const runner = audited({ 'audit.search': () => ({ entries: [] }), 'audit.head': () => ({}) }, written)
  const admin = { ...createRequestContext(), principal: { name: 'ann', role: 'admin' } } as const
  expect(await runner.run('audit.search', { who: 'bob', agent: 'a', outcome: 'failed', text: 'hunter2' }, admin)).toEqual({
    result: { entries: [] },
  })
  await runner.run('audit.head', {}, admin)
  expect(written).toMatchObject([
    { who: 'ann', action: 'audit.search', agent: 'a', outcome: 'done', facts: { who: 'bob', outcome: 'failed' } },
    { who: 'ann', action: 'audit.head', outcome: 'done' },
  ])
  expect(JSON.stringify(written)).not.toContain('hunter2')
})

test('what began while it could be written down has an entry, also where the disk took nothing more before its end', async () => {
  const written: unknown[] = []
  let failing: string | undefined
  const handle = (): never => {
    failing = 'the disk is full'
    throw new HalibutError('storage_failed', failing)
  }
  const runner = audited({ 'agent.invoke': handle }, written, () => failing)
  for (let i = 0; i < 2; i++)
    expect(await runner.run('agent.invoke', params, createRequestContext())).toMatchObject({ error: { data: { kind: 'storage_failed' } } })
  expect(written).toMatchObject([{ action: 'agent.invoke', agent: 'a', outcome: 'storage_failed' }])
})

const token = { id: '0'.repeat(16), name: 'ci', role: 'viewer', state: 'valid', created: '2026-01-01T00:00:00.000Z' }
const boss = { ...createRequestContext(), principal: { name: 'ann', role: 'admin' } } as const

test('what is changed and its entry are one change of the store: there are both, or neither, and one entry', async () => {
  const store = createInstantStore()
  const audit = new Audit(store as never, () => testIdentity('gateway'))
  const put = ({ meta }: Draft): void => meta.put({ id: 'made', text: '' })
  const done: string[] = []
  let after = (): void => undefined
  const handlers = {
    'tokens.revoke': async (_: unknown, { change }: CallContext) => {
      await change?.(put, { id: token.id })
      done.push('made')
      after()
      return { token }
    },
  }
  const written = () => store.entries.map(({ text }) => parseEntry(text)).map(({ action, outcome, facts }) => [action, outcome, facts])
  const runner = new MethodRunner(handlers as unknown as Handlers, silentLog, undefined, {
    record: entry => audit.record(entry),
    change: (entry, act) => audit.change(entry, act),
    failing: undefined,
  })
  const run = () => runner.run('tokens.revoke', { id: token.id }, boss)
  store.failure = new HalibutError('storage_failed', 'the disk is full')
  expect(await run()).toMatchObject({ error: { data: { kind: 'storage_failed' } } })
  expect([store.meta.size, written(), done]).toEqual([0, [], []])
  store.failure = undefined
  const { changes } = store
  expect(await run()).toEqual({ result: { token } })
  const entry = ['tokens.revoke', 'done', { id: token.id }]
  expect([store.changes - changes, store.meta.size, written()]).toEqual([1, 1, [entry]])
  // What was changed is told, whatever becomes of the answer.
  after = () => {
    throw new Error('a mistake of ours')
  }
  expect(await run()).toMatchObject({ error: { data: { kind: 'internal_error' } } })
  expect(written()).toEqual([entry, entry])
})

test('a request that changes nothing is written down by itself, and one that makes two changes is a mistake of ours', async () => {
  const written: unknown[] = []
  const handle = vi.fn(async (_: unknown, __: CallContext) => ({ token }))
  const runner = audited({ 'tokens.revoke': handle }, written)
  expect(await runner.run('tokens.revoke', { id: token.id }, boss)).toEqual({ result: { token } })
  handle.mockImplementationOnce(async (_, { change }) => {
    await change?.(() => undefined)
    await change?.(() => undefined)
    return { token }
  })
  expect(await runner.run('tokens.revoke', { id: token.id }, boss)).toMatchObject({ error: { data: { kind: 'internal_error' } } })
  expect(written).toMatchObject([
    { action: 'tokens.revoke', outcome: 'done' },
    { action: 'tokens.revoke', outcome: 'done' },
  ])
})

test('what was made or decided on is written down also where no parameter says so, and never a secret of it', async () => {
  const written: unknown[] = []
  const handlers = {
    'trust.deny': async (_: unknown, { change }: CallContext) => {
      await change?.(() => undefined, { thumbprint: 'A'.repeat(40) })
      return { thumbprint: 'A'.repeat(40) }
    },
    'tokens.create': async (_: unknown, { change }: CallContext) => {
      await change?.(() => undefined, { id: token.id })
      return { id: token.id, secret: 'hunter2', token }
    },
  }
  const runner = audited(handlers, written)
  await runner.run('trust.deny', { pending: '0123456789abcdef' }, boss)
  await runner.run('tokens.create', { name: 'ci', role: 'viewer' }, boss)
  expect(written).toMatchObject([
    { action: 'trust.deny', outcome: 'done', facts: { pending: '0123456789abcdef', thumbprint: 'A'.repeat(40) } },
    { action: 'tokens.create', outcome: 'done', facts: { name: 'ci', role: 'viewer', id: token.id } },
  ])
  expect(JSON.stringify(written)).not.toContain('hunter2')
})

test('what is compromised is revoked also while nothing can be written down, and that is written when it can be', async () => {
  const written: unknown[] = []
  const full = new HalibutError('storage_failed', 'the disk is full')
  const revoke = vi.fn(() => Promise.reject(full))
  const runner = audited({ 'tokens.revoke': revoke, 'trust.revoke': revoke }, written, () => 'the disk is full')
  const admin = { ...createRequestContext(), principal: { name: 'ann', role: 'admin' } } as const
  const failed = { error: { message: 'the disk is full', data: { kind: 'storage_failed' } } }
  expect(await runner.run('tokens.revoke', { id: '0'.repeat(16) }, admin)).toMatchObject(failed)
  expect(await runner.run('trust.revoke', { thumbprint: 'A'.repeat(40) }, admin)).toMatchObject(failed)
  expect([revoke.mock.calls.length, written]).toMatchObject([
    2,
    [{ action: 'tokens.revoke' }, { action: 'trust.revoke', outcome: 'storage_failed' }],
  ])
})

test('while nothing can be written down nothing is changed and no agent is called; what only looks goes on', async () => {
  const written: unknown[] = []
  let failing: string | undefined = 'the disk is full'
  const handle = vi.fn(() => sound)
  const runner = audited({ 'agent.invoke': handle, 'agents.list': () => ({ agents: [] }) }, written, () => failing)
  expect(await runner.run('agent.invoke', params, createRequestContext())).toMatchObject({
    error: {
      message: 'agent.invoke is refused, since it could not be written down who asked for it: the disk is full',
      data: { kind: 'storage_failed', delivery: 'not_sent', retryable: true },
    },
  })
  expect(await runner.run('agents.list', {}, createRequestContext())).toEqual({ result: { agents: [] } })
  expect([handle.mock.calls.length, written]).toEqual([0, []])
  failing = undefined
  expect(await runner.run('agent.invoke', params, createRequestContext())).toEqual({ result: sound })
})
