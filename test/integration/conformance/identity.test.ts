import { expect, test } from 'vitest'
import { openAsAcceptor, openAsClient, readExchangeMessage, requestMessage, serverIdentity } from '../../support/scripted-halibut.ts'
import { createEchoService, createScriptedAgent, dialCount, failureOf, nextLog } from '../../support/world.ts'

test('I01 a listening client identifies in one write, together with the preamble', async () => {
  await using agent = await createScriptedAgent()
  const probed = agent.runtime.probe(agent.endpoint)
  const peer = await agent.listener.accept()
  expect(await openAsAcceptor(peer)).toBe('MX-CLIENT 1.0')
  await probed
  expect(peer.pieces[0]).toBe('MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n'.length)
})

test('I02 a polling service announces its subscription in printed form, in one write', async () => {
  await using agent = await createScriptedAgent()
  agent.runtime.poll({ subscription: 'poll://SQ-TENTAPOLL', endpoint: agent.endpoint })
  const peer = await agent.listener.accept()
  expect(await openAsAcceptor(peer)).toBe('MX-SUBSCRIBER 1.0 poll://sq-tentapoll/')
  expect(peer.pieces).toEqual(['MX\r\n\r\nMX-SUBSCRIBER 1.0 poll://sq-tentapoll/\r\n\r\n'.length])
})

test('I03 an acceptor identifies in one write, after it has read who calls', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await peer.write('MX\r\n\r\nMX-CLIENT 1.0\r\n')
  await using other = await service.dial()
  await peer.expectSilence(openAsClient(other))
  await peer.write('\r\n')
  await peer.readUntil(serverIdentity)
  expect(peer.pieces).toEqual([serverIdentity.length])
})

test('I04 a caller that says MX-SERVER gets MX-SERVER, then the end', async () => {
  await using service = await createEchoService()
  const logged = nextLog(service.runtime, event => event.type === 'Error')
  await using peer = await service.dial()
  await peer.write('MX\r\n\r\nMX-SERVER 1.0\r\n\r\n')
  expect((await peer.readToEnd()).toString()).toBe(serverIdentity)
  expect((await logged).message).toBe('Unexpected remote identity: Server')
})

async function refuses(identity: string, text: string): Promise<void> {
  await using service = await createEchoService()
  const logged = nextLog(service.runtime, event => event.type === 'Error')
  const identified = nextLog(service.runtime, event => event.type === 'ErrorInIdentify')
  await using peer = await service.dial()
  await peer.write(`MX\r\n\r\n${identity}`)
  expect((await peer.readToEnd()).length).toBe(0)
  expect((await identified).message).toBe('Remote failed to identify itself.')
  expect((await logged).message).toBe(text)
}

test('I05 an unknown identity closes the connection', () =>
  refuses('MX-OTHER 1.0\r\n\r\n', "Unable to process remote identity; unknown identity type: 'MX-OTHER'"))

test('I06 a subscriber without a subscription is closed', () =>
  refuses(
    'MX-SUBSCRIBER 1.0\r\n\r\n',
    'Unable to receive the remote identity; the client identified as a subscriber, but did not supply a subscription ID.',
  ))

test('I08 an empty identity line closes the connection', () =>
  refuses('\r\n', 'Unable to receive the remote identity; the identity line was empty.'))

test('I08 so does a line after the identity that is not empty', () =>
  refuses('MX-CLIENT 1.0\r\nHello\r\n', 'Unable to receive the remote identity; the following line was not empty.'))

test('I07 the version in an identity does not matter', async () => {
  await using service = await createEchoService()
  for (const identity of ['MX-CLIENT 9.9', 'MX-CLIENT', 'MX-CLIENT  1.0  and more']) {
    await using peer = await service.dial()
    await peer.write(`MX\r\n\r\n${identity}\r\n\r\n`)
    await peer.readUntil(serverIdentity)
    await peer.write(requestMessage({ service: 'IEchoService', method: 'SayHello', params: ['Paul'] }))
    expect(await readExchangeMessage(peer)).toMatchObject({ result: 'Paul...' })
  }
})

test('a dialler accepts no other identity than that of a server', async () => {
  await using agent = await createScriptedAgent({ limits: { retryCountLimit: 1 } })
  const failed = failureOf(agent.sayHello())
  const peer = await agent.listener.accept()
  await peer.write('MX-CLIENT 1.0\r\n\r\n')
  expect((await failed).dotnetMessage).toBe(
    `An error occurred when sending a request to '${agent.endpoint.uri}', before the request could begin: Expected the remote endpoint to identity as a server. Instead, it identified as: Client`,
  )
})

test('an agent that does not trust us: every attempt ends in the identification, and the error says so', async () => {
  await using service = await createEchoService({ trust: [] })
  await using agent = await createScriptedAgent()
  const endpoint = { uri: `https://localhost:${service.port}/`, thumbprint: service.runtime.thumbprint }
  const error = await failureOf(agent.sayHello({ endpoint }))
  expect(error).toMatchObject({ kind: 'identify_failed', phase: 'identify', delivery: 'not_sent' })
  expect(error.dotnetMessage).toBe(
    `An error occurred when sending a request to '${endpoint.uri}', before the request could begin: Attempted to read past the end of the stream.`,
  )
  expect(error.message).toBe(
    `${endpoint.uri} ended the connection instead of identifying itself: mostly it does not trust our certificate (thumbprint ${agent.runtime.thumbprint})`,
  )
  expect(error.advice).toBe('check that the agent trusts our certificate')
  expect(dialCount(agent.log)).toBe(5)
})
