import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { type AgentNews, type AgentState, nextState } from '../../../../server/src/fleet/agent-state.ts'
import { Liveness } from '../../../../server/src/fleet/liveness.ts'
import type { Mesh } from '../../../../server/src/fleet/mesh.ts'
import type { SubscriberEvent } from '../../../../server/src/runtime/events.ts'
import { idleMesh } from '../../../support/idle-mesh.ts'

describe('the state of an agent', () => {
  const at = (name: AgentState['at']): AgentState => ({ at: name, sinceMs: 0, reason: '' })
  const why = 'because'
  test.each<[AgentState['at'], AgentNews, AgentState['at']]>([
    ['offline', { type: 'reached', how: why }, 'connected'],
    ['untrusted', { type: 'reached', how: why }, 'connected'],
    ['connected', { type: 'missed', why }, 'suspect'],
    ['suspect', { type: 'missed', why }, 'offline'],
    ['untrusted', { type: 'missed', why }, 'untrusted'],
    ['connected', { type: 'gone', why }, 'offline'],
    ['connected', { type: 'refused', why }, 'untrusted'],
    ['connected', { type: 'disable', why }, 'disabled'],
    ['disabled', { type: 'reached', how: why }, 'disabled'],
    ['disabled', { type: 'enable' }, 'offline'],
    ['connected', { type: 'enable' }, 'connected'],
  ])('%s, then %j: %s', (before, news, after) => {
    expect(nextState(at(before), news, 5).at).toBe(after)
  })

  test('"since" moves only with the state’s name', () => {
    const offline = nextState(at('connected'), { type: 'gone', why: 'first' }, 5)
    expect(nextState(offline, { type: 'gone', why: 'second' }, 9)).toEqual({ at: 'offline', sinceMs: 5, reason: 'second' })
  })
})

