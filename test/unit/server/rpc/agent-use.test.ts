import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gatewayLimits } from '../../../../server/src/base/limits.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { AgentUse, SeenOpenCalls } from '../../../../server/src/rpc/agent-use.ts'
import { CallRegistry, type OpenCall } from '../../../../server/src/rpc/call-registry.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function create() {
  const directory = new AgentDirectory()
  for (const id of ['a', 'b']) directory.add({ id, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40) })
  let nowMs = 0
  const registry: CallRegistry = new CallRegistry(call => use.callEnded(call))
  const use = new AgentUse(registry, directory, () => ++nowMs)
  const begin = (agent: string): OpenCall =>
    registry.begin({ activityId: '1', agent, service: 'S', method: 'M()', principal: 'p' }, performance.now(), {
      mode: 'polling',
      isByContract: true,
    })
  return { directory, use, begin }
}

test('of each agent that was called it is known when that ended last, as long as the agent is there', () => {
  const { directory, use, begin } = create()
  begin('a').ended()
  begin('a').ended()
  expect([...use.ids()]).toEqual(['a'])
  expect([use.lastMs('a'), use.lastMs('b')]).toEqual([2, undefined])
  directory.remove('a')
  begin('a').ended()
  expect([...use.ids()]).toEqual([])
})

test('how many calls wait for an agent and run at it is noticed at the next look, where it is another number', () => {
  const { use, begin } = create()
  const told: string[] = []
  const open = new SeenOpenCalls(use, agent => told.push(agent))
  const [one, other] = [begin('a'), begin('a')]
  one.sent()
  expect(open.of('a')).toEqual({ queued: 0, running: 0 })
  vi.advanceTimersByTime(gatewayLimits.agentUseMs)
  expect([open.of('a'), open.of('b'), told]).toEqual([{ queued: 1, running: 1 }, { queued: 0, running: 0 }, ['a']])
  vi.advanceTimersByTime(gatewayLimits.agentUseMs)
  expect(told).toEqual(['a'])
  one.ended()
  other.ended()
  vi.advanceTimersByTime(gatewayLimits.agentUseMs)
  expect([open.of('a').running, told]).toEqual([0, ['a', 'a']])
  open.close()
  expect(vi.getTimerCount()).toBe(0)
})
