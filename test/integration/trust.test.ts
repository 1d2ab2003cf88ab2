import { X509Certificate } from 'node:crypto'
import type { AgentSnapshot, MethodResult, PendingSnapshot } from '@halibut-gateway/schemas'
import { subprotocol } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { deferred } from '../../server/src/base/deferred.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import { buildGateway } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from '../support/access.ts'
import { testIdentity } from '../support/certificates.ts'
import { TestSocket } from '../support/gateway.ts'
import { createInstantStore } from '../support/instant-store.ts'
import { dialRaw } from '../support/raw-peer.ts'
import { subscriberOpening } from '../support/scripted-halibut.ts'
import { besiegeWithStrangers } from '../support/siege.ts'
import { createRuntime, echo } from '../support/world.ts'

type Answer = { readonly result?: unknown; readonly error?: { readonly message: string; readonly data: { readonly kind: string } } }

/** A gateway, a browser of an admin, and agents that poll it for as long as the test takes. */
async function createTrustingGateway() {
  const runtime: HalibutRuntime = createRuntime('gateway', { authoriseSubscriber: candidate => trust.mayPoll(candidate) })
  const manager = new AgentManager({ mesh: runtime, liveness: { pollingGraceMs: 50, probeIntervalMs: 50 } })
  const own = testIdentity('gateway')
  const trust = new Trust({ mesh: runtime, agents: manager, records: createInstantStore(), own, log: silentLog, cloneGraceMs: 50 })
  manager.start()
  trust.start()
  const contracts = new ContractDirectory()
  contracts.add(echo)
  const policy = new OriginPolicy()
  const token = 'hgw_start_trust'
  const { directory } = manager
  const signIn = startTokenSignIn(token)
  const app = await buildGateway({
    ...createTestAccess(),
    mesh: runtime,
    trust,
    manager,
    contracts,
    signIn,
    policy,
    log: silentLog,
    version: '0',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  policy.allowLoopback(port)
  const { port: agentPort } = await runtime.listen({ host: '127.0.0.1' })
  const socket = await TestSocket.open(`ws://127.0.0.1:${port}/rpc`, [subprotocol, token])
  await socket.hello()
  const polling: HalibutRuntime[] = []
  const slow = deferred<string>()
  let id = 0
  return {
    runtime,
    agentPort,
    agents: manager,
    directory,
    ask: async (method: string, params?: object) => (await socket.ask(++id, method, params)) as Answer,
    async result<T>(method: string, params?: object): Promise<T> {
      const { result, error } = await this.ask(method, params)
      if (error) throw new Error(error.message)
      return result as T
    },
    /** The next one that knocks. */
    knocks: () =>
      new Promise<void>(resolve => {
        const stop = trust.pending.onChange(() => {
          stop()
          resolve()
        })
      }),
    until: (agent: string, state: string): Promise<void> =>
      new Promise(resolve => {
        const look = (): void => {
          if (directory.get(agent)?.state.at !== state) return
          stop()
          resolve()
        }
        const stop = directory.onChange(look)
        look()
      }),
    poll(subscription: string, identity: string): HalibutRuntime {
      const agent = createRuntime(identity, { trust: [runtime.thumbprint] })
      agent.addService(echo, {
        SayHello: name => (name === 'slowly' ? slow.promise : `${identity} greets ${name}`),
      })
      agent.poll({ subscription, endpoint: { uri: `https://127.0.0.1:${agentPort}/`, thumbprint: runtime.thumbprint } })
      polling.push(agent)
      return agent
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      await app.close()
      trust.close()
      manager.close()
      await runtime.close()
      slow.resolve('late')
      for (const agent of polling) await agent.close()
    },
  }
}

const say = (agent: string, name: string) => ({ agent, service: echo.service, method: 'SayHello', args: [name], timeoutMs: 10_000 })

test('a polling agent that nobody knows is pending at once, is approved as it was seen, and is called', async () => {
  await using gateway = await createTrustingGateway()
  const knocked = gateway.knocks()
  gateway.poll('poll://new/', 'newcomer')
  await knocked
  const {
    pending: [seen],
  } = await gateway.result<{ pending: PendingSnapshot[] }>('trust.pending')
  const { thumbprint, thumbprint256 } = testIdentity('newcomer')
  expect(seen).toMatchObject({
    thumbprint,
    thumbprint256,
    subject: 'CN=newcomer',
    issuer: 'CN=newcomer',
    subscription: 'poll://new/',
    role: 'subscriber',
    protocol: 'TLSv1.3',
    addresses: [{ address: '127.0.0.1' }],
    cause: 'unknown',
  })
  const decision = { pending: seen?.id, thumbprint, version: seen?.version, id: 'new', services: [echo.service] }
  const wrong = await gateway.ask('trust.approve', { ...decision, version: 'another' })
  expect(wrong.error?.data.kind).toBe('version_conflict')
  const both = await gateway.ask('trust.approve', { ...decision, replace: 'new' })
  expect(both.error?.data.kind).toBe('invalid_params')
  const { agent } = await gateway.result<{ agent: AgentSnapshot }>('trust.approve', decision)
  expect(agent).toMatchObject({ id: 'new', uri: 'poll://new/', thumbprint })
  await gateway.until('new', 'connected')
  expect(await gateway.result('agent.invoke', say('new', 'you'))).toMatchObject({ value: 'newcomer greets you' })
  expect(await gateway.result('trust.pending')).toEqual({ pending: [], clones: [] })
  expect(await gateway.result<MethodResult<'trust.thumbprints'>>('trust.thumbprints')).toMatchObject({
    thumbprint: gateway.runtime.thumbprint,
    certificates: [{ thumbprint, thumbprint256, agents: ['new'] }],
  })
})

test('a machine that takes the place of an agent keeps its id, and who had it is cut off and refused from then on', async () => {
  await using gateway = await createTrustingGateway()
  gateway.poll('poll://web/', 'before')
  await gateway.knocks()
  const first = (await gateway.result<{ pending: PendingSnapshot[] }>('trust.pending')).pending[0]
  await gateway.result('trust.approve', {
    pending: first?.id,
    thumbprint: first?.thumbprint,
    version: first?.version,
    id: 'web',
    name: 'Web',
  })
  await gateway.until('web', 'connected')
  const knocked = gateway.knocks()
  gateway.poll('poll://web/', 'after')
  await knocked
  const [second] = (await gateway.result<{ pending: PendingSnapshot[] }>('trust.pending')).pending
  expect(second).toMatchObject({ cause: 'cloned', agent: 'web', expected: testIdentity('before').thumbprint })
  await gateway.result('trust.approve', {
    pending: second?.id,
    thumbprint: second?.thumbprint,
    version: second?.version,
    replace: 'web',
  })
  await gateway.until('web', 'connected')
  expect(await gateway.result('agents.get', { agent: 'web' })).toMatchObject({
    agent: { name: 'Web', thumbprint: testIdentity('after').thumbprint },
  })
  await expect
    .poll(async () => (await gateway.result<{ pending: PendingSnapshot[] }>('trust.pending')).pending)
    .toMatchObject([{ cause: 'revoked', thumbprint: testIdentity('before').thumbprint, agent: 'web' }])
  expect(await gateway.result('agent.invoke', say('web', 'you'))).toMatchObject({ value: 'after greets you' })
})

test('a revocation ends the calls of browsers within a second and says why; the agent is untrusted and says so', async () => {
  await using gateway = await createTrustingGateway()
  const { thumbprint } = testIdentity('newcomer')
  gateway.poll('poll://new/', 'newcomer')
  await gateway.knocks()
  const [seen] = (await gateway.result<{ pending: PendingSnapshot[] }>('trust.pending')).pending
  await gateway.result('trust.approve', { pending: seen?.id, thumbprint, version: seen?.version, id: 'new' })
  await gateway.until('new', 'connected')
  const [since, running] = [performance.now(), gateway.ask('agent.invoke', say('new', 'slowly'))]
  const revoked = gateway.ask('trust.revoke', { thumbprint })
  // The two answers may come in any order.
  const answers = await Promise.all([running, revoked])
  expect(performance.now() - since).toBeLessThan(1_000)
  const failed = answers.find(({ error }) => error)
  expect(failed?.error?.message).toContain(`the certificate ${thumbprint} was revoked`)
  expect(answers.find(({ result }) => result)?.result).toEqual({ agents: ['new'] })
  expect(await gateway.result('agents.get', { agent: 'new' })).toMatchObject({
    agent: { state: 'untrusted', reason: expect.stringContaining('was revoked') },
  })
  expect((await gateway.ask('agent.invoke', say('new', 'again'))).error?.data.kind).toBe('agent_unavailable')
  await gateway.result('trust.restore', { thumbprint })
})

test('what is refused is told by the agent’s state and by the call that waits for it', async () => {
  await using gateway = await createTrustingGateway()
  gateway.agents.serve({ id: 'new', uri: 'poll://new/', thumbprint: testIdentity('registered').thumbprint })
  await using peer = await dialRaw(gateway.agentPort, { certificate: testIdentity('rotated') })
  await peer.write(subscriberOpening('poll://new/'))
  await peer.readToEnd()
  await gateway.until('new', 'untrusted')
  const { error } = await gateway.ask('agent.invoke', { ...say('new', 'you'), timeoutMs: 50 })
  expect(error?.data.kind).toBe('deadline_exceeded')
  for (const fact of ['untrusted since', 'CN=', testIdentity('registered').thumbprint, '127.0.0.1', 'was replaced']) {
    expect(error?.message).toContain(fact)
  }
})

test('a watch tells of everybody who is pending, and of what changes', async () => {
  await using gateway = await createTrustingGateway()
  await using peer = await dialRaw(gateway.agentPort, { certificate: testIdentity('first') })
  const knocked = gateway.knocks()
  await peer.write(subscriberOpening('poll://first/'))
  await knocked
  const item = (await gateway.ask('trust.watch')) as { params?: { item: unknown } }
  expect(item.params?.item).toMatchObject({ type: 'snapshot', pending: [{ subscription: 'poll://first/', count: 1 }] })
})

test('until when the certificate of an agent is valid is told as soon as it was seen, whether it polls or listens', async () => {
  await using gateway = await createTrustingGateway()
  const [polls, listens] = [testIdentity('registered'), testIdentity('listener')]
  const { thumbprint } = polls
  gateway.agents.serve({ id: 'polls', uri: 'poll://polls/', thumbprint })
  const known = async () => {
    const { certificates } = await gateway.result<MethodResult<'trust.thumbprints'>>('trust.thumbprints')
    return Object.fromEntries(certificates.map(({ agents: [id = ''], expires }) => [id, expires]))
  }
  expect(await known()).toEqual({ polls: undefined })
  gateway.poll('poll://polls/', 'registered')
  await gateway.until('polls', 'connected')
  const listener = createRuntime('listener', { trust: [gateway.runtime.thumbprint] })
  listener.addService(echo, { SayHello: name => `hello ${name}` })
  const { port } = await listener.listen({ host: '127.0.0.1' })
  gateway.agents.serve({ id: 'listens', uri: `https://127.0.0.1:${port}/`, thumbprint: listens.thumbprint })
  await gateway.until('listens', 'connected')
  const validTo = ({ certificatePem }: { certificatePem: string }): string =>
    new Date(new X509Certificate(certificatePem).validTo).toISOString()
  expect(await known()).toEqual({ polls: validTo(polls), listens: validTo(listens) })
  gateway.agents.close()
  await listener.close()
})

test('120 strangers, of whom half never say who they are, leave a gateway with a heap of 64 MB its agent and its browser', async () => {
  const { turnedAway, pending, honestCalls } = await besiegeWithStrangers({ strangers: 120, heapMiB: 64 })
  expect({ turnedAway, pending }).toEqual({ turnedAway: 0, pending: 120 })
  expect(honestCalls).toBeGreaterThan(10)
})
