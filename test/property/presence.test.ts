import type { AgentEvent, AgentSnapshot, MethodResult } from '@halibut-gateway/schemas'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Access } from '../../server/src/access/access.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import { agentTable } from '../../server/src/cli/agents.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { CallContext } from '../../server/src/rpc/call-context.ts'
import { CallRegistry } from '../../server/src/rpc/call-registry.ts'
import { agentsMethods } from '../../server/src/rpc/methods/agents.ts'
import type { SubscriberEvent } from '../../server/src/runtime/events.ts'
import { Metrics } from '../../server/src/telemetry/metrics.ts'
import { createItemReader } from '../support/item-reader.ts'
import { sumOf } from '../support/prometheus.ts'

const thumbprint = 'A'.repeat(40)
const listening = ['l0', 'l1', 'l2']
const polling = ['p0', 'p1', 'p2']
const states = ['connected', 'suspect', 'offline', 'untrusted', 'disabled'] as const

/** What a probe of a listening agent meets. */
const probes = ['answers', 'connect_refused', 'connect_timeout', 'thumbprint_mismatch'] as const
type Probe = (typeof probes)[number]

type Step =
  | { readonly do: 'connect' | 'disconnect'; readonly agent: string }
  | { readonly do: 'meet'; readonly agent: string; readonly probe: Probe }
  | { readonly do: 'enable' | 'disable' | 'remove' | 'add'; readonly agent: string }
  | { readonly do: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('connect', 'disconnect'), agent: fc.constantFrom(...polling) }),
  fc.record({ do: fc.constant('meet'), agent: fc.constantFrom(...listening), probe: fc.constantFrom(...probes) }),
  fc.record({ do: fc.constantFrom('enable', 'disable', 'remove', 'add'), agent: fc.constantFrom(...listening, ...polling) }),
  fc.record({ do: fc.constant('wait'), ms: fc.oneof(fc.nat(200), fc.integer({ min: 4_900, max: 5_100 }), fc.nat(60_000)) }),
) as fc.Arbitrary<Step>

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A fleet as it is shown in every place. */
function createFleet() {
  const listeners = new Map<string, (event: SubscriberEvent) => void>()
  const met = new Map<string, Probe>()
  const directory = new AgentDirectory()
  const manager = new AgentManager({
    directory,
    liveness: { random: () => 0.5 },
    mesh: {
      probe: async endpoint => {
        const { hostname } = new URL((endpoint as { uri: string }).uri)
        const probe = met.get(hostname) ?? 'answers'
        if (probe === 'answers') return { roundTripMs: 1 }
        throw new HalibutError(probe, probe)
      },
      on: (type, listener) => {
        listeners.set(type, listener as never)
        return () => void listeners.delete(type)
      },
      trust: () => undefined,
      distrust: () => undefined,
      removeTrust: () => undefined,
      disconnect: () => undefined,
      leave: () => undefined,
    },
  })
  manager.start()
  const methods = agentsMethods({ manager, access: new Access(), contracts: new ContractDirectory(), agentChangesMs: 0 })
  const principal = { name: 'boss', role: 'admin' } as const
  const context = { principal } as unknown as CallContext
  const metrics = new Metrics('0')
  metrics.lookAt({
    directory,
    calls: new CallRegistry(),
    sessions: { size: 0, waiting: 0, streamBytes: { sent: 0, received: 0 } },
    sockets: { size: 0 },
    isReady: () => true,
  })
  const reader = createItemReader()
  const watching = Promise.resolve(methods['agents.watch']({}, Object.assign(reader.context, { principal })))
  watching.catch(() => undefined)
  const watched = new Map<string, AgentSnapshot>()
  let seen = 0
  const read = async (): Promise<void> => {
    await reader.take(1_000)
    for (const item of reader.items.slice(seen) as AgentEvent[]) {
      seen++
      if (item.type === 'removed') for (const id of item.ids) watched.delete(id)
      else for (const agent of item.agents) watched.set(agent.id, agent)
    }
  }
  const connections = new Map<string, number>()
  return {
    async do(step: Step): Promise<void> {
      if (step.do === 'wait') return void (await vi.advanceTimersByTimeAsync(step.ms))
      const { agent } = step
      const isKnown = directory.get(agent) !== undefined
      switch (step.do) {
        case 'connect':
        case 'disconnect': {
          const count = connections.get(agent) ?? 0
          if (step.do === 'disconnect' && count === 0) return
          connections.set(agent, count + (step.do === 'connect' ? 1 : -1))
          const event = { subscription: `poll://${agent}/`, thumbprint, remoteAddress: '' } as SubscriberEvent
          listeners.get(step.do === 'connect' ? 'subscriberConnected' : 'subscriberDisconnected')?.(event)
          return
        }
        case 'meet':
          met.set(agent, step.probe)
          return
        case 'add': {
          const uri = agent.startsWith('p') ? `poll://${agent}/` : `https://${agent}:1/`
          if (!isKnown) await manager.add({ id: agent, uri, thumbprint })
          return
        }
        case 'remove':
          if (isKnown) await manager.remove(agent)
          return
        default:
          if (isKnown) await manager.edit(agent, before => ({ ...before, disabled: step.do === 'disable' }))
      }
    },
    /** The agents as each place shows them, at this very moment. */
    async shown() {
      // What is gathered for the watch is told within a millisecond, if nothing else happens meanwhile.
      for (let quiet = 0; quiet < 2; quiet++) {
        const before = seen
        await vi.advanceTimersByTimeAsync(1)
        await read()
        if (seen > before) quiet = 0
      }
      const { agents } = (await methods['agents.list']({}, context)) as MethodResult<'agents.list'>
      const single = await Promise.all(
        agents.map(async ({ id }) => ((await methods['agents.get']({ agent: id }, context)) as MethodResult<'agents.get'>).agent),
      )
      const { text } = await metrics.text()
      const counted = states.map(state => sumOf(text, 'halibut_agents', { state }))
      const histories = agents.map(({ id }) => directory.states(id))
      return { agents, single, histories, watched: [...watched.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), counted }
    },
    close(): void {
      reader.end()
      manager.close()
    },
  }
}

