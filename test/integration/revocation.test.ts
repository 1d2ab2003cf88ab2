import { expect, test } from 'vitest'
import { deferred } from '../../server/src/base/deferred.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { testIdentity } from '../support/certificates.ts'
import { dialRaw } from '../support/raw-peer.ts'
import { openAsSubscriber, subscriberOpening } from '../support/scripted-halibut.ts'
import { collectLog, createRuntime, createWorld, dialCount, echo, failureOf, nextLog } from '../support/world.ts'

/** An agent whose service has been called, and answers when it is let. */
async function createBusyWorld(mode: 'polling' | 'listening') {
  const [called, answer] = [deferred<void>(), deferred<string>()]
  const world = await createWorld({
    agent: { mode },
    client: { limits: { maxConnectionsPerAgent: 1 } },
    host: agent =>
      agent.addService(echo, {
        SayHello: name => {
          if (name !== 'slowly') return `hello ${name}`
          called.resolve()
          return answer.promise
        },
      }),
  })
  const client = world.client.createClient(echo, world.endpoint)
  return {
    ...world,
    say: (name: string) => client.SayHello(name, { timeoutMs: 20_000 }),
    called: called.promise,
    answer: () => answer.resolve('late'),
    async [Symbol.asyncDispose]() {
      this.answer()
      await world[Symbol.asyncDispose]()
    },
  }
}

async function within(ms: number, act: () => Promise<unknown>): Promise<void> {
  const since = performance.now()
  await act()
  expect(performance.now() - since).toBeLessThan(ms)
}

test.each(['polling', 'listening'] as const)(
  'a revocation ends the calls to a %s agent within a second, those that run and those that wait, and no other one is taken',
  async mode => {
    await using world = await createBusyWorld(mode)
    const log = collectLog(world.client)
    const running = failureOf(world.say('slowly'))
    await world.called
    const waiting = failureOf(world.say('in line'))
    const gone = new Promise(resolve => world.client.on('connectionClosed', resolve))
    await within(1_000, async () => {
      world.client.revoke(world.agent.thumbprint.toLowerCase())
      await Promise.all([running, waiting, gone])
    })
    const revoked = expect.stringContaining(`the certificate ${world.agent.thumbprint} was revoked`)
    expect(await running).toMatchObject({ kind: 'connection_lost', delivery: 'unknown', message: revoked })
    expect(await waiting).toMatchObject({ kind: 'agent_unavailable', delivery: 'not_sent', retryable: false, message: revoked })
    const dials = dialCount(log)
    expect(await failureOf(world.say('again'))).toMatchObject({ kind: 'agent_unavailable', delivery: 'not_sent', message: revoked })
    expect(dialCount(log)).toBe(dials)
    // A polling agent comes back when it is done.
    world.answer()
    world.client.reinstate(world.agent.thumbprint)
    expect(await world.say('after')).toBe('hello after')
  },
)

test('a certificate that was revoked is trusted by nobody who trusts it, nor by whoever decides, until it is reinstated', async () => {
  const agent = testIdentity('agent')
  const runtime: HalibutRuntime = createRuntime('client', { trust: [agent.thumbprint], onUnauthorised: () => 'trust_and_allow' })
  try {
    const { port } = await runtime.listen({ host: '127.0.0.1' })
    runtime.revoke(agent.thumbprint)
    runtime.trust(agent.thumbprint)
    expect([runtime.isTrusted(agent.thumbprint), runtime.trusted]).toEqual([false, []])
    const denied = nextLog(runtime, ({ type }) => type === 'ClientDenied')
    await using peer = await dialRaw(port, { certificate: agent })
    await peer.write(subscriberOpening('poll://agent/'))
    expect(await peer.readToEnd()).toHaveLength(0)
    await denied
    runtime.reinstate(agent.thumbprint)
    expect([runtime.isTrusted(agent.thumbprint), runtime.trusted]).toEqual([true, [agent.thumbprint]])
    await using again = await dialRaw(port, { certificate: agent })
    await openAsSubscriber(again, 'poll://agent/')
  } finally {
    await runtime.close()
  }
})

test('what one agent’s revocation cuts is its own', async () => {
  await using world = await createBusyWorld('polling')
  world.client.revoke(testIdentity('another').thumbprint)
  expect(await world.say('you')).toBe('hello you')
})

test('of a stranger its certificate and its subscription are told over TLS, and nothing is written to it', async () => {
  const stranger = testIdentity('stranger')
  const runtime = createRuntime('client')
  try {
    const { port } = await runtime.listen({ host: '127.0.0.1' })
    const told = new Promise(resolve => runtime.on('clientDenied', resolve))
    await using peer = await dialRaw(port, { certificate: stranger, maxVersion: 'TLSv1.2' })
    await peer.write(subscriberOpening('poll://New'))
    expect(await peer.readToEnd()).toHaveLength(0)
    expect(await told).toEqual({
      why: 'not_trusted',
      remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      thumbprint: stranger.thumbprint,
      thumbprint256: stranger.thumbprint256,
      subject: 'CN=stranger',
      issuer: 'CN=stranger',
      protocol: 'TLSv1.2',
      role: 'subscriber',
      subscription: 'poll://new/',
    })
  } finally {
    await runtime.close()
  }
})
