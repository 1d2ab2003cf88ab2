import { expect, test } from 'vitest'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { mayPoll } from '../../../../server/src/fleet/subscription-binding.ts'

const [own, other] = ['A1'.repeat(20), 'B2'.repeat(20)]

function candidate(subscription: string, thumbprint: string) {
  return { subscription, thumbprint, thumbprint256: undefined, remoteAddress: '127.0.0.1:1' }
}

test('a subscription belongs to the certificate that it is registered with, and to no other', () => {
  const directory = new AgentDirectory()
  directory.add({ id: 'one', uri: 'poll://one/', thumbprint: own })
  directory.add({ id: 'two', uri: 'poll://two/', thumbprint: other })
  expect(mayPoll(directory, candidate('poll://one/', own))).toBe(true)
  expect(mayPoll(directory, candidate('poll://one/', other))).toBe('the subscription poll://one/ belongs to another certificate')
  expect(mayPoll(directory, candidate('poll://three/', own))).toBe('no agent polls as poll://three/')
})

test('the subscription of an agent that was removed is nobody’s', () => {
  const directory = new AgentDirectory()
  directory.add({ id: 'one', uri: 'poll://one/', thumbprint: own })
  directory.remove('one')
  expect(mayPoll(directory, candidate('poll://one/', own))).toBe('no agent polls as poll://one/')
})
