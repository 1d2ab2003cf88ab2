import { expect, test } from 'vitest'
import { defaultLimits } from '../../../server/src/base/limits.ts'
import {
  answerRequest,
  openAsAcceptor,
  openAsClient,
  openAsSubscriber,
  readExchangeMessage,
  responseMessage,
  serverIdentity,
  subscriberOpening,
} from '../../support/scripted-halibut.ts'
import { collectLog, createEchoService, createScriptedAgent, echo } from '../../support/world.ts'

test('Q07 connections above a subscription’s limit are closed before they are told who we are', async () => {
  await using service = await createEchoService({ limits: { maximumActiveTcpConnectionsPerPollingSubscription: 3 } })
  const log = collectLog(service.runtime)
  const peers = await Promise.all(Array.from({ length: 5 }, () => service.dial()))
  await using _all = { [Symbol.asyncDispose]: async () => void (await Promise.all(peers.map(peer => peer[Symbol.asyncDispose]()))) }
  const outcomes = await Promise.all(
    peers.map(async peer => {
      await peer.write(subscriberOpening('poll://Bob'))
      return peer.readUntil(serverIdentity).then(
        () => 'identified',
        () => `closed after ${peer.received.length} bytes`,
      )
    }),
  )
  expect(outcomes.sort()).toEqual([...Array(2).fill('closed after 0 bytes'), ...Array(3).fill('identified')])
  expect(service.runtime.subscribers()).toHaveLength(3)
  const refusals = log.filter(event => event.type === 'ErrorInInitialisation')
  expect(refusals).toHaveLength(2)
  expect(refusals[0]?.message).toMatch(
    /^A polling client at \S+ has exceeded the maximum number of active connections \(3\) for subscription poll:\/\/bob\/\. New connections will be rejected$/,
  )
  // Neither a client nor another subscription counts, and the end of a connection frees its place.
  await using client = await service.dial()
  await openAsClient(client)
  await using other = await service.dial()
  await openAsSubscriber(other, 'poll://alice/')
  const freed = new Promise(resolve => service.runtime.on('subscriberDisconnected', resolve))
  peers.find(peer => !peer.ended)?.end()
  await freed
  await using again = await service.dial()
  await openAsSubscriber(again, 'poll://bob/')
})

test('Q08 a polling service whose connection is lost is back after its delay', async () => {
  await using agent = await createScriptedAgent({ limits: { pollingReconnectMinMs: 100, pollingReconnectMaxMs: 200 } })
  agent.runtime.poll({ subscription: 'poll://bob', endpoint: agent.endpoint })
  for (const lose of ['end', 'reset'] as const) {
    const peer = await agent.listener.accept()
    expect(await openAsAcceptor(peer)).toBe('MX-SUBSCRIBER 1.0 poll://bob/')
    const lostAt = performance.now()
    peer[lose]()
    await peer.closed
    await openAsAcceptor(await agent.listener.accept())
    // Timers count whole milliseconds.
    expect(performance.now() - lostAt).toBeGreaterThan(98)
    agent.listener.connections.at(-1)?.end()
  }
  expect(agent.log.filter(event => /Trying again in 0\.1 seconds$/.test(event.message)).length).toBeGreaterThan(1)
  expect(defaultLimits).toMatchObject({ pollingReconnectMinMs: 5_000, pollingReconnectMaxMs: 120_000 })
})

test('where NEXT came with the response, PROCEED shares a write with a request that follows, and comes alone where none does', async () => {
  await using client = await createEchoService()
  await using agent = await client.dial()
  await openAsSubscriber(agent, 'poll://bob/')
  const call = () =>
    client.runtime.call({ endpoint: 'poll://bob', contract: echo, service: echo.service, method: 'SayHello', args: ['Paul'] })
  const answer = async (after: string): Promise<void> => {
    const { id } = await readExchangeMessage(agent)
    await agent.write(Buffer.concat([responseMessage(id, 'hello'), Buffer.from(after)]))
  }
  // One after another, each right behind the one before.
  const calls = call().then(call)
  await answer('NEXT\r\n')
  const before = agent.pieces.length
  await agent.readUntil('PROCEED\r\n')
  await answer('NEXT\r\n')
  expect(agent.pieces.length - before).toBe(1)
  await calls
  expect((await agent.readUntil('PROCEED\r\n')).toString()).toBe('PROCEED\r\n')
  // An agent that keeps NEXT back gets PROCEED at once: it may be waiting for the acknowledgement that this carries.
  const third = call()
  await answer('')
  expect((await agent.readUntil('PROCEED\r\n')).toString()).toBe('PROCEED\r\n')
  await agent.write('NEXT\r\n')
  expect(await third).toBe('hello')
})

test('Q06 a request goes to the connection with which an agent came back, not to the one that fell silent', async () => {
  await using service = await createEchoService()
  await using silent = await service.dial()
  await openAsSubscriber(silent, 'poll://bob/')
  await using back = await service.dial()
  await openAsSubscriber(back, 'poll://bob/')
  for (const name of ['one', 'two']) {
    const call = service.runtime.call({
      endpoint: { uri: 'poll://bob/' },
      contract: echo,
      service: echo.service,
      method: 'SayHello',
      args: [name],
    })
    await answerRequest(back, `${name}...`)
    expect(await call).toBe(`${name}...`)
    // It is heard from, and waits for the next request.
    await back.write('NEXT\r\n')
    await back.readUntil('PROCEED\r\n')
  }
  expect(silent.received.toString('latin1')).toBe(serverIdentity)
})