test('at any moment list, detail, history, watch, metrics and command line tell the same of every agent', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async sequence => {
      const fleet = createFleet()
      try {
        for (const agent of [...listening, ...polling]) await fleet.do({ do: 'add', agent })
        for (const step of sequence) {
          await fleet.do(step)
          const { agents, single, histories, watched, counted } = await fleet.shown()
          expect(single).toEqual(agents)
          expect(watched).toEqual(agents)
          expect(counted).toEqual(states.map(state => agents.filter(agent => agent.state === state).length))
          for (const [i, [present, ...past]] of histories.entries()) {
            expect(present).toMatchObject({ at: agents[i]?.state, sinceMs: Date.parse(agents[i]?.since ?? ''), reason: agents[i]?.reason })
            for (const [j, each] of past.entries()) {
              const after = histories[i]?.[j]
              expect([each.at === after?.at, each.sinceMs <= (after?.sinceMs ?? 0)]).toEqual([false, true])
            }
          }
          const rows = agentTable(agents).split('\n').slice(1)
          expect(rows.map(row => row.split(/ {2,}/).slice(0, 3))).toEqual(agents.map(({ id, state, since }) => [id, state, since]))
        }
      } finally {
        fleet.close()
      }
    }),
    { numRuns: 60 },
  )
})

test('an agent whose grace is over is offline for whoever looks, also before anybody has been told', () => {
  let now = 1_000
  const directory = new AgentDirectory(() => now)
  directory.add({ id: 'p', uri: 'poll://p/', thumbprint })
  directory.report('p', { type: 'reached', how: 'it polls' })
  directory.report('p', { type: 'left', why: 'its last connection ended', graceMs: 5_000 })
  now += 4_999
  expect(directory.require('p').state).toMatchObject({ at: 'suspect', sinceMs: 1_000 })
  now += 2
  const offline = {
    at: 'offline',
    sinceMs: 6_000,
    reason: 'it has no connection to this gateway',
    advice: expect.stringContaining('trusts'),
  }
  for (const looked of [directory.get('p'), directory.require('p'), directory.bySubscription('poll://p/')]) {
    expect(looked?.state).toEqual(offline)
  }
  // What is noticed then leaves it there.
  directory.report('p', { type: 'noticed', what: 'somebody knocks' })
  expect(directory.require('p').state).toMatchObject({ at: 'offline', sinceMs: 6_000, reason: 'somebody knocks' })
})
