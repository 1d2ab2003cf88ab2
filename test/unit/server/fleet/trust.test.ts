import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { type AgentDefinition, AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../../../server/src/fleet/agent-manager.ts'
import { Trust, type TrustRecords } from '../../../../server/src/fleet/trust.ts'
import type { DeniedEvent, RuntimeEvents, SubscriberEvent } from '../../../../server/src/runtime/events.ts'
import { EventHub } from '../../../../server/src/runtime/events.ts'
import type { Store } from '../../../../server/src/store/store.ts'
import { createInstantStore, type InstantStore } from '../../../support/instant-store.ts'
import { knockOf } from '../../../support/knocks.ts'
import { openMemoryStore } from '../../../support/memory-store.ts'

const [own, other] = ['A'.repeat(40), 'B'.repeat(40)]
const agent = { id: 'web-1', name: 'Web', uri: 'poll://web-1/', thumbprint: own, services: ['IOne'] }

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }))
afterEach(() => void vi.useRealTimers())

/** Trust in front of a mesh that keeps what it is told. */
function create<R extends TrustRecords & Pick<Store, 'agents'> = InstantStore>(
  records: R = createInstantStore() as never,
  served: readonly AgentDefinition[] = [],
) {
  const events = new EventHub()
  const trusted = new Set<string>()
  const revoked = new Set<string>()
  const cut: string[] = []
  const mesh = {
    probe: async () => ({ roundTripMs: 1 }),
    trust: (thumbprint: string) => void trusted.add(thumbprint),
    removeTrust: (thumbprint: string) => void trusted.delete(thumbprint),
    revoke: (thumbprint: string) => void revoked.add(thumbprint),
    reinstate: (thumbprint: string) => void revoked.delete(thumbprint),
    distrust: (thumbprint: string) => void trusted.delete(thumbprint),
    leave: () => undefined,
    whoListens: () => Promise.reject(new HalibutError('connect_refused', 'nobody listens here')),
    disconnect: (endpoint: unknown, host?: string) =>
      void cut.push(`${(endpoint as { uri: string }).uri}${host === undefined ? '' : ` ${host}`}`),
    on: <K extends keyof RuntimeEvents>(type: K, listener: (event: RuntimeEvents[K]) => void) => events.on(type, listener),
  }
  const agents = new AgentManager({ mesh, store: records })
  const lines: string[] = []
  const told: unknown[] = []
  const trust = new Trust({
    mesh,
    agents,
    records,
    own: { thumbprint: 'C'.repeat(40), thumbprint256: 'C'.repeat(64) },
    ownChange:
      (...what) =>
      act =>
        records.change(draft => {
          const made = act(draft)
          told.push(what)
          return made
        }),
    log: (_level, message) => lines.push(message),
    limits: { pendingAgents: 100, pendingAddresses: 3, pendingAgentMs: 60_000, pendingLaterMs: 5_000 },
    cloneGraceMs: 1_000,
  })
  for (const each of served) agents.serve(each)
  agents.start()
  trust.start()
  const subscriber = (thumbprint: string, host: string, subscription = agent.uri): SubscriberEvent => ({
    subscription,
    thumbprint,
    thumbprint256: thumbprint[0]?.repeat(64),
    remoteAddress: `${host}:1`,
    since: new Date(),
  })
  return {
    trust,
    agents,
    records,
    trusted,
    revoked,
    cut,
    lines,
    told,
    knock(letter: string, change: Partial<DeniedEvent> = {}) {
      events.emit('clientDenied', knockOf(letter, change))
      const [last] = trust.pending.list().slice(-1)
      if (!last) throw new Error('nobody is pending')
      return last
    },
    connects: (thumbprint = own, host = '10.0.0.1', subscription = agent.uri) =>
      events.emit('subscriberConnected', subscriber(thumbprint, host, subscription)),
    leaves: (thumbprint = own, host = '10.0.0.1') => events.emit('subscriberDisconnected', subscriber(thumbprint, host)),
    state: () => agents.directory.require(agent.id).state,
    async [Symbol.asyncDispose]() {
      trust.close()
      agents.close()
      expect(vi.getTimerCount()).toBe(0)
    },
  }
}

