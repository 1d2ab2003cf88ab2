import { service } from '@halibut-gateway/schemas/contract'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import type { AgentDefinition } from '../../../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../../../server/src/fleet/agent-manager.ts'
import type { SubscriberEvent } from '../../../../server/src/runtime/events.ts'
import { createInstantStore } from '../../../support/instant-store.ts'

const [own, other] = ['A1'.repeat(20), 'B2'.repeat(20)]
const polling: AgentDefinition = { id: 'p', uri: 'poll://p/', thumbprint: own }
const listening: AgentDefinition = { id: 'l', uri: 'https://10.0.0.1:1/', thumbprint: own }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A manager in front of a mesh that keeps what it is told. */
function world(stored: readonly AgentDefinition[] = []) {
  const trusted = new Set<string>()
  const cut: string[] = []
  const left: string[] = []
  const listeners = new Map<string, (event: SubscriberEvent) => void>()
  const store = createInstantStore({ agents: stored })
  const manager = new AgentManager({
    store,
    mesh: {
      probe: async () => ({ roundTripMs: 1 }),
      trust: thumbprint => void trusted.add(thumbprint),
      removeTrust: thumbprint => void trusted.delete(thumbprint),
      distrust: thumbprint => void trusted.delete(thumbprint),
      leave: endpoint => void left.push(typeof endpoint === 'string' ? endpoint : `${endpoint.uri} ${endpoint.thumbprint}`),
      disconnect: endpoint => void cut.push(typeof endpoint === 'string' ? endpoint : `${endpoint.uri} ${endpoint.thumbprint}`),
      on: (type, listener) => {
        listeners.set(type, listener as never)
        return () => void listeners.delete(type)
      },
    },
  })
  manager.start()
  const subscriber = (type: 'subscriberConnected' | 'subscriberDisconnected', thumbprint: string): void =>
    listeners.get(type)?.({ subscription: polling.uri, thumbprint, thumbprint256: undefined, remoteAddress: '', since: new Date() })
  return {
    manager,
    trusted,
    cut,
    left,
    store,
    kept: store.agents,
    connects: (thumbprint = own) => subscriber('subscriberConnected', thumbprint),
    leaves: (thumbprint = own) => subscriber('subscriberDisconnected', thumbprint),
    fail: (why: Error | undefined) => {
      store.failure = why
    },
    mayPoll: (thumbprint: string, subscription = polling.uri) =>
      manager.mayPoll({ subscription, thumbprint, thumbprint256: undefined, remoteAddress: '127.0.0.1:1' }),
  }
}

test('a subscription belongs to the certificate that it is registered with, and to no other', () => {
  const it = world([polling])
  expect(it.mayPoll(own)).toBe(true)
  expect(it.mayPoll(other)).toBe('the subscription poll://p/ belongs to another certificate')
  expect(it.mayPoll(own, 'poll://q/')).toBe('no agent polls as poll://q/')
  it.manager.close()
})

test('the agents of the store are served from the start: those that poll are trusted, those that listen are not', () => {
  const it = world([polling, { ...listening, thumbprint: other }])
  expect([it.manager.directory.ids(), [...it.trusted]]).toEqual([['p', 'l'], [own]])
  it.manager.close()
})

test('an agent that is added is kept and trusted; one that is served is not kept', async () => {
  const it = world()
  await it.manager.add(polling)
  it.manager.serve(listening)
  expect([it.kept.all().map(({ id }) => id), [...it.trusted], it.manager.directory.ids()]).toEqual([['p'], [own], ['p', 'l']])
  await expect(it.manager.add(polling)).rejects.toMatchObject({ kind: 'conflict' })
  it.manager.close()
})

test('an agent that cannot be kept is not served', async () => {
  const it = world()
  it.fail(new Error('the disk is full'))
  await expect(it.manager.add(polling)).rejects.toThrow('the disk is full')
  expect([it.manager.directory.ids(), it.trusted.size, it.mayPoll(own)]).toEqual([[], 0, 'no agent polls as poll://p/'])
  it.manager.close()
})

test('an agent without the thumbprint of a certificate is not served, also not in part', async () => {
  const it = world([polling])
  const wrong = { kind: 'invalid_argument', message: expect.stringContaining('40 hex digits') }
  expect(() => it.manager.serve({ id: 'q', uri: 'poll://q/', thumbprint: 'AB' })).toThrow(expect.objectContaining(wrong))
  await expect(it.manager.edit('p', () => ({ ...polling, thumbprint: 'AB' }))).rejects.toMatchObject(wrong)
  expect([it.manager.directory.ids(), [...it.trusted], it.manager.directory.require('p').definition]).toEqual([['p'], [own], polling])
  it.manager.close()
})

test('an agent that is removed is forgotten everywhere: store, trust, connections and subscription', async () => {
  const it = world([polling])
  await it.manager.remove('p')
  expect([it.kept.size, it.trusted.size, it.cut, it.mayPoll(own)]).toEqual([0, 0, [`poll://p/ ${own}`], 'no agent polls as poll://p/'])
  await expect(it.manager.remove('p')).rejects.toMatchObject({ kind: 'agent_not_found' })
  it.manager.close()
})

