import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PendingAgents, type PendingLimits } from '../../../../server/src/fleet/pending.ts'
import type { Refusal } from '../../../../server/src/fleet/refusal.ts'
import type { DeniedEvent } from '../../../../server/src/runtime/events.ts'
import { knockOf } from '../../../support/knocks.ts'

const refusal: Refusal = { cause: 'unknown', reason: 'nobody knows it', advice: 'look', agent: undefined, expected: undefined }
const limits: PendingLimits = { pendingAgents: 6, pendingAddresses: 2, pendingAgentMs: 10_000, pendingLaterMs: 5_000 }

beforeEach(() => void vi.useFakeTimers({ now: 0 }))
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function create(change: Partial<PendingLimits> = {}) {
  const pending = new PendingAgents({ ...limits, ...change })
  const told: string[] = []
  pending.onChange(id => told.push(id))
  return {
    pending,
    told,
    knock: (letter: string, event: Partial<DeniedEvent> = {}, why: Partial<Refusal> = {}) =>
      pending.note(knockOf(letter, event), { ...refusal, ...why }),
  }
}

test('who knocks again is one, with how often, since when, and from where it came last', () => {
  const { pending, knock, told } = create()
  const { id } = knock('A')
  for (const host of ['10.0.0.2', '10.0.0.3', '10.0.0.2']) {
    vi.advanceTimersByTime(1_000)
    knock('A', { remoteAddress: `${host}:1` })
  }
  expect(pending.list()).toMatchObject([
    {
      id,
      count: 4,
      firstSeenMs: 0,
      lastSeenMs: 3_000,
      addresses: [
        { address: '10.0.0.3', count: 1, lastSeenMs: 2_000 },
        { address: '10.0.0.2', count: 2, lastSeenMs: 3_000 },
      ],
    },
  ])
  expect(told).toEqual([id, id, id, id])
  pending.close()
})

test('a certificate and a subscription are told apart together, also where there is none', () => {
  const { pending, knock } = create()
  const ids = [
    knock('A'),
    knock('A', { subscription: 'poll://other/' }),
    knock('A', { subscription: undefined, role: 'client' }),
    knock('B'),
    knock('A', { thumbprint: undefined, thumbprint256: undefined }),
    knock('A', { thumbprint: undefined, thumbprint256: undefined, remoteAddress: '[::1]:1' }),
  ].map(({ id }) => id)
  expect(new Set(ids).size).toBe(6)
  const after = create()
  expect(after.knock('A').id).toBe(ids[0])
  after.pending.close()
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}$/)
  pending.close()
})

test.each<[string, Partial<DeniedEvent>, Partial<Refusal>]>([
  ['comes from another address', { remoteAddress: '10.0.0.9:1' }, {}],
  ['names somebody else', { subject: 'CN=else' }, {}],
  ['was made by somebody else', { issuer: 'CN=else' }, {}],
  ['is thought to be something else', {}, { cause: 'cloned' }],
  ['is about another agent', {}, { agent: 'a' }],
  ['is expected to have another certificate', {}, { expected: 'C'.repeat(40) }],
])('the version changes where it %s, and not with another knock', (_what, event, why) => {
  const { pending, knock } = create()
  const { version } = knock('A')
  expect(knock('A', { remoteAddress: '10.0.0.1:4001' }).version).toBe(version)
  expect(knock('A', event, why).version).not.toBe(version)
  pending.close()
})

test('a flood takes the room of its own address, and who keeps knocking outlasts it even there', () => {
  const { pending, knock } = create()
  const far = knock('A', { remoteAddress: '10.9.9.9:1', subscription: 'poll://far/' })
  const near = knock('B', { subscription: 'poll://near/' })
  knock('B', { subscription: 'poll://near/' })
  for (let n = 0; n < 100; n++) knock('C', { subscription: `poll://flood-${n}/` })
  expect(pending.size).toBe(6)
  expect(pending.ids()).toEqual(expect.arrayContaining([far.id, near.id]))
  pending.close()
})

test('a flood from a network of IPv6 is one flood', () => {
  const { pending, knock } = create()
  const { id } = knock('A')
  for (let n = 0; n < 100; n++) knock('C', { remoteAddress: `[2001:db8:0:1::${n.toString(16)}]:1`, subscription: `poll://flood-${n}/` })
  expect(pending.get(id)).toBeDefined()
  pending.close()
})

test('one that does not knock any more expires, and another one stays', () => {
  const { pending, knock, told } = create()
  const gone: string[] = []
  pending.onExpired = each => gone.push(each.id)
  const first = knock('A')
  vi.advanceTimersByTime(6_000)
  const second = knock('B')
  vi.advanceTimersByTime(4_000)
  expect([gone, pending.ids()]).toEqual([[first.id], [second.id]])
  expect(told.at(-1)).toBe(first.id)
  vi.advanceTimersByTime(6_000)
  expect([gone, pending.size]).toEqual([[first.id, second.id], 0])
})

test('what is put off says until when, and not after that; it counts on meanwhile', () => {
  const { pending, knock } = create()
  const { id, version } = knock('A')
  expect(pending.later(id)?.laterUntilMs).toBe(5_000)
  expect(pending.later(id, 7_000)?.laterUntilMs).toBe(7_000)
  expect(knock('A')).toMatchObject({ count: 2, version, laterUntilMs: 7_000 })
  vi.advanceTimersByTime(7_000)
  expect(pending.get(id)?.laterUntilMs).toBeUndefined()
  expect(pending.later('0'.repeat(16))).toBeUndefined()
  pending.close()
})

test('one that was forgotten is back with its next knock, as new', () => {
  const { pending, knock } = create()
  const { id } = knock('A')
  expect([pending.remove(id), pending.remove(id), pending.size]).toEqual([true, false, 0])
  expect(knock('A')).toMatchObject({ id, count: 1 })
  pending.close()
})

test('there are never more than there is room for, and the share of an address is what is there of it', () => {
  const step = fc.record({
    network: fc.integer({ min: 0, max: 4 }),
    who: fc.integer({ min: 0, max: 5 }),
    remove: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const { pending, knock } = create()
      for (const { network, who, remove } of steps) {
        const { id } = knock('A', { remoteAddress: `10.0.0.${network}:1`, subscription: `poll://${network}-${who}/` })
        // Whoever has just knocked is there.
        expect(pending.get(id)).toBeDefined()
        if (remove && who === 0) pending.remove(id)
        expect(pending.size).toBeLessThanOrEqual(limits.pendingAgents)
      }
      pending.close()
      expect(pending.size).toBe(0)
    }),
  )
})