const seen = (pending: { knock: DeniedEvent; version: string }) => ({
  thumbprint: pending.knock.thumbprint ?? '',
  version: pending.version,
})

describe('approval', () => {
  test('binds certificate and subscription together, as a new agent, and remembers both thumbprints', async () => {
    await using it = create()
    const pending = it.knock('B', { subscription: 'poll://new/' })
    it.knock('B', { subscription: 'poll://else/' })
    const made = await it.trust.approve(pending.id, seen(pending), { as: { id: 'new', name: 'New' } }, 'ada')
    expect(made.definition).toEqual({ id: 'new', name: 'New', uri: 'poll://new/', thumbprint: other })
    expect([[...it.trusted], it.trust.pending.size]).toEqual([[other], 0])
    expect(it.records.certificates.get(other)).toMatchObject({ thumbprint256: 'B'.repeat(64), agent: 'new' })
    const candidate = { thumbprint: other, thumbprint256: 'B'.repeat(64), remoteAddress: '' }
    expect(it.trust.mayPoll({ ...candidate, subscription: 'poll://new/' })).toBe(true)
    expect(it.trust.mayPoll({ ...candidate, subscription: 'poll://else/' })).toBe('no agent polls as poll://else/')
  })

  test('is kept in one change, with all that belongs to it, or nothing of it is so', async () => {
    await using it = create()
    await it.agents.add(agent)
    await it.trust.revoke(other, 'ada')
    const kept = () => [it.records.agents.all(), it.records.certificates.all(), it.records.denied.all()]
    const before = kept()
    const pending = it.knock('B', { subscription: agent.uri })
    it.records.failure = new Error('the disk is full')
    await expect(it.trust.approve(pending.id, seen(pending), { replace: agent.id }, 'ada')).rejects.toThrow('the disk is full')
    expect([kept(), [...it.trusted], [...it.revoked], it.trust.pending.size]).toEqual([before, [own], [other], 1])
    it.records.failure = undefined
    const { changes } = it.records
    await it.trust.approve(pending.id, seen(pending), { replace: agent.id }, 'ada')
    expect([it.records.changes - changes, [...it.trusted], [...it.revoked]]).toEqual([1, [other], [own]])
    expect(it.records.certificates.all()).toMatchObject([
      { id: other, agent: agent.id, thumbprint256: 'B'.repeat(64) },
      { id: own, revokedMs: 1_000 },
    ])
  })

  test('of what is not any more what was seen is refused, and nothing has changed', async () => {
    await using it = create()
    const pending = it.knock('B')
    await expect(it.trust.approve(pending.id, { ...seen(pending), thumbprint: own }, { as: { id: 'new' } }, 'ada')).rejects.toMatchObject({
      kind: 'version_conflict',
      message: `who is pending as ${pending.id} has ${other}, and not ${own}`,
    })
    await expect(
      it.trust.approve(pending.id, { ...seen(pending), version: 'another' }, { as: { id: 'new' } }, 'ada'),
    ).rejects.toMatchObject({
      kind: 'version_conflict',
    })
    it.knock('B', { remoteAddress: '10.6.6.6:1' })
    await expect(it.trust.approve(pending.id, seen(pending), { as: { id: 'new' } }, 'ada')).rejects.toMatchObject({
      kind: 'version_conflict',
      message: expect.stringContaining('is not any more what was seen'),
    })
    await expect(it.trust.approve('0'.repeat(16), seen(pending), { as: { id: 'new' } }, 'ada')).rejects.toMatchObject({ kind: 'not_found' })
    expect([it.trusted.size, it.agents.directory.ids(), it.trust.pending.size]).toEqual([0, [], 1])
  })

  test.each<[string, Partial<DeniedEvent>]>([
    ['names no subscription', { subscription: undefined }],
    ['presents no certificate', { thumbprint: undefined, thumbprint256: undefined }],
    ['names an address that would be dialled', { subscription: 'https://10.0.0.1/' }],
  ])('of somebody who %s is refused', async (_who, change) => {
    await using it = create()
    const pending = it.knock('B', change)
    await expect(it.trust.approve(pending.id, seen(pending), { as: { id: 'new' } }, 'ada')).rejects.toMatchObject({
      kind: pending.knock.thumbprint === undefined ? 'version_conflict' : 'invalid_argument',
    })
    expect([it.trusted.size, it.agents.directory.ids()]).toEqual([0, []])
  })

  test('in the place of a known agent leaves its id, name and services, and revokes the certificate that it had', async () => {
    await using it = create()
    await it.agents.add(agent)
    it.connects()
    await vi.advanceTimersByTimeAsync(0)
    const pending = it.knock('B', { subscription: agent.uri })
    const { definition } = await it.trust.approve(pending.id, seen(pending), { replace: agent.id }, 'ada')
    expect(definition).toEqual({ ...agent, thumbprint: other })
    expect([[...it.trusted], [...it.revoked], it.cut]).toEqual([[other], [own], [agent.uri]])
    expect(it.records.certificates.get(own)).toMatchObject({ agent: agent.id, revokedMs: 1_000 })
    await expect(it.trust.approve(it.knock('A').id, seen(it.knock('A')), { replace: 'nobody' }, 'ada')).rejects.toMatchObject({
      kind: 'agent_not_found',
    })
  })

  test('of a machine that was taken the place of leaves another agent its certificate', async () => {
    await using it = create()
    await it.agents.add(agent)
    it.agents.serve({ id: 'web-2', uri: 'poll://web-2/', thumbprint: own })
    const pending = it.knock('B', { subscription: agent.uri })
    await it.trust.approve(pending.id, seen(pending), { replace: agent.id }, 'ada')
    expect([[...it.trusted].sort(), it.revoked.size]).toEqual([[own, other], 0])
  })

  test('of a certificate that was revoked takes that back, since the person has seen it', async () => {
    await using it = create()
    await it.trust.revoke(other, 'ada')
    const pending = it.knock('B')
    expect(pending.refusal.cause).toBe('revoked')
    await it.trust.approve(pending.id, seen(pending), { as: { id: 'new' } }, 'ada')
    expect([it.revoked.size, it.records.certificates.get(other)?.revokedMs]).toEqual([0, undefined])
  })
})