test('a certificate that two agents have is trusted until both are gone', async () => {
  const it = world([polling, { id: 'q', uri: 'poll://q/', thumbprint: own }])
  await it.manager.remove('p')
  expect([[...it.trusted], it.mayPoll(own, 'poll://q/')]).toEqual([[own], true])
  await it.manager.remove('q')
  expect(it.trusted.size).toBe(0)
  it.manager.close()
})

test('another certificate takes the place of the one before, with trust and connections', async () => {
  const it = world([polling])
  await it.manager.edit('p', () => ({ ...polling, thumbprint: other }))
  expect([[...it.trusted], it.cut, it.kept.get('p')?.thumbprint]).toEqual([[other], [`poll://p/ ${own}`], other])
  expect([it.mayPoll(own), it.mayPoll(other)]).toEqual(['the subscription poll://p/ belongs to another certificate', true])
  it.manager.close()
})

test('another name costs an agent nothing', async () => {
  const it = world([polling])
  it.connects()
  await it.manager.edit('p', () => ({ ...polling, name: 'new' }))
  expect([it.cut, [...it.trusted], it.manager.directory.require('p').state.at]).toEqual([[], [own], 'connected'])
  it.manager.close()
})

test('an agent that is disabled is cut off and may not connect until it is enabled', async () => {
  const it = world([polling])
  await it.manager.edit('p', () => ({ ...polling, disabled: true }))
  expect([it.trusted.size, it.cut.length, it.mayPoll(own)]).toEqual([0, 1, 'no agent polls as poll://p/'])
  await it.manager.edit('p', () => polling)
  expect([[...it.trusted], it.mayPoll(own)]).toEqual([[own], true])
  it.manager.close()
})

test('an update that cannot be kept is taken back', async () => {
  const it = world([polling])
  it.fail(new Error('the disk is full'))
  await expect(it.manager.edit('p', () => ({ ...polling, uri: 'poll://other/', thumbprint: other }))).rejects.toThrow('the disk is full')
  expect([[...it.trusted], it.mayPoll(own), it.mayPoll(other, 'poll://other/')]).toEqual([[own], true, 'no agent polls as poll://other/'])
  await expect(it.manager.remove('p')).rejects.toThrow('the disk is full')
  expect(it.mayPoll(own)).toBe(true)
  it.manager.close()
})

test('changes of an agent at the same moment come one after another, and those that are taken back leave nothing', async () => {
  const it = world([polling])
  it.fail(new Error('the disk is full'))
  const changes = [
    it.manager.edit('p', () => ({ ...polling, thumbprint: other })),
    it.manager.edit('p', () => ({ ...polling, disabled: true })),
  ]
  for (const each of changes) await expect(each).rejects.toThrow('the disk is full')
  expect([[...it.trusted], it.manager.directory.require('p').definition, it.mayPoll(own)]).toEqual([[own], polling, true])
  it.fail(undefined)
  const [removed, added] = [it.manager.remove('p'), it.manager.add({ ...polling, name: 'again' })]
  await removed
  await added
  expect([[...it.trusted], it.kept.get('p')?.name, it.mayPoll(own)]).toEqual([[own], 'again', true])
  it.manager.close()
})

test('connections that end after their agent was removed and added again count for nobody but the new one’s', async () => {
  const it = world([polling])
  it.connects()
  it.connects()
  await it.manager.remove('p')
  it.manager.serve(polling)
  it.connects()
  it.leaves()
  it.leaves()
  const { state, connections } = it.manager.directory.require('p')
  expect([state.at, connections]).toEqual(['connected', 1])
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.pollingGraceMs)
  expect(it.manager.directory.require('p').state.at).toBe('connected')
  it.manager.close()
})

test('a connection of the certificate before tells nothing of the agent that has another one now', async () => {
  const it = world([polling])
  it.connects()
  it.connects()
  await it.manager.edit('p', () => ({ ...polling, thumbprint: other }))
  it.leaves(own)
  expect(it.manager.directory.require('p')).toMatchObject({ connections: 0, state: { at: 'offline', reason: 'has not connected yet' } })
  it.connects(other)
  it.leaves(own)
  await vi.advanceTimersByTimeAsync(2 * gatewayLimits.pollingGraceMs)
  expect(it.manager.directory.require('p')).toMatchObject({ connections: 1, state: { at: 'connected' } })
  it.manager.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('what is kept of an agent alone goes with it in one change, so that a later one of its id begins anew', async () => {
  const it = world([polling, listening])
  const { store } = it
  for (const id of ['p', 'l']) {
    await store.contracts.put({ id: `${id}/IOne`, contract: service('IOne', {}), addedMs: 1, agent: id })
    await store.acceptances.put({ id, accepted: [] })
  }
  await store.contracts.put({ id: 'IOne', contract: service('IOne', {}), addedMs: 1 })
  const idsOf = () => [store.agents, store.contracts, store.acceptances].map(kept => kept.all().map(({ id }) => id))
  const before = idsOf()
  it.fail(new Error('the disk is full'))
  await expect(it.manager.remove('p')).rejects.toThrow('the disk is full')
  expect(idsOf()).toEqual(before)
  it.fail(undefined)
  const { changes } = store
  await it.manager.remove('p')
  expect([store.changes - changes, idsOf()]).toEqual([1, [['l'], ['l/IOne', 'IOne'], ['l']]])
  it.manager.close()
})
