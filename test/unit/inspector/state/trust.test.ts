import { GatewayError } from '@halibut-gateway/client'
import { expect, test } from 'vitest'
import { createTrust } from '../../../../server/inspector/src/state/trust.ts'
import { createAskedSession, taken } from '../../../support/asked-session.ts'

test('what was asked for somebody who is gone is told to nobody who signs in next', async () => {
  const it = createAskedSession()
  const trust = createTrust(it.session as never, () => 0)
  void trust.refresh()
  void trust.refresh()
  const [one, , , denied] = it.questions
  it.changeHands()
  one?.refuse(new GatewayError('connection_lost', 'the client was closed'))
  denied?.refuse(new GatewayError('connection_lost', 'the client was closed'))
  await taken()
  expect(trust.problem.value).toBeUndefined()
  void trust.refresh()
  it.questions.at(-1)?.answer({ denied: [{ id: 'one' }] })
  it.questions.at(-2)?.answer({ clones: [] })
  await taken()
  expect(trust.denied.value).toEqual([{ id: 'one' }])
})