describe('the other decisions', () => {
  test('denied is for good: whatever it knocks as it is not pending, it is listed, counted, and can be taken back', async () => {
    await using it = create()
    it.knock('B', { subscription: 'poll://else/' })
    await it.trust.deny(it.knock('B').id, 'ada', 'a scanner')
    expect(it.trust.pending.size).toBe(0)
    vi.advanceTimersByTime(500)
    expect(() => it.knock('B', { subscription: 'poll://third/' })).toThrow('nobody is pending')
    expect(it.trust.denied()).toEqual([{ id: other, deniedMs: 1_000, by: 'ada', reason: 'a scanner', count: 1, lastSeenMs: 1_500 }])
    await it.trust.restore(other, 'ada')
    expect([it.trust.denied(), it.knock('B').count]).toEqual([[], 1])
    await expect(it.trust.restore(other, 'ada')).rejects.toMatchObject({ kind: 'not_found' })
  })

  test('what was denied and revoked is so after a restart', async () => {
    await using first = create()
    await first.trust.deny(first.knock('B').id, 'ada')
    await first.trust.revoke(own, 'ada')
    await using second = create(first.records)
    expect(() => second.knock('B')).toThrow('nobody is pending')
    expect([...second.revoked]).toEqual([own])
  })

  test('what is revoked is cut off at once, whatever the disk does', async () => {
    await using it = create()
    await it.agents.add(agent)
    it.connects()
    it.records.failure = new Error('the disk is full')
    const revoked = it.trust.revoke(own, 'ada')
    expect([[...it.revoked], it.state().at]).toEqual([[own], 'untrusted'])
    await expect(revoked).rejects.toThrow('the disk is full')
    expect([...it.revoked]).toEqual([own])
    it.records.failure = undefined
    await it.trust.revoke(own, 'ada')
    expect(it.records.certificates.get(own)).toMatchObject({ revokedMs: 1_000 })
  })

  test('what is decided about a certificate while its agent comes is so after a restart', async () => {
    await using store = openMemoryStore()
    await using first = create(store)
    await first.agents.add(agent)
    const revoked = first.trust.revoke(own, 'ada')
    first.connects()
    await revoked
    await vi.waitFor(() => expect(store.certificates.get(own)).toMatchObject({ agent: agent.id, revokedMs: 1_000 }))
    await using second = create(store)
    expect([...second.revoked]).toEqual([own])
  })

  test('the certificate of an agent cannot be denied, and nobody without one', async () => {
    await using it = create()
    it.agents.serve(agent)
    const foreign = it.knock('A', { why: 'subscription_refused', subscription: 'poll://else/' })
    await expect(it.trust.deny(foreign.id, 'ada')).rejects.toMatchObject({ message: expect.stringContaining('that of the agent web-1') })
    const none = it.knock('B', { thumbprint: undefined, thumbprint256: undefined })
    await expect(it.trust.deny(none.id, 'ada')).rejects.toMatchObject({ message: expect.stringContaining('no certificate') })
  })

  test('later leaves it pending, and expire takes it away until its next knock', async () => {
    await using it = create()
    const { id } = it.knock('B')
    expect(it.trust.later(id).laterUntilMs).toBe(6_000)
    it.trust.expire(id)
    expect(() => it.trust.later(id)).toThrow(expect.objectContaining({ kind: 'not_found' }))
    expect(() => it.trust.expire(id)).toThrow(expect.objectContaining({ kind: 'not_found' }))
    expect(it.knock('B')).toMatchObject({ id, count: 1, laterUntilMs: undefined })
  })

  test('a revoked certificate makes its agents untrusted, says since when, and is listed', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.connects()
    expect(await it.trust.revoke(own.toLowerCase(), 'ada')).toEqual([agent.id])
    it.leaves()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.state()).toMatchObject({ at: 'untrusted', reason: `its certificate ${own} was revoked at 1970-01-01T00:00:01.000Z` })
    expect([...it.trust.certificates()]).toMatchObject([{ thumbprint: own, agents: [agent.id], known: { revokedMs: 1_000 } }])
    await it.trust.restore(own, 'ada')
    expect([it.state().at, it.revoked.size]).toEqual(['offline', 0])
  })

  test('a certificate that was revoked before makes its agents untrusted at the start, and many cost no more looks at the agents than one', async () => {
    const looks = vi.spyOn(AgentDirectory.prototype, 'ids')
    async function looksAtStart(revoked: readonly string[]): Promise<number> {
      const records = createInstantStore()
      for (const id of revoked) await records.certificates.put({ id, firstSeenMs: 1, lastSeenMs: 1, revokedMs: 500 })
      looks.mockClear()
      await using it = create(records, [agent])
      expect(it.state()).toMatchObject({ at: 'untrusted', reason: `its certificate ${own} was revoked at 1970-01-01T00:00:00.500Z` })
      expect([...it.revoked]).toEqual(revoked)
      return looks.mock.calls.length
    }
    expect(await looksAtStart([own, other, 'D'.repeat(40)])).toBe(await looksAtStart([own]))
    looks.mockRestore()
  })
})

