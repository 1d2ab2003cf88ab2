import type { AgentStateName } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { ask } from '../support/rest.ts'

test('an agent that is away is a third answer beside not found and not allowed: since when, why, and what to do', async () => {
  await using world = await createRealGateway({ host: agent => hostFlowService(agent, () => undefined), contracts: [flowService] })
  const thumbprint = 'A'.repeat(40)
  world.directory.add({ id: 'polls', uri: 'poll://polls/', thumbprint })
  world.directory.add({ id: 'listens', uri: 'https://127.0.0.1:1/', thumbprint })
  const { uri } = world.directory.require('web-1').endpoint
  world.directory.add({ id: 'other', uri, thumbprint })
  const call = { service: 'IFlowService', method: 'Add', args: ['1', '2'] }
  const asked = (agent: string, more: object = {}) => ask(world, `POST /agents/${agent}/calls`, { ...call, ...more })
  expect(await asked('nobody')).toMatchObject({ status: 404, body: { kind: 'agent_not_found' } })
  expect(await asked('polls', { queueTimeoutMs: 50 })).toMatchObject({
    status: 504,
    body: {
      kind: 'deadline_exceeded',
      delivery: 'not_sent',
      detail: expect.stringMatching(/the agent is offline since .*has not connected yet/),
      advice: expect.stringContaining('start the agent'),
    },
  })
  expect(await asked('listens')).toMatchObject({ status: 503, body: { kind: 'connect_refused', delivery: 'not_sent' } })
  expect(await asked('other')).toMatchObject({ status: 502, body: { kind: 'thumbprint_mismatch', delivery: 'not_sent' } })
  const state = async (agent: string) => ((await ask(world, `GET /agents/${agent}`)).body as { agent: object }).agent
  const at = (name: AgentStateName, reason: unknown, advice: string) => ({
    state: name,
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    reason,
    advice: expect.stringContaining(advice),
  })
  expect(await state('polls')).toMatchObject(at('offline', 'has not connected yet', 'start the agent'))
  expect(await state('listens')).toMatchObject(at('offline', expect.stringContaining('refused'), 'start the agent'))
  // What was seen, and what was expected.
  expect(await state('other')).toMatchObject(
    at(
      'untrusted',
      expect.stringMatching(new RegExp(`${world.agent.thumbprint}.*${thumbprint}|${thumbprint}.*${world.agent.thumbprint}`)),
      'compare',
    ),
  )
})
