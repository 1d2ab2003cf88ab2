import { expect, test } from 'vitest'
import { testIdentity } from '../support/certificates.ts'
import { dialRaw } from '../support/raw-peer.ts'
import { answerRequest, openAsSubscriber } from '../support/scripted-halibut.ts'
import { until } from '../support/stream-sections.ts'
import { createRuntime, echo } from '../support/world.ts'

test('what a peer calls itself is forgotten when it has gone, and a request that waits for it is not', async () => {
  const certificate = testIdentity('agent')
  await using client = createRuntime('client', { trust: [certificate.thumbprint] })
  const { port } = await client.listen({ host: '127.0.0.1' })
  const call = { contract: echo, service: echo.service, method: 'SayHello', args: ['Paul'] }

  for (let n = 0; n < 20; n++) {
    await using peer = await dialRaw(port, { certificate })
    await openAsSubscriber(peer, `poll://name-${n}/`)
  }
  await until(() => client.subscribers().length === 0)
  expect(client.memoryInUse().queues).toBe(0)

  // A second request waits for another certificate while the only connection goes away.
  const peer = await dialRaw(port, { certificate })
  await openAsSubscriber(peer, 'poll://name/')
  const waiting = client.call({ ...call, endpoint: { uri: 'poll://name/', thumbprint: testIdentity('other').thumbprint } })
  peer.destroy()
  await until(() => client.subscribers().length === 0)
  expect(client.memoryInUse().queues).toBe(1)
  client.trust(testIdentity('other').thumbprint)
  await using other = await dialRaw(port, { certificate: testIdentity('other') })
  await openAsSubscriber(other, 'poll://name/')
  await answerRequest(other)
  expect(await waiting).toBe('ok')
})
