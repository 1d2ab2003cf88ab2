import { expect, test } from 'vitest'
import { HalibutError } from '../../../server/src/base/errors.ts'
import type { RawPeer } from '../../support/raw-peer.ts'
import {
  answerRequest,
  nullMessage,
  openAsAcceptor,
  openAsClient,
  openAsSubscriber,
  readExchangeMessage,
  readMessage,
  requestMessage,
  serveRequests,
} from '../../support/scripted-halibut.ts'
import { createEchoService, createScriptedAgent, dialCount, echo, failureOf, nextLog } from '../../support/world.ts'

const hello = requestMessage({ service: 'IEchoService', method: 'SayHello', params: ['Paul'] })

/** An agent whose first connection serves one request and then answers NEXT in its own way; the others behave. */
function answersNextWith(afterNext: (peer: RawPeer) => Promise<unknown>) {
  return async (peer: RawPeer, index: number): Promise<void> => {
    if (index > 0) return serveRequests(peer, 'second connection')
    await openAsAcceptor(peer)
    await answerRequest(peer, 'first connection')
    await peer.readUntil('NEXT\r\n')
    await afterNext(peer)
  }
}

test('C01 a second call on a connection: NEXT, and the request only after PROCEED', async () => {
  await using agent = await createScriptedAgent()
  const first = agent.sayHello()
  const peer = await agent.listener.accept()
  await openAsAcceptor(peer)
  await answerRequest(peer)
  await first
  const second = agent.sayHello()
  await peer.readUntil('NEXT\r\n')
  const probed = agent.runtime.probe(agent.endpoint)
  await openAsAcceptor(await agent.listener.accept())
  await peer.expectSilence(probed)
  await peer.write('PROCEED\r\n')
  await answerRequest(peer, 'again')
  expect(await second).toBe('again')
})

test('C02 empty lines before PROCEED are skipped', async () => {
  await using agent = await createScriptedAgent({
    script: answersNextWith(async peer => {
      await peer.write('\r\n\r\nPROCEED\r\n')
      await answerRequest(peer, 'same connection')
    }),
  })
  await agent.sayHello()
  expect(await agent.sayHello()).toBe('same connection')
})

test('C03 a bare LF does not end a control line', async () => {
  await using agent = await createScriptedAgent({
    limits: { tcpClientHeartbeatReceiveTimeoutMs: 50 },
    script: answersNextWith(peer => peer.write('PROCEED\n')),
  })
  await agent.sayHello()
  expect(await agent.sayHello()).toBe('second connection')
  expect(agent.log.some(event => event.error instanceof HalibutError && event.error.kind === 'io_timeout')).toBe(true)
})

test('C04 a CR without LF is an error that names the byte', async () => {
  await using agent = await createScriptedAgent({
    limits: { retryCountLimit: 1 },
    script: answersNextWith(peer => peer.write('PROCEED\rX')),
  })
  await agent.sayHello()
  const error = await failureOf(agent.sayHello())
  expect(error).toMatchObject({ kind: 'protocol_error', delivery: 'not_sent' })
  expect(error.dotnetMessage).toBe(
    `An error occurred when sending a request to '${agent.endpoint.uri}', before the request could begin: Unexpected byte after '\r' in control message: 0x58`,
  )
})

test('C05 a wrong answer to NEXT: the call succeeds on a new connection', async () => {
  await using agent = await createScriptedAgent({ script: answersNextWith(peer => peer.write('NOPE\r\n')) })
  await agent.sayHello()
  expect(await agent.sayHello()).toBe('second connection')
  expect(dialCount(agent.log)).toBe(2)
  expect(agent.log.some(event => event.message.endsWith(': Expected PROCEED, got: NOPE'))).toBe(true)
})

test('C06 a runtime that closes ends its pooled connections with END', async () => {
  await using agent = await createScriptedAgent()
  const call = agent.sayHello()
  const peer = await agent.listener.accept()
  await openAsAcceptor(peer)
  await answerRequest(peer)
  await call
  const closing = agent.runtime.close()
  expect((await peer.readToEnd()).toString()).toBe('END\r\n')
  expect(await peer.closed).toBeUndefined()
  await closing
})

test('C07 a listening service that reads END closes without a word', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await openAsClient(peer)
  await peer.write(hello)
  await readExchangeMessage(peer)
  await peer.write('END\r\n')
  expect((await peer.readToEnd()).length).toBe(0)
  expect(await peer.closed).toBeUndefined()
})

