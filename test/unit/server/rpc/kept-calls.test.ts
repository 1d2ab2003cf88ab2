import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { InvokeParams } from '@halibut-gateway/schemas'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { describe, expect, test, vi } from 'vitest'
import { type Deferred, deferred } from '../../../../server/src/base/deferred.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { type Invoked, KeptCalls } from '../../../../server/src/rpc/kept-calls.ts'
import type { Waiter } from '../../../../server/src/rpc/shared-call.ts'
import { turn } from '../../../support/stream-sections.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const epoch = 'now'
const notSent = new HalibutError('connect_refused', 'nobody there')

/** Calls of one gateway, and a clock. */
function createCalls() {
  const clock = { ms: 0 }
  const kept = new KeptCalls({ epoch, now: () => clock.ms })
  /** A request that is sent; `run` is the call that it begins, where it begins one. */
  const send = (more: Partial<InvokeParams> = {}, principal = 'p') => {
    const stop = new AbortController()
    const run: { readonly answer: Deferred<Invoked>; call: Waiter | undefined } = { answer: deferred(), call: undefined }
    const waiter = { signal: stop.signal, begun: vi.fn() }
    const params = { agent: 'a', service: 's', method: 'm', args: [1], idempotencyKey: 'k', epoch, ...more }
    const outcome = kept.run(principal, params, waiter, call => {
      run.call = call
      call.signal.addEventListener('abort', () => run.answer.reject(cancelled('unknown')))
      return run.answer.promise
    })
    outcome.catch(() => undefined)
    return { outcome, run, begun: waiter.begun, cancel: () => stop.abort(cancelled()), closeSession: () => stop.abort(closed()) }
  }
  return { kept, clock, send, known: (key = 'k', principal = 'p', of = epoch) => kept.outcome(principal, key, of) }
}

function cancelled(delivery: 'not_sent' | 'unknown' = 'not_sent'): HalibutError {
  return new HalibutError('cancelled', 'the caller cancelled the call', { delivery })
}

function closed(): HalibutError {
  return new HalibutError('closed', 'the browser’s session ended')
}

function answer(value: unknown, holdsStreams = false): Invoked {
  return { result: { value, signature: 'm', activityId: 'id', durationMs: 1 }, holdsStreams }
}

test('principals who do not come back are forgotten with their calls', async () => {
  const { kept, clock, send } = createCalls()
  for (let i = 0; i < 1_000; i++) {
    const { outcome, run } = send({}, `principal ${i}`)
    run.answer.resolve(answer(i))
    await outcome
  }
  expect(kept.principals).toBe(1_000)
  clock.ms += facadeLimits.outcomeMs + 60_000
  const { outcome, run } = send()
  run.answer.resolve(answer(1))
  await outcome
  expect(kept.principals).toBe(1)
})

