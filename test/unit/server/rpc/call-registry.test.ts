import { type CallEvent, CallEventSchema, type CallSnapshot } from '@halibut-gateway/schemas'
import { Value } from '@sinclair/typebox/value'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Principal } from '../../../../server/src/access/principal.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { type CallChange, CallRegistry } from '../../../../server/src/rpc/call-registry.ts'
import { KeptCalls } from '../../../../server/src/rpc/kept-calls.ts'
import { callsMethods } from '../../../../server/src/rpc/methods/calls.ts'
import { nobodyWaits } from '../../../../server/src/runtime/waiting-calls.ts'
import { createItemReader } from '../../../support/item-reader.ts'
import { turn } from '../../../support/stream-sections.ts'

const subject = (n: number, principal = 'p') => ({ activityId: `id ${n}`, agent: 'a', service: 'S', method: 'M()', principal })

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

function create() {
  const registry = new CallRegistry()
  const told: CallChange[] = []
  const stop = registry.onChange(change => told.push(change))
  return {
    registry,
    told,
    stop,
    begin: (n = 1, name = 'p') => {
      const principal: Principal = { name, role: 'operator' }
      return registry.begin(subject(n, name), performance.now(), { mode: 'polling', isByContract: true, principal })
    },
  }
}

const open = (registry: CallRegistry): CallSnapshot[] => [...registry.calls()].map(call => call.snapshot())

test('a call is open from its beginning to its end, and each step is told with how long it waited', () => {
  const { registry, told, begin } = create()
  const call = begin()
  call.waits()
  vi.advanceTimersByTime(30)
  call.sent()
  vi.advanceTimersByTime(70)
  expect(open(registry)).toMatchObject([{ ...subject(1), state: 'running', queuedMs: 30 }])
  expect(call.ended()).toBe(100)
  expect(open(registry)).toEqual([])
  expect(told).toMatchObject([
    { type: 'started', call: { state: 'queued' } },
    { type: 'changed', call: { state: 'running', queuedMs: 30 } },
    { type: 'finished', call: { state: 'answered', queuedMs: 30, durationMs: 100 } },
  ])
  const [started] = told
  for (const { call: each } of told) expect(each.since).toBe(started?.call.since)
})

test('a call that is made once more waits anew, and its waits are added up', () => {
  const { told, begin } = create()
  const call = begin()
  call.waits()
  vi.advanceTimersByTime(10)
  call.sent()
  call.sent()
  vi.advanceTimersByTime(5)
  call.again('another')
  vi.advanceTimersByTime(20)
  expect([call.queuedMs, call.elapsedMs]).toEqual([30, 35])
  call.sent()
  expect(told.map(({ call: { state, queuedMs } }) => [state, queuedMs])).toEqual([
    ['queued', undefined],
    ['running', 10],
    ['queued', undefined],
    ['running', 30],
  ])
})

test('one that failed tells the kind and what is known of its delivery, and no text', () => {
  const { told, begin } = create()
  begin().ended(new HalibutError('queue_full', 'a secret', { phase: 'queue' }))
  expect(told[1]).toMatchObject({ call: { state: 'failed', error: { kind: 'queue_full', phase: 'queue', delivery: 'not_sent' } } })
  expect(JSON.stringify(told)).not.toContain('secret')
})

test('who does not listen any more hears nothing, and nothing is written out for nobody', () => {
  const { registry, told, stop, begin } = create()
  stop()
  const call = begin()
  const written = vi.spyOn(call, 'snapshot')
  call.sent()
  call.ended()
  expect([told, written.mock.calls.length, open(registry)]).toEqual([[], 0, []])
})

/** Watches the calls as this principal; gives what is told at once. */
async function watch(registry: CallRegistry, principal: Principal, items: number): Promise<CallEvent[]> {
  const reader = createItemReader()
  const kept = new KeptCalls({ epoch: 'epoch' })
  const methods = callsMethods({ registry, kept, directory: new AgentDirectory(), mesh: { waiting: () => nobodyWaits } })
  const run = methods['calls.watch']({}, Object.assign(reader.context, { principal }))
  await turn()
  await reader.take(items)
  reader.end()
  await expect(run).rejects.toMatchObject({ kind: 'cancelled' })
  return reader.items as CallEvent[]
}

test('thousands of open calls are told in parts, of which all but the last say that more follows', async () => {
  const { registry, begin } = create()
  for (let n = 0; n < 600; n++) begin(n)
  const items = await watch(registry, { name: 'root', role: 'admin' }, 10)
  for (const item of items) expect(Value.Check(CallEventSchema, item)).toBe(true)
  expect(items.map(item => item.type === 'snapshot' && [item.calls.length, item.more])).toEqual([
    [256, true],
    [256, true],
    [88, undefined],
  ])
  expect(items.flatMap(item => (item.type === 'snapshot' ? item.calls : [])).map(({ activityId }) => activityId)).toEqual(
    open(registry).map(({ activityId }) => activityId),
  )
})

test('who is no admin is told of their own calls alone, and of none as such', async () => {
  const { registry, begin } = create()
  begin(1, 'mine')
  begin(2, 'other')
  expect(await watch(registry, { name: 'mine', role: 'operator' }, 1)).toMatchObject([
    { type: 'snapshot', calls: [{ activityId: 'id 1' }] },
  ])
  expect(await watch(registry, { name: 'nobody', role: 'operator' }, 1)).toEqual([{ type: 'snapshot', calls: [] }])
})

test('the key of a call is told to whoever made it, and to nobody else of the same name', async () => {
  const { registry } = create()
  const mine: Principal = { id: 'token 1', name: 'p', role: 'operator' }
  registry.begin(subject(1), performance.now(), { mode: 'polling', isByContract: true, principal: mine, idempotencyKey: 'k' })
  expect(await watch(registry, mine, 1)).toMatchObject([{ calls: [{ activityId: 'id 1', idempotencyKey: 'k' }] }])
  const [snapshot] = await watch(registry, { id: 'token 2', name: 'p', role: 'admin' }, 1)
  expect(snapshot).toMatchObject({ calls: [{ activityId: 'id 1' }] })
  expect(snapshot).not.toMatchObject({ calls: [{ idempotencyKey: 'k' }] })
})