test('C08 a listening service answers NEXT with PROCEED', async () => {
  await using service = await createEchoService()
  await using peer = await service.dial()
  await openAsClient(peer)
  for (const empty of ['', '\r\n']) {
    await peer.write(hello)
    await readExchangeMessage(peer)
    await peer.write(`${empty}NEXT\r\n`)
    expect((await peer.readUntil('\r\n')).toString()).toBe('PROCEED\r\n')
  }
})

test('C08 a listening service takes no other word', async () => {
  await using service = await createEchoService()
  const logged = nextLog(service.runtime, event => event.type === 'Error')
  await using peer = await service.dial()
  await openAsClient(peer)
  await peer.write(hello)
  await readExchangeMessage(peer)
  await peer.write('next\r\n')
  expect((await peer.readToEnd()).length).toBe(0)
  expect((await logged).message).toBe('Expected NEXT or END, got: next')
})

test('C09 a polling service answers a null message with NEXT alone', async () => {
  await using agent = await createScriptedAgent()
  agent.runtime.poll({ subscription: 'poll://bob', endpoint: agent.endpoint })
  const peer = await agent.listener.accept()
  await openAsAcceptor(peer)
  for (let i = 0; i < 3; i++) {
    await peer.write(nullMessage)
    expect((await peer.readUntil('\r\n')).toString()).toBe('NEXT\r\n')
    await peer.write('PROCEED\r\n')
  }
  const closing = agent.runtime.close()
  expect((await peer.readToEnd()).length).toBe(0)
  await closing
})

test('C10 a polling service sends its response and NEXT without waiting in between', async () => {
  await using agent = await createScriptedAgent()
  agent.runtime.addService(echo, { SayHello: name => `${name}...` })
  agent.runtime.poll({ subscription: 'poll://bob', endpoint: agent.endpoint })
  const peer = await agent.listener.accept()
  await openAsAcceptor(peer)
  for (let i = 0; i < 3; i++) {
    const pieces = peer.pieces.length
    await peer.write(hello)
    expect(await readExchangeMessage(peer)).toMatchObject({ id: 'r1', result: 'Paul...' })
    expect((await peer.readUntil('\r\n')).toString()).toBe('NEXT\r\n')
    expect(peer.pieces.length - pieces).toBe(1)
    await peer.write('PROCEED\r\n')
  }
})

test('C11 an idle polling client sends a null message each wait, and the connection stays', async () => {
  await using service = await createEchoService({ limits: { pollingQueueWaitTimeoutMs: 20 } })
  await using peer = await service.dial()
  const startedAt = performance.now()
  await openAsSubscriber(peer, 'poll://bob/')
  for (let i = 0; i < 3; i++) {
    expect(await readMessage(peer)).toBeNull()
    await peer.write('NEXT\r\n')
    expect((await peer.readUntil('\r\n')).toString()).toBe('PROCEED\r\n')
  }
  expect(performance.now() - startedAt).toBeGreaterThan(50)
  const call = service.runtime.call({ endpoint: 'poll://bob', contract: echo, service: echo.service, method: 'SayHello', args: ['Paul'] })
  for (let message = await readMessage(peer); ; message = await readMessage(peer)) {
    if (message !== null) break
    await peer.write('NEXT\r\n')
    await peer.readUntil('PROCEED\r\n')
  }
  peer.end()
  expect(await failureOf(call)).toMatchObject({ delivery: 'unknown' })
})

test('C12 a pooled connection that died silently is found out, and the call succeeds on a new one', async () => {
  await using agent = await createScriptedAgent({
    limits: { tcpClientHeartbeatReceiveTimeoutMs: 50 },
    script: answersNextWith(peer => peer.readToEnd()),
  })
  await agent.sayHello()
  expect(await agent.sayHello()).toBe('second connection')
  expect(dialCount(agent.log)).toBe(2)
  const dead = agent.listener.connections[0]
  await dead?.closed
  expect(dead?.received.toString('latin1').endsWith('NEXT\r\n')).toBe(true)
})

test('C13 a polling service that gets no PROCEED in time connects again', async () => {
  await using agent = await createScriptedAgent({ limits: { tcpClientHeartbeatReceiveTimeoutMs: 50 } })
  agent.runtime.poll({ subscription: 'poll://bob', endpoint: agent.endpoint })
  const silent = await agent.listener.accept()
  await openAsAcceptor(silent)
  await silent.write(nullMessage)
  await silent.readUntil('NEXT\r\n')
  const next = await agent.listener.accept()
  expect(await openAsAcceptor(next)).toBe('MX-SUBSCRIBER 1.0 poll://bob/')
  await silent.closed
  expect(silent.received.toString('latin1').endsWith('NEXT\r\n')).toBe(true)
  expect(agent.log.some(event => /: the peer sent nothing for too long\. Trying again in \d\.\d seconds$/.test(event.message))).toBe(true)
})