describe('what is noticed', () => {
  test('an agent that is refused is untrusted and says why, how often and since when; a grace that ends does not hide it', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.connects()
    it.leaves()
    for (let n = 0; n < 5; n++) it.knock('B', { subscription: agent.uri })
    await vi.advanceTimersByTimeAsync(10_000)
    const { at, reason } = it.state()
    expect(at).toBe('untrusted')
    expect(reason).toContain(`with the certificate ${other}, and the agent web-1 is registered with ${own}, and is away`)
    expect(reason).toContain('(4 times since 1970-01-01T00:00:01.000Z)')
    expect(it.lines).toHaveLength(3)
  })

  test('an agent that is there while another machine knocks stays connected, and says so until that has gone', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.connects()
    expect(it.knock('B', { subscription: agent.uri }).refusal.cause).toBe('cloned')
    expect(it.state()).toMatchObject({ at: 'connected', reason: expect.stringContaining('another machine uses its name') })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.state()).toMatchObject({ at: 'connected', reason: 'polls this gateway' })
  })

  test('an agent that was refused and is not heard of any more is offline', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.knock('B', { subscription: agent.uri })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.state()).toMatchObject({ at: 'offline', reason: 'it has not knocked for a long time' })
  })

  test('two machines with one certificate are said, of the agent and in the log', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.connects()
    it.connects(own, '10.0.0.2')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(it.state()).toMatchObject({ at: 'connected', reason: expect.stringContaining('10.0.0.1 and 10.0.0.2: perhaps a copied disk') })
    expect([it.trust.clones.list().length, it.lines.at(-1)]).toEqual([1, expect.stringContaining('2 machines poll with its certificate')])
    it.leaves(own, '10.0.0.2')
    expect(it.state()).toMatchObject({ at: 'connected', reason: 'polls this gateway' })
  })

  test('a certificate with the same SHA-1 and another SHA-256 than was seen is refused', async () => {
    await using it = create()
    it.agents.serve(agent)
    it.connects()
    await vi.advanceTimersByTimeAsync(0)
    const candidate = { subscription: agent.uri, thumbprint: own, remoteAddress: '' }
    expect(it.trust.mayPoll({ ...candidate, thumbprint256: 'A'.repeat(64) })).toBe(true)
    expect(it.trust.mayPoll({ ...candidate, thumbprint256: 'F'.repeat(64) })).toContain('forged')
  })

  test('an agent that comes and goes writes once', async () => {
    await using it = create()
    it.agents.serve(agent)
    const { changes } = it.records
    for (let n = 0; n < 10; n++) {
      it.connects()
      it.leaves()
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(it.records.changes - changes).toBe(1)
  })

  test('several agents with one certificate write once, and it stays with the first as long as that has it', async () => {
    await using it = create()
    it.agents.serve(agent)
    await it.agents.add({ id: 'web-2', uri: 'poll://web-2/', thumbprint: own })
    const { changes } = it.records
    for (let n = 0; n < 5; n++) {
      it.connects()
      it.connects(own, '10.0.0.2', 'poll://web-2/')
      await vi.advanceTimersByTimeAsync(0)
    }
    expect([it.records.changes - changes, it.records.certificates.get(own)?.agent]).toEqual([1, agent.id])
    await it.agents.edit('web-2', before => ({ ...before, thumbprint: other }))
    it.connects(other, '10.0.0.2', 'poll://web-2/')
    await vi.advanceTimersByTimeAsync(0)
    expect(it.records.certificates.get(other)?.agent).toBe('web-2')
  })
})

