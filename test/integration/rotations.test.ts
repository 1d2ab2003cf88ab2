import { expect, test } from 'vitest'
import { createTestCertificate } from '../support/certificates.ts'
import { killRotations } from '../support/killed-rotations.ts'
import { createRotatingWorld, rotateAgentsUnderCalls, rotateGatewayUnderCalls } from '../support/rotations.ts'

test('no call fails while the gateway gets another certificate, which is refused to end as long as an agent depends on the old one', {
  timeout: 120_000,
}, async () => {
  const { failed, calls, refusal } = await rotateGatewayUnderCalls(200)
  expect(failed).toEqual([])
  expect(calls).toBeGreaterThanOrEqual(200)
  expect(refusal).toMatch(/agents depend on the certificate [0-9A-F]{40}: (listening, polling|polling, listening) accepted no other one/)
})

test('no call fails while a listening and a polling agent get other certificates', { timeout: 120_000 }, async () => {
  const { failed, calls } = await rotateAgentsUnderCalls(200)
  expect(failed).toEqual([])
  expect(calls).toBeGreaterThanOrEqual(200)
})

test('an agent that is given up is lost when the certificate that it depends on is retired, and that alone', {
  timeout: 60_000,
}, async () => {
  await using world = await createRotatingWorld()
  const { certificates, old, listening, becomes, agents } = world
  const next = createTestCertificate({ commonName: 'next' })
  await certificates.add(next, undefined, 'ada')
  await certificates.promote(next.thumbprint, undefined, 'ada')
  listening.trust(next.thumbprint)
  await becomes(() => [...certificates.dependents(old.thumbprint)].map(({ agent }) => agent).join() === 'polling')
  await expect(certificates.retire(old.thumbprint, undefined, ['listening'], 'ada')).rejects.toMatchObject({
    kind: 'version_conflict',
    message: expect.stringContaining('polling accepted no other one'),
  })
  const lost = await certificates.retire(old.thumbprint, undefined, ['polling', 'listening'], 'ada')
  expect(lost.map(({ agent, accepts }) => [agent, accepts])).toEqual([['polling', [old.thumbprint]]])
  await becomes(() => agents.directory.require('polling').state.at !== 'connected')
  expect(agents.directory.require('listening').state.at).toBe('connected')
})

test('a gateway that is killed in the middle of rotations goes on where it was, with each key that it needs and no other', {
  timeout: 120_000,
}, async () => {
  expect(await killRotations(3, 5)).toBeGreaterThan(0)
})
