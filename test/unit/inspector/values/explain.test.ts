import type { EndedCall } from '@halibut-gateway/schemas'
import { errorTable } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { explain } from '../../../../server/inspector/src/values/explain.ts'

type CallError = NonNullable<EndedCall['error']>

const failed = (change: Partial<CallError> & Pick<CallError, 'kind'>): CallError => ({
  delivery: 'not_sent',
  message: 'nothing listens at https://web-1:10933/',
  advice: 'start the agent',
  ...change,
})

test('a failure says in sentences where it happened, what was sent and what to do, and in its own words what came', () => {
  expect(explain(failed({ kind: 'connect_refused', phase: 'connect' }))).toEqual({
    what: 'Nothing listens at the agent’s address.',
    where: 'While the connection to the agent was opened.',
    sent: 'Nothing. The request has not left the gateway, so that the agent did not run it.',
    came: 'nothing listens at https://web-1:10933/',
    next: 'Start the agent.',
    isOnTheWay: true,
  })
})

test('what an agent has said to somebody else is not told, and the type of its exception is', () => {
  const { message: _, ...unseen } = failed({ kind: 'service_failed', phase: 'response', delivery: 'executed', remoteType: 'My.Exception' })
  expect(explain(unseen)).toMatchObject({
    where: 'At the agent: its service has failed.',
    sent: 'The whole request, and the agent did run it.',
    came: 'An exception of the type My.Exception. What it says is told only to who made the call.',
    isOnTheWay: false,
  })
})

test('every kind of error in every phase is explained', () => {
  for (const kind of Object.keys(errorTable) as CallError['kind'][]) {
    for (const phase of [undefined, 'queue', 'connect', 'tls', 'identify', 'request', 'response', 'stream'] as const) {
      for (const delivery of ['not_sent', 'unknown', 'executed'] as const) {
        const { isOnTheWay: _, came: __, ...told } = explain(failed({ kind, delivery, ...(phase && { phase }) }))
        for (const text of Object.values(told)) expect(text).toMatch(/^\p{Lu}.*[.!?…]$/su)
      }
    }
  }
})