describe('liveness', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  function world(listening: number) {
    const probes: { uri: string; atMs: number }[] = []
    const listeners = new Map<string, (event: SubscriberEvent) => void>()
    let failure: HalibutError | undefined
    let held: Promise<never> | undefined
    const mesh: Mesh = {
      ...idleMesh,
      call: async () => undefined,
      probe: async endpoint => {
        probes.push({ uri: typeof endpoint === 'string' ? endpoint : endpoint.uri, atMs: Date.now() })
        if (failure) throw failure
        if (held) await held
        return { roundTripMs: 2 }
      },
      on: (type, listener) => {
        listeners.set(type, listener as never)
        return () => void listeners.delete(type)
      },
    }
    const directory = new AgentDirectory()
    for (let i = 0; i < listening; i++) directory.add({ id: `l${i}`, uri: `https://10.0.0.1:${i + 1}/`, thumbprint: 'A'.repeat(40) })
    directory.add({ id: 'p', uri: 'poll://p/', thumbprint: 'B'.repeat(40) })
    const liveness = new Liveness(mesh, directory, { random: () => 0.5 })
    const subscriber = (type: 'subscriberConnected' | 'subscriberDisconnected'): void =>
      listeners.get(type)?.({
        subscription: 'poll://p/',
        thumbprint: 'B'.repeat(40),
        thumbprint256: undefined,
        remoteAddress: '',
        since: new Date(),
      })
    return {
      probes,
      directory,
      liveness,
      subscriber,
      fail: (kind: 'connect_refused' | 'connect_timeout' | 'thumbprint_mismatch' | undefined) => {
        failure = kind && new HalibutError(kind, kind)
      },
      hold: (answer: Promise<never> | undefined) => {
        held = answer
      },
      stateOf: (id: string) => directory.require(id).state.at,
    }
  }

  test('probes a listening agent at once and then every 20 seconds', async () => {
    const it = world(1)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(60_500)
    expect(it.probes).toHaveLength(4)
    expect(it.stateOf('l0')).toBe('connected')
    expect(it.directory.require('l0').probe?.roundTripMs).toBe(2)
    it.liveness.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('goes on probing where the clock is set back an hour', async () => {
    const it = world(1)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(20_500)
    vi.setSystemTime(Date.now() - 3_600_000)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.probes).toHaveLength(5)
    it.liveness.close()
  })

  test('at most 20 probes a second in all', async () => {
    const it = world(100)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(60_000)
    for (const { atMs } of it.probes)
      expect(it.probes.filter(other => other.atMs >= atMs && other.atMs < atMs + 1_000).length).toBeLessThanOrEqual(20)
    expect(it.probes.length).toBeGreaterThan(250)
    it.liveness.close()
  })

  test('a probe without answer makes doubt, a second one certainty; a refused connection is certain at once', async () => {
    const it = world(1)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(100)
    it.fail('connect_timeout')
    await vi.advanceTimersByTimeAsync(20_100)
    expect(it.stateOf('l0')).toBe('suspect')
    await vi.advanceTimersByTimeAsync(20_100)
    expect(it.stateOf('l0')).toBe('offline')
    it.fail(undefined)
    await vi.advanceTimersByTimeAsync(20_100)
    expect(it.stateOf('l0')).toBe('connected')
    it.fail('connect_refused')
    await vi.advanceTimersByTimeAsync(20_100)
    expect(it.directory.require('l0').state).toMatchObject({ at: 'offline', reason: 'connect_refused' })
    it.fail('thumbprint_mismatch')
    await vi.advanceTimersByTimeAsync(20_100)
    expect(it.directory.require('l0').state).toMatchObject({
      at: 'untrusted',
      reason: expect.stringMatching(/^thumbprint_mismatch; the pinned one was there before: /),
    })
    it.liveness.close()
  })

  test('with thousands of listening agents each has its turn, a new one at once, and each says when it was probed last', async () => {
    const agents = 2_000
    const it = world(agents)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.directory.require('l1999')).toMatchObject({ probe: undefined, state: { at: 'offline', reason: 'not probed yet' } })
    it.directory.add({ id: 'new', uri: 'https://10.0.0.2:1/', thumbprint: 'A'.repeat(40) })
    await vi.advanceTimersByTimeAsync(((agents + 1) / 20) * 1_000 * 1.03)
    const times = it.directory.ids().flatMap(id => it.directory.require(id).probe?.atMs ?? [])
    expect(times).toHaveLength(agents + 1)
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(110_000)
    expect(vi.getTimerCount()).toBeLessThan(20 * 22 + 2)
    it.liveness.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an agent in doubt is asked again before thousands of others', async () => {
    const it = world(1_000)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(51_000)
    it.fail('connect_timeout')
    await vi.advanceTimersByTimeAsync(100)
    const doubted = it.directory.ids().filter(id => it.stateOf(id) === 'suspect')
    expect(doubted.length).toBeGreaterThan(0)
    it.fail(undefined)
    await vi.advanceTimersByTimeAsync(20_100)
    expect(doubted.map(it.stateOf)).toEqual(doubted.map(() => 'connected'))
    it.liveness.close()
  })

  test('an agent that is disabled and enabled while it is probed has one round of probes', async () => {
    const it = world(1)
    const { definition } = it.directory.require('l0')
    it.hold(new Promise(() => undefined))
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(10)
    expect(it.probes).toHaveLength(1)
    it.directory.update({ ...definition, disabled: true })
    it.hold(undefined)
    it.directory.update(definition)
    await vi.advanceTimersByTimeAsync(60_500)
    expect(it.probes).toHaveLength(1 + 4)
    it.liveness.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an agent that is removed is probed no more', async () => {
    const it = world(1)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(100)
    it.directory.remove('l0')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(it.probes).toHaveLength(1)
    it.liveness.close()
  })

  test('an agent that is removed and added again while it is probed has one round of probes', async () => {
    const it = world(1)
    it.liveness.start()
    await vi.advanceTimersByTimeAsync(20_000)
    const before = it.probes.length
    const { definition } = it.directory.require('l0')
    let answer: ((why: HalibutError) => void) | undefined
    it.hold(
      new Promise((_, reject) => {
        answer = reject
      }),
    )
    await vi.advanceTimersByTimeAsync(2_500)
    expect(it.probes.length).toBe(before + 1)
    it.hold(undefined)
    it.directory.remove('l0')
    it.directory.add({ ...definition, thumbprint: 'C'.repeat(40) })
    await vi.advanceTimersByTimeAsync(100)
    answer?.(new HalibutError('thumbprint_mismatch', 'of the certificate before'))
    await vi.advanceTimersByTimeAsync(100)
    expect(it.stateOf('l0')).toBe('connected')
    const probes = it.probes.length
    await vi.advanceTimersByTimeAsync(60_500)
    expect(it.probes.length - probes).toBe(3)
    it.liveness.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a polling agent without connections is suspect at once and offline after a grace', async () => {
    const it = world(0)
    it.liveness.start()
    it.subscriber('subscriberConnected')
    it.subscriber('subscriberConnected')
    it.subscriber('subscriberDisconnected')
    expect([it.stateOf('p'), it.directory.require('p').connections]).toEqual(['connected', 1])
    it.subscriber('subscriberDisconnected')
    expect(it.directory.require('p').state).toMatchObject({ at: 'suspect', reason: 'its last connection ended' })
    it.subscriber('subscriberConnected')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(it.stateOf('p')).toBe('connected')
    it.subscriber('subscriberDisconnected')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(it.directory.require('p').state).toMatchObject({ at: 'offline', reason: 'it has no connection to this gateway' })
    it.liveness.close()
  })
})
