import { expect, test } from 'vitest'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from '../support/certificates.ts'
import { collectLog, createRuntime, dialCount, echo, failureOf } from '../support/world.ts'

const [old, next] = [testIdentity('old'), testIdentity('next')]

/** A listening agent that trusts some certificates of its caller, which has two. */
async function createCaller(trust: readonly string[]) {
  const agent = createRuntime('agent', { trust })
  agent.addService(echo, { SayHello: name => `hello ${name}` })
  const { port } = await agent.listen({ host: '127.0.0.1' })
  const caller = createRuntime('old')
  const endpoint = { uri: `https://127.0.0.1:${port}/`, thumbprint: agent.thumbprint }
  return {
    agent,
    caller,
    endpoint,
    dials: collectLog(caller),
    say: () => caller.call({ endpoint, contract: echo, service: echo.service, method: 'SayHello', args: ['x'] }),
    async [Symbol.asyncDispose]() {
      await caller.close()
      await agent.close()
    },
  }
}

test('an agent that does not trust the new certificate yet is called with the old one, without a failure and without a pause', async () => {
  await using it = await createCaller([old.thumbprint])
  it.caller.present([next, old])
  expect([await it.say(), dialCount(it.dials)]).toEqual(['hello x', 2])
  // A connection that is there is used again, and a new one begins with what the agent accepted.
  expect([await it.say(), dialCount(it.dials)]).toEqual(['hello x', 2])
  await Promise.all([it.say(), it.say(), it.say()])
  expect(dialCount(it.dials)).toBe(4)
  expect(await it.caller.probe(it.endpoint)).toMatchObject({ own: old.thumbprint, thumbprint: it.agent.thumbprint })
})

test('an agent that trusts the new certificate from now on gets it, and its connections with the old one end when they are free', async () => {
  await using it = await createCaller([old.thumbprint])
  it.caller.present([next, old])
  await it.say()
  it.agent.trust(next.thumbprint)
  const gone = new Promise<void>(resolve => void it.agent.on('connectionClosed', event => event.thumbprint === old.thumbprint && resolve()))
  expect(await it.caller.probe(it.endpoint)).toMatchObject({ own: next.thumbprint })
  await gone
  it.agent.removeTrust(old.thumbprint)
  expect(await it.say()).toBe('hello x')
  expect(await it.caller.probe(it.endpoint)).toMatchObject({ own: next.thumbprint })
})

test('an agent that trusts the old certificate alone again is called with that', async () => {
  await using it = await createCaller([old.thumbprint, next.thumbprint])
  it.caller.present([next, old])
  expect(await it.say()).toBe('hello x')
  it.agent.removeTrust(next.thumbprint)
  expect(await it.say()).toBe('hello x')
})

test('an agent that trusts none of them is told so with both thumbprints, and a certificate that is presented no more is not', async () => {
  await using it = await createCaller([])
  it.caller.present([next, old])
  const both = await failureOf(it.say())
  expect(both).toMatchObject({ kind: 'identify_failed', delivery: 'not_sent' })
  expect(both.message).toContain(`does not trust our certificate (thumbprint ${next.thumbprint} or ${old.thumbprint})`)
  it.caller.present([next])
  expect([it.caller.thumbprint, (await failureOf(it.say())).message]).toEqual([
    next.thumbprint,
    expect.stringContaining(`(thumbprint ${next.thumbprint})`),
  ])
  expect(() => it.caller.present([])).toThrow('No certificate was provided.')
})

test('a port presents its own certificate, another one when it is told so, and tells whom an agent has accepted', async () => {
  await using gateway = createRuntime('old', { trust: [testIdentity('agent').thumbprint] })
  const first = await gateway.listen({ host: '127.0.0.1' })
  const second = await gateway.listen({ host: '127.0.0.1', certificate: next })
  const polled: HalibutRuntime[] = []
  const poll = async (port: number, thumbprint: string) => {
    const agent = createRuntime('agent')
    polled.push(agent)
    const came = new Promise<object>(resolve => void gateway.on('subscriberConnected', resolve))
    agent.poll({ subscription: `poll://a${polled.length}/`, endpoint: { uri: `https://127.0.0.1:${port}/`, thumbprint } })
    return came
  }
  try {
    expect(await poll(first.port, old.thumbprint)).toMatchObject({ own: old.thumbprint, port: first.port })
    expect(await poll(second.port, next.thumbprint)).toMatchObject({ own: next.thumbprint, port: second.port })
    first.present(next)
    expect(await poll(first.port, next.thumbprint)).toMatchObject({ own: next.thumbprint, port: first.port })
    // What the old one was presented to ends in order, and cannot come back with its pin.
    const left = new Promise<object>(resolve => void gateway.on('subscriberDisconnected', resolve))
    gateway.present([next])
    expect(await left).toMatchObject({ subscription: 'poll://a1/' })
  } finally {
    for (const agent of polled) await agent.close()
  }
})