describe('an agent that gets another certificate', () => {
  test('may come with both, and has the new one alone when that was seen', async () => {
    await using it = create()
    await it.agents.add(agent)
    it.connects()
    const candidate = { subscription: agent.uri, thumbprint: other, thumbprint256: 'B'.repeat(64), remoteAddress: '' }
    expect(it.trust.mayPoll(candidate)).toContain('belongs to another certificate')
    const { version } = await it.trust.rotation.begin(agent.id, other.toLowerCase(), undefined, 'ada')
    expect([it.trust.mayPoll(candidate), it.state().at, [...it.trusted].sort(), it.cut]).toEqual([true, 'connected', [own, other], []])
    await expect(it.trust.rotation.begin(agent.id, other, 'another', 'ada')).rejects.toMatchObject({ kind: 'version_conflict' })
    it.connects(other)
    await vi.advanceTimersByTimeAsync(0)
    const now = it.agents.directory.require(agent.id)
    expect([now.definition, now.state.at, [...it.trusted], it.cut]).toEqual([{ ...agent, thumbprint: other }, 'connected', [other], []])
    expect([now.version === version, it.trust.mayPoll({ ...candidate, thumbprint: own, thumbprint256: 'A'.repeat(64) })]).toEqual([
      false,
      expect.stringContaining('belongs to another certificate'),
    ])
    // What still runs on its old connection comes to an end, and then that says nothing about the agent.
    it.leaves(own)
    expect(it.agents.directory.require(agent.id)).toMatchObject({ connections: 1, state: { at: 'connected' } })
  })

  test('keeps one of the two by hand, the old one or the new one, and no third one', async () => {
    await using it = create()
    await it.agents.add(agent)
    for (const [kept, gone] of [
      [own, other],
      [other, own],
    ] as const) {
      await it.trust.rotation.begin(agent.id, other, undefined, 'ada')
      await expect(it.trust.rotation.keep(agent.id, 'D'.repeat(40), undefined, 'ada')).rejects.toMatchObject({ kind: 'invalid_argument' })
      const { definition } = await it.trust.rotation.keep(agent.id, kept, undefined, 'ada')
      expect([definition, [...it.trusted], it.trusted.has(gone)]).toEqual([{ ...agent, thumbprint: kept }, [kept], false])
    }
    await expect(it.trust.rotation.begin(agent.id, other, undefined, 'ada')).rejects.toMatchObject({ kind: 'invalid_argument' })
  })

  test('that listens is pinned to what was seen there, where that is what the person compared; the old one is revoked', async () => {
    await using it = create()
    const listening = { id: 'web-2', uri: 'https://10.0.0.2:10933/', thumbprint: own }
    await it.agents.add(listening)
    const presented = { thumbprint: other, thumbprint256: 'B'.repeat(64), subject: 'CN=web-2', issuer: 'CN=web-2' }
    await expect(it.trust.rotation.repin('web-2', other, 'ada')).rejects.toMatchObject({
      kind: 'version_conflict',
      message: expect.stringContaining('no other certificate than the pinned one was seen'),
    })
    for (let n = 0; n < 3; n++) it.agents.directory.report('web-2', { type: 'refused', why: 'another' }, { probe: {}, presented })
    expect(it.agents.directory.require('web-2').mismatch).toMatchObject({ presented, count: 3, firstSeenMs: 1_000 })
    await expect(it.trust.rotation.repin('web-2', 'D'.repeat(40), 'ada')).rejects.toMatchObject({ message: expect.stringContaining(other) })
    const { definition, mismatch } = await it.trust.rotation.repin('web-2', other.toLowerCase(), 'ada')
    expect([definition, mismatch, [...it.revoked]]).toEqual([{ ...listening, thumbprint: other }, undefined, [own]])
  })

  test('that listens is pinned to it and its old one revoked in one change, or neither is so', async () => {
    await using it = create()
    const listening = { id: 'web-2', uri: 'https://10.0.0.2:10933/', thumbprint: own }
    await it.agents.add(listening)
    const presented = { thumbprint: other, thumbprint256: 'B'.repeat(64), subject: 'CN=web-2', issuer: 'CN=web-2' }
    it.agents.directory.report('web-2', { type: 'refused', why: 'another' }, { probe: {}, presented })
    it.records.failure = new Error('the disk is full')
    await expect(it.trust.rotation.repin('web-2', other, 'ada')).rejects.toThrow('the disk is full')
    expect([it.agents.directory.require('web-2').definition, it.revoked.size]).toEqual([listening, 0])
    it.records.failure = undefined
    it.agents.directory.report('web-2', { type: 'refused', why: 'another' }, { probe: {}, presented })
    const { changes } = it.records
    await it.trust.rotation.repin('web-2', other, 'ada')
    expect([it.records.changes - changes, it.records.certificates.get(own)?.revokedMs]).toEqual([1, 1_000])
  })

  test('takes the new one in a change that tells of it, once however often it is seen', async () => {
    await using it = create()
    await it.agents.add(agent)
    await it.trust.rotation.begin(agent.id, other, undefined, 'ada')
    it.connects(other)
    it.connects(other, '10.0.0.2')
    await vi.advanceTimersByTimeAsync(0)
    expect([it.agents.directory.require(agent.id).definition, it.told]).toEqual([
      { ...agent, thumbprint: other },
      [['trust.keep', agent.id, { thumbprint: other }]],
    ])
  })

  test('is not let in with a forged one where it listens, either', async () => {
    await using it = create()
    await it.records.certificates.put({ id: own, thumbprint256: 'A'.repeat(64), firstSeenMs: 1, lastSeenMs: 1 })
    const dialled = { uri: 'https://10.0.0.2:10933/', thumbprint: own }
    expect(it.trust.mayAnswer({ ...dialled, thumbprint256: 'A'.repeat(64) })).toBe(true)
    expect(it.trust.mayAnswer({ ...dialled, thumbprint: other, thumbprint256: 'F'.repeat(64) })).toBe(true)
    expect(it.trust.mayAnswer({ ...dialled, thumbprint256: 'F'.repeat(64) })).toMatch(/F{64}.*and not the SHA-256 A{64}.*forged/)
  })
})