describe('several requests with one key', () => {
  test('a request that joins gets the answer, and the call runs once', async () => {
    const { send, known } = createCalls()
    const [first, second] = [send(), send()]
    expect(second.run.call).toBeUndefined()
    expect(known()).toEqual({ state: 'running' })
    first.run.answer.resolve(answer(7))
    expect(await Promise.all([first.outcome, second.outcome])).toMatchObject([{ value: 7 }, { value: 7 }])
    expect(await send().outcome).toMatchObject({ value: 7 })
    expect(known()).toMatchObject({ state: 'answered', result: { value: 7 } })
  })

  test('a request that joins waits no longer than its own time, and the call goes on for the other', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { send } = createCalls()
      const [first, second] = [send({ timeoutMs: 1_000_000 }), send({ timeoutMs: 300 })]
      const late = expect(second.outcome).rejects.toMatchObject({ kind: 'deadline_exceeded', delivery: 'unknown' })
      vi.advanceTimersByTime(300)
      await late
      expect(first.run.call?.signal.aborted).toBe(false)
      first.run.answer.resolve(answer(7))
      expect(await first.outcome).toMatchObject({ value: 7 })
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('and gives it up where nobody else waits any more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { send } = createCalls()
      const [first, second] = [send(), send({ timeoutMs: 300 })]
      first.cancel()
      const late = expect(second.outcome).rejects.toMatchObject({ kind: 'deadline_exceeded' })
      vi.advanceTimersByTime(300)
      await late
      expect(first.run.call?.signal.aborted).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  test('all that wait hear when it leaves for its agent, and one that joins later at once', () => {
    const { send } = createCalls()
    const [first, second] = [send(), send()]
    expect([first.begun, second.begun].map(each => each.mock.calls.length)).toEqual([0, 0])
    first.run.call?.begun('skip')
    expect([first.begun, second.begun, send().begun].map(each => each.mock.calls)).toEqual([[['skip']], [['skip']], [['skip']]])
  })

  test.each(['the first', 'the second'])('%s cancels and leaves; the other gets the answer', async who => {
    const { send } = createCalls()
    const [first, second] = [send(), send()]
    const [leaving, staying] = who === 'the first' ? [first, second] : [second, first]
    leaving.cancel()
    await expect(leaving.outcome).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    expect(first.run.call?.signal.aborted).toBe(false)
    first.run.answer.resolve(answer(7))
    expect(await staying.outcome).toMatchObject({ value: 7 })
  })

  test('the last one that cancels stops the call, and is told what became of it', async () => {
    const { send, known } = createCalls()
    const [first, second] = [send(), send()]
    first.cancel()
    second.cancel()
    expect(first.run.call?.signal.aborted).toBe(true)
    await expect(second.outcome).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
    expect(known()).toMatchObject({ state: 'failed', error: { kind: 'cancelled', delivery: 'unknown' } })
  })

  test('a call goes on when the sessions of all that wait end, until one that joins later cancels', async () => {
    const { send, known } = createCalls()
    const [first, second] = [send(), send()]
    first.closeSession()
    second.closeSession()
    await expect(second.outcome).rejects.toMatchObject({ kind: 'closed' })
    expect(first.run.call?.signal.aborted).toBe(false)
    expect(known()).toEqual({ state: 'running' })
    send().cancel()
    expect(first.run.call?.signal.aborted).toBe(true)
  })

  test('a request whose session has ended does not give the call up when its own time is over, and is not told that nothing was sent', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const { send } = createCalls()
      const [first, second] = [send(), send({ timeoutMs: 300 })]
      const told = [first, second].map(({ outcome }) => expect(outcome).rejects.toMatchObject({ kind: 'closed', delivery: 'unknown' }))
      first.closeSession()
      second.closeSession()
      await Promise.all(told)
      expect(vi.getTimerCount()).toBe(0)
      vi.advanceTimersByTime(300)
      expect(first.run.call?.signal.aborted).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })

  test('what ended leaves no listener at the requests that waited', async () => {
    const { send } = createCalls()
    const [first, second] = [send(), send()]
    first.run.answer.resolve(answer(7))
    await Promise.all([first.outcome, second.outcome])
    second.cancel()
    expect(first.run.call?.signal.aborted).toBe(false)
  })

  test('a request that comes while the call is being stopped runs it where it never left, else gets that outcome', async () => {
    for (const delivery of ['not_sent', 'unknown'] as const) {
      const { kept, send } = createCalls()
      const [stop, end] = [new AbortController(), deferred<Invoked>()]
      const params = { agent: 'a', service: 's', method: 'm', args: [1], idempotencyKey: 'k', epoch }
      const first = kept.run('p', params, { signal: stop.signal, begun: () => undefined }, () => end.promise)
      stop.abort(cancelled())
      const later = send()
      const tooLate = send()
      tooLate.cancel()
      expect(later.run.call).toBeUndefined()
      end.reject(cancelled(delivery))
      await expect(first).rejects.toMatchObject({ kind: 'cancelled', delivery })
      await expect(tooLate.outcome).rejects.toMatchObject({ kind: 'cancelled' })
      expect(tooLate.run.call).toBeUndefined()
      if (delivery === 'unknown') await expect(later.outcome).rejects.toMatchObject({ kind: 'cancelled', delivery: 'unknown' })
      else {
        await turn()
        later.run.answer.resolve(answer(8))
        expect(await later.outcome).toMatchObject({ value: 8 })
      }
    }
  })
})

describe('what is kept', () => {
  test('a result with data streams goes to the one that sent the call first; who joins or asks later hears that it is gone', async () => {
    const { send, known } = createCalls()
    const [first, second] = [send(), send()]
    first.run.answer.resolve(answer({ $stream: 2, length: 5 }, true))
    expect(await first.outcome).toMatchObject({ value: { $stream: 2 } })
    for (const each of [second, send()]) {
      await expect(each.outcome).rejects.toMatchObject({ kind: 'stream_consumed', delivery: 'executed' })
    }
    expect(known()).toEqual({ state: 'answered', holdsStreams: true })
  })

  test('of a result that is too large only the outcome is kept', async () => {
    const { send, known } = createCalls()
    const first = send()
    first.run.answer.resolve(answer('x'.repeat(gatewayLimits.keptResultBytes)))
    expect(await first.outcome).toMatchObject({ value: expect.any(String) })
    expect(known()).toEqual({ state: 'answered', holdsStreams: false })
    await expect(send().outcome).rejects.toMatchObject({
      kind: 'outcome_unknown',
      delivery: 'executed',
      advice: expect.stringContaining('this one did run'),
    })
  })

  test('and nothing of the result stays in memory', async () => {
    const { send, known } = createCalls()
    const run = async (): Promise<WeakRef<Invoked>> => {
      const sent = send()
      const large = answer('x'.repeat(gatewayLimits.keptResultBytes))
      sent.run.answer.resolve(large)
      await sent.outcome
      return new WeakRef(large)
    }
    const large = await run()
    await turn()
    collectGarbage()
    expect([large.deref(), known()]).toEqual([undefined, { state: 'answered', holdsStreams: false }])
  })

  test('of an error that is too large its kind and delivery are kept', async () => {
    const { send } = createCalls()
    const first = send()
    const remote = { message: 'x'.repeat(gatewayLimits.keptResultBytes) }
    first.run.answer.reject(new HalibutError('service_failed', 'it failed', { delivery: 'executed', remote }))
    await expect(first.outcome).rejects.toMatchObject({ message: 'it failed', remote })
    const why = await send().outcome.catch((error: unknown) => error)
    expect(why).toMatchObject({ kind: 'service_failed', delivery: 'executed', remote: undefined })
    expect((why as HalibutError).message).toContain('too large to keep')
  })

  test('when errors that are kept are too much together, those of further calls are told without their texts', async () => {
    const { send, clock } = createCalls()
    const remote = { message: 'x'.repeat(gatewayLimits.keptResultBytes - 200) }
    const fail = async (idempotencyKey: string): Promise<unknown> => {
      const first = send({ idempotencyKey })
      first.run.answer.reject(new HalibutError('service_failed', 'it failed', { delivery: 'executed', remote }))
      await expect(first.outcome).rejects.toMatchObject({ remote })
      return send({ idempotencyKey }).outcome.catch((error: unknown) => error)
    }
    const fits = Math.floor(gatewayLimits.allKeptResultsBytes / gatewayLimits.keptResultBytes)
    for (let i = 0; i < fits; i++) expect(await fail(`k${i}`)).toMatchObject({ remote })
    expect(await fail('one more')).toMatchObject({ kind: 'service_failed', remote: undefined })
    clock.ms += facadeLimits.outcomeMs
    expect(await fail('later')).toMatchObject({ remote })
  })

  test('when the results of all are too much, further ones are not kept, until those of anybody are over', async () => {
    const { send, clock, known } = createCalls()
    const large = answer('x'.repeat(gatewayLimits.keptResultBytes - 200))
    const fits = Math.floor(gatewayLimits.allKeptResultsBytes / Buffer.byteLength(JSON.stringify(large.result)))
    const run = async (key: string, principal: string): Promise<void> => {
      const sent = send({ idempotencyKey: key }, principal)
      sent.run.answer.resolve(large)
      await sent.outcome
    }
    for (let i = 0; i < fits; i++) await run(`k${i}`, 'p')
    await run('one more', 'q')
    expect(known(`k${fits - 1}`)).toHaveProperty('result')
    expect(known('one more', 'q')).toEqual({ state: 'answered', holdsStreams: false })
    clock.ms += facadeLimits.outcomeMs
    await run('later', 'q')
    expect(known('later', 'q')).toHaveProperty('result')
  })

  test('an error is an outcome like any other, but for what was never sent: that runs again', async () => {
    const { send, known } = createCalls()
    const first = send()
    first.run.answer.reject(notSent)
    await expect(first.outcome).rejects.toBe(notSent)
    expect(known()).toMatchObject({ state: 'failed', error: { kind: 'connect_refused' } })
    const lost = new HalibutError('connection_lost', 'lost', { delivery: 'unknown' })
    const second = send()
    second.run.answer.reject(lost)
    await expect(second.outcome).rejects.toBe(lost)
    const third = send()
    await expect(third.outcome).rejects.toBe(lost)
    expect(third.run.call).toBeUndefined()
  })

  test('an outcome is known for its time, from its end on', async () => {
    const { send, clock, known } = createCalls()
    const first = send()
    clock.ms += 10 * facadeLimits.outcomeMs
    expect(known()).toEqual({ state: 'running' })
    first.run.answer.resolve(answer(1))
    await first.outcome
    clock.ms += facadeLimits.outcomeMs - 1
    expect(known()).toMatchObject({ state: 'answered' })
    clock.ms += 1
    expect(known()).toBe('key')
    const again = send()
    again.run.answer.resolve(answer(2))
    expect(await again.outcome).toMatchObject({ value: 2 })
  })

  test('of each principal so many keys are remembered; one that never ran takes its own place again', async () => {
    const { send, clock } = createCalls()
    for (let i = 0; i < facadeLimits.outcomes; i++) {
      const sent = send({ idempotencyKey: `k${i}` })
      if (i === 0) sent.run.answer.reject(notSent)
      else sent.run.answer.resolve(answer(i))
      await sent.outcome.catch(() => undefined)
    }
    clock.ms += 400_000
    const refused = send({ idempotencyKey: 'one more' }).outcome
    await expect(refused).rejects.toMatchObject({ kind: 'too_many_calls', retryable: true, retryAfterMs: facadeLimits.outcomeMs - 400_000 })
    expect(send({ idempotencyKey: 'one more' }, 'q').run.call).toBeDefined()
    expect(send({ idempotencyKey: 'k0' }).run.call).toBeDefined()
    expect(await send({ idempotencyKey: 'k1' }).outcome).toMatchObject({ value: 1 })
    clock.ms += facadeLimits.outcomeMs - 400_000
    expect(send({ idempotencyKey: 'one more' }).run.call).toBeDefined()
  })
})

describe('what is refused', () => {
  test('a key without an epoch is', async () => {
    const { send } = createCalls()
    const { outcome, run } = send({ epoch: undefined } as object)
    await expect(outcome).rejects.toMatchObject({ kind: 'invalid_params', errors: [{ path: '/epoch' }] })
    expect(run.call).toBeUndefined()
  })

  test('an old epoch is unknown and never runs', async () => {
    const { send, known } = createCalls()
    const { outcome, run } = send({ epoch: 'before' })
    await expect(outcome).rejects.toMatchObject({ kind: 'outcome_unknown', delivery: 'unknown' })
    expect(run.call).toBeUndefined()
    expect(known('k', 'p', 'before')).toBe('epoch')
    expect(known('k')).toBe('key')
  })

  test.each([{ agent: 'b' }, { service: 't' }, { method: 'n' }, { args: [2] }, { args: [1, 1] }])(
    'the same key with other parameters is a conflict: %j',
    async other => {
      const { send } = createCalls()
      const first = send()
      await expect(send(other).outcome).rejects.toMatchObject({ kind: 'idempotency_conflict', delivery: 'not_sent' })
      first.run.answer.resolve(answer(1))
      await first.outcome
      await expect(send(other).outcome).rejects.toMatchObject({ kind: 'idempotency_conflict' })
    },
  )

  test.each<readonly [unknown, unknown]>([
    [{ a: 1 }, [['a', 1]]],
    [{}, []],
    [{ entries: [] }, {}],
    [{ entries: [['a', 1]] }, { a: 1 }],
    [{ $stream: 1, length: 5 }, { stream: 5 }],
    [{ $stream: 1, length: 5 }, { $stream: 5 }],
    [{ $stream: 1 }, { stream: null }],
    [-0, 0],
    [-0, { zero: '-0' }],
    [1, '1'],
    [null, 'null'],
    [
      [1, [2]],
      [[1], 2],
    ],
  ])('%j and %j are different requests', async (one, other) => {
    const { send } = createCalls()
    send({ args: [one] })
    await expect(send({ args: [other] }).outcome).rejects.toMatchObject({ kind: 'idempotency_conflict', delivery: 'not_sent' })
  })

  test('deadlines, the order of members, and the numbers of data streams make no other request', async () => {
    const { send } = createCalls()
    const first = send({
      args: [
        { a: 1, b: [2] },
        { $stream: 1, length: 5 },
      ],
    })
    const same = send({
      args: [
        { b: [2], a: 1 },
        { $stream: 7, length: 5 },
      ],
      timeoutMs: 5,
    })
    first.run.answer.resolve(answer(1))
    expect(await same.outcome).toMatchObject({ value: 1 })
    await expect(
      send({
        args: [
          { a: 1, b: [2] },
          { $stream: 1, length: 6 },
        ],
      }).outcome,
    ).rejects.toMatchObject({
      kind: 'idempotency_conflict',
    })
  })

  test('keys of another principal are other keys', async () => {
    const { send, known } = createCalls()
    send()
    expect(send({ args: [2] }, 'q').run.call).toBeDefined()
    expect(known('k', 'nobody')).toBe('key')
  })
})
