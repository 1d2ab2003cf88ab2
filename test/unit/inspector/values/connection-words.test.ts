import { GatewayError } from '@halibut-gateway/client'
import { expect, test } from 'vitest'
import { connectionWords } from '../../../../server/inspector/src/values/connection-words.ts'

const waiting = (why: GatewayError) =>
  ({ at: 'waiting', attempt: 2, delayMs: 4_000, nextAt: new Date(5_000), why, since: new Date(0) }) as const
const lost = new GatewayError('connection_lost', 'the connection was lost')

test('of a connection that is away is told why, and when it is tried again', () => {
  expect(connectionWords(waiting(lost), 1_500, true)).toEqual({
    title: 'The gateway does not answer',
    text: 'the connection was lost. It is tried again in 4 s.',
  })
  expect(connectionWords(waiting(lost), 5_000, true).text).toContain('It is tried again now.')
})

test('a computer that is offline and a gateway that stops are told as what they are', () => {
  expect(connectionWords(waiting(lost), 0, false).title).toBe('This computer is offline')
  expect(connectionWords(waiting(new GatewayError('draining', 'the gateway is stopping')), 0, true).title).toBe('The gateway is stopping')
})

test('what is not tried again says what to do', () => {
  const why = new GatewayError('forbidden', 'this origin may not')
  const { title, text } = connectionWords({ at: 'failed', why, since: new Date(0) }, 0, true)
  expect([title, text]).toEqual(['The gateway does not let this page in', `this origin may not. To go on, ${why.advice}.`])
})