describe('one of two machines with one certificate', () => {
  async function cloned() {
    const it = create()
    await it.agents.add(agent)
    it.connects()
    it.connects(own, '10.0.0.2')
    await vi.advanceTimersByTimeAsync(1_000)
    return it
  }
  const candidate = (host: string) => ({
    subscription: agent.uri,
    thumbprint: own,
    thumbprint256: 'A'.repeat(64),
    remoteAddress: `${host}:7`,
  })

  test('is kept out from when a person says so until it is released, also after a restart', async () => {
    let records: InstantStore | undefined
    {
      await using it = await cloned()
      expect(it.trust.clones.list()).toMatchObject([{ agent: agent.id, addresses: ['10.0.0.1', '10.0.0.2'], held: [] }])
      await it.trust.clones.hold(agent.id, '10.0.0.2', 'ada')
      expect(it.cut).toEqual([`${agent.uri} 10.0.0.2`])
      it.leaves(own, '10.0.0.2')
      expect([it.trust.mayPoll(candidate('10.0.0.1')), it.trust.mayPoll(candidate('10.0.0.2'))]).toEqual([
        true,
        'a person (ada) keeps this machine out since 1970-01-01T00:00:02.000Z: another one has its certificate, too',
      ])
      const { refusal } = it.knock('A', { why: 'subscription_refused', subscription: agent.uri, remoteAddress: '10.0.0.2:7' })
      expect([refusal.cause, refusal.reason, it.state().reason]).toEqual([
        'held',
        expect.stringContaining('ada keeps this one out since'),
        'polls this gateway',
      ])
      expect(it.trust.clones.list()).toMatchObject([{ agent: agent.id, addresses: [], held: [{ address: '10.0.0.2', by: 'ada' }] }])
      records = it.records
    }
    await using again = create(records)
    expect(again.trust.mayPoll(candidate('10.0.0.2'))).toContain('keeps this machine out')
    await again.trust.clones.release(agent.id, '10.0.0.2', 'bob')
    expect([again.trust.mayPoll(candidate('10.0.0.2')), again.trust.clones.list()]).toEqual([true, []])
  })

  test('is nobody’s trouble any more once the agent has another certificate', async () => {
    await using it = await cloned()
    await it.trust.clones.hold(agent.id, '10.0.0.2', 'ada')
    it.leaves(own, '10.0.0.2')
    await it.trust.rotation.begin(agent.id, other, undefined, 'ada')
    expect(it.trust.clones.list()).toHaveLength(1)
    await it.trust.rotation.keep(agent.id, other, undefined, 'ada')
    expect(it.trust.clones.list()).toEqual([])
  })

  test('is not kept out where it is none of them, and not released where it was not kept out', async () => {
    await using it = await cloned()
    await expect(it.trust.clones.hold(agent.id, '10.0.0.3', 'ada')).rejects.toMatchObject({ kind: 'version_conflict' })
    await expect(it.trust.clones.hold('nobody', '10.0.0.2', 'ada')).rejects.toMatchObject({ kind: 'agent_not_found' })
    await expect(it.trust.clones.release(agent.id, '10.0.0.2', 'ada')).rejects.toMatchObject({ kind: 'not_found' })
    expect(it.cut).toEqual([])
  })
})
