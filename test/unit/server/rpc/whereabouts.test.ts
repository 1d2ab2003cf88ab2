import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { AgentDirectory } from '../../../../server/src/fleet/agent-directory.ts'
import { answered, failed, withWhereabouts } from '../../../../server/src/rpc/whereabouts.ts'

const thumbprint = 'A'.repeat(40)
const refused = new HalibutError('connect_refused', 'Connection refused: 10.0.0.1:1', { phase: 'connect' })
const late = new HalibutError('deadline_exceeded', 'the request was not sent within its timeoutMs of 5 ms', { phase: 'queue' })

/** Two agents, since five seconds after 1970. */
function create() {
  const directory = new AgentDirectory(() => 5_000)
  const listening = directory.add({ id: 'l', uri: 'https://10.0.0.1:1/', thumbprint })
  const polling = directory.add({ id: 'p', uri: 'poll://p/', thumbprint })
  return { directory, listening, polling, stateOf: (id: string) => directory.require(id).state }
}

test('a call that a listening agent answers shows that it is there; that of a polling one says no more than its connections', () => {
  const { directory, listening, polling, stateOf } = create()
  answered(directory, listening)
  answered(directory, polling)
  expect([stateOf('l'), stateOf('p').at]).toMatchObject([{ at: 'connected', reason: 'answers calls' }, 'offline'])
})

test('also an answer that is an error, or that comes after the agent was taken for away, shows that it is there', () => {
  const { directory, listening, stateOf } = create()
  failed(directory, listening, new HalibutError('service_failed', 'no', { remote: { message: 'no' }, delivery: 'executed' }))
  expect(stateOf('l').at).toBe('connected')
  const before = directory.require('l')
  directory.report('l', { type: 'gone', why: 'nobody listens' })
  answered(directory, before)
  expect(stateOf('l').at).toBe('connected')
})

test('a call that could not reach its agent tells why, also where its time was over by then', () => {
  for (const error of [refused, new HalibutError('deadline_exceeded', 'late', { phase: 'connect', cause: refused })]) {
    const { directory, listening, stateOf } = create()
    answered(directory, listening)
    failed(directory, listening, error)
    expect(stateOf('l')).toMatchObject({ at: 'offline', reason: refused.message })
  }
})

test('what an agent answered, or its caller gave up, says nothing against it', () => {
  for (const error of [
    new HalibutError('service_failed', 'no', { phase: 'response', delivery: 'executed' }),
    new HalibutError('cancelled', 'given up', { phase: 'connect' }),
    new HalibutError('closed', 'the gateway is stopping', { phase: 'connect' }),
  ]) {
    const { directory, listening, stateOf } = create()
    answered(directory, listening)
    failed(directory, directory.require('l'), error)
    expect(stateOf('l').at).toBe('connected')
  }
})

test('what a call saw of an agent tells nothing of the one that is at another place by now', () => {
  const { directory, listening, stateOf } = create()
  directory.update({ id: 'l', uri: 'https://10.0.0.2:1/', thumbprint })
  answered(directory, listening)
  expect(stateOf('l').at).toBe('offline')
  answered(directory, directory.require('l'))
  failed(directory, listening, refused)
  expect(stateOf('l').at).toBe('connected')
})

test('a call that waited in vain for an agent tells since when that is away and why', () => {
  const { directory, polling } = create()
  expect(withWhereabouts(late, polling)).toMatchObject({
    kind: 'deadline_exceeded',
    message: `${late.message}; the agent is offline since 1970-01-01T00:00:05.000Z (has not connected yet)`,
  })
  directory.report('p', { type: 'reached', how: 'polls this gateway' })
  expect(withWhereabouts(late, directory.get('p'))).toBe(late)
  directory.report('p', { type: 'missed', why: 'its last connection ended' })
  expect(withWhereabouts(late, directory.get('p')).message).toContain('the agent is suspect since')
  expect(withWhereabouts(late, directory.get('p')).message).toContain('(its last connection ended)')
})

test('nothing is told twice, and nothing of an agent that is gone or of a request that left', () => {
  const { directory, listening } = create()
  failed(directory, listening, refused)
  const told = new HalibutError('deadline_exceeded', `not sent: ${refused.message}`, { phase: 'connect' })
  expect(withWhereabouts(told, directory.get('l')).message).toBe(`${told.message}; the agent is offline since 1970-01-01T00:00:05.000Z`)
  expect(withWhereabouts(late, undefined)).toBe(late)
  const sent = new HalibutError('deadline_exceeded', 'no answer', { delivery: 'unknown' })
  expect(withWhereabouts(sent, directory.get('l'))).toBe(sent)
})
