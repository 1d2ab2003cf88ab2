import { silentLog } from '../../server/src/base/log.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { GatewayCertificates } from '../../server/src/fleet/gateway-certificates.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import type { Certificate } from '../../server/src/runtime/certificates.ts'
import type { RuntimeListener } from '../../server/src/runtime/ports.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestCertificate, testIdentity } from './certificates.ts'
import { keptIdentities } from './idle-trust.ts'
import { createInstantStore } from './instant-store.ts'
import { createRuntime, echo } from './world.ts'

const callers = 8
const pollingConnections = 3
const agentIds = ['listening', 'polling'] as const
type AgentId = (typeof agentIds)[number]

/** What became of calls while certificates took each other’s place. */
export interface RotationResult {
  readonly calls: number
  /** What calls failed with. */
  readonly failed: readonly string[]
}

/** A gateway with a listening and a polling agent, which are called all the time. */
export async function createRotatingWorld() {
  const old = testIdentity('gateway')
  const runtime: HalibutRuntime = createRuntime('gateway', {
    authoriseSubscriber: candidate => trust.mayPoll(candidate),
    authoriseAgent: agent => trust.mayAnswer(agent),
    limits: { poolMaxIdleConnections: 8 },
  })
  const agents = new AgentManager({ mesh: runtime, liveness: { probeIntervalMs: 20, probesPerSecond: 200 } })
  const identities = keptIdentities()
  const certificates = new GatewayCertificates({
    mesh: runtime,
    agents,
    identities,
    acceptances: createInstantStore().acceptances,
    present: old,
    log: silentLog,
  })
  const trust = new Trust({ mesh: runtime, agents, records: createInstantStore(), own: old, log: silentLog })
  certificates.start()
  trust.start()
  const ports: RuntimeListener[] = []
  await certificates.listen(async (_name, certificate) => {
    const port = await runtime.listen({ host: '127.0.0.1', certificate })
    ports.push(port)
    return port
  })

  const open: HalibutRuntime[] = []
  const host = (certificate: Certificate): HalibutRuntime => {
    const agent = createRuntime('agent', { certificate, trust: [old.thumbprint] })
    agent.addService(echo, { SayHello: name => `hello ${name}` })
    open.push(agent)
    return agent
  }
  const [listeningIdentity, pollingIdentity] = [testIdentity('listening'), testIdentity('polling')]
  const listening = host(listeningIdentity)
  const listener = await listening.listen({ host: '127.0.0.1' })
  const poll = (certificate: Certificate, port: number, own: string): HalibutRuntime => {
    const agent = host(certificate)
    const endpoint = { uri: `https://127.0.0.1:${port}/`, thumbprint: own }
    agent.poll({ subscription: 'poll://polling/', endpoint, connections: pollingConnections })
    return agent
  }
  await agents.add({ id: 'listening', uri: `https://127.0.0.1:${listener.port}/`, thumbprint: listeningIdentity.thumbprint })
  await agents.add({ id: 'polling', uri: 'poll://polling/', thumbprint: pollingIdentity.thumbprint })
  agents.start()
  const polling = poll(pollingIdentity, ports[0]?.port ?? 0, old.thumbprint)

  /** Resolves as soon as something is so. */
  const becomes = async (is: () => boolean): Promise<void> => {
    while (!is()) await new Promise(setImmediate)
  }
  const connected = (): boolean => agentIds.every(id => agents.directory.require(id).state.at === 'connected')
  await becomes(connected)

  let [isOver, calls] = [false, 0]
  const failed: string[] = []
  const leaving = new AbortController()
  const call = async (id: AgentId): Promise<void> => {
    const { endpoint } = agents.directory.require(id)
    try {
      await runtime.call({
        endpoint,
        contract: echo,
        service: echo.service,
        method: 'SayHello',
        args: [id],
        timeoutMs: 60_000,
        signal: leaving.signal,
      })
    } catch (why) {
      failed.push(`${id}: ${String(why)}`)
    }
    calls++
  }
  const calling = Promise.all(
    Array.from({ length: callers }, async (_, index) => {
      while (!isOver) await call(agentIds[index % 2 === 0 ? 0 : 1])
    }),
  )
  return {
    old,
    runtime,
    agents,
    certificates,
    trust,
    identities,
    ports,
    listening,
    listener,
    polling,
    poll,
    becomes,
    /** Until so many more calls have ended. */
    moreCalls: (count: number): Promise<void> => {
      const until = calls + count
      return becomes(() => calls >= until)
    },
    async end(): Promise<RotationResult> {
      isOver = true
      await calling
      return { calls, failed }
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      leaving.abort()
      await calling
      trust.close()
      certificates.close()
      agents.close()
      await runtime.close()
      for (const agent of open) await agent.close()
    },
  }
}

/** The gateway’s certificate takes the place of another one, from its making to the end of the old one, while calls run. */
export async function rotateGatewayUnderCalls(count: number): Promise<RotationResult & { readonly refusal: string }> {
  await using world = await createRotatingWorld()
  const { old, certificates, becomes, moreCalls, listening, polling, ports } = world
  const share = Math.ceil(count / 5)
  const next = createTestCertificate({ commonName: 'next' })
  await moreCalls(share)
  await certificates.add(next, undefined, 'ada')
  await moreCalls(share)
  await certificates.promote(next.thumbprint, undefined, 'ada')
  await becomes(() => [...certificates.dependents(old.thumbprint)].length === agentIds.length)
  const refusal = await certificates.retire(old.thumbprint, undefined, [], 'ada').then(() => '', String)
  // Each agent is told, in its own time: one trusts both for a while, the other one polls the new port, then leaves the old one.
  listening.trust(next.thumbprint)
  const moved = world.poll(testIdentity('polling'), ports[1]?.port ?? 0, next.thumbprint)
  moved.trust(next.thumbprint)
  await becomes(() => [...certificates.dependents(old.thumbprint)].length === 0)
  await moreCalls(share)
  await certificates.retire(old.thumbprint, undefined, [], 'ada')
  await moreCalls(share)
  // Nothing comes on its old connections any more, so that nothing is lost with them.
  await becomes(() => world.runtime.subscribers().every(({ own }) => own === next.thumbprint))
  await polling.close()
  // What was opened with the old one has come to its end: the agent can forget it.
  await becomes(() => !listening.subscribers().some(({ thumbprint }) => thumbprint === old.thumbprint))
  await moreCalls(share)
  return { ...(await world.end()), refusal }
}

/** The certificates of both agents take the place of others while calls run. */
export async function rotateAgentsUnderCalls(count: number): Promise<RotationResult & { readonly thumbprints: readonly string[] }> {
  await using world = await createRotatingWorld()
  const { agents, trust, becomes, moreCalls, listener, polling, ports, old } = world
  const share = Math.ceil(count / 4)
  const [listening, poller] = [createTestCertificate({ commonName: 'listening 2' }), createTestCertificate({ commonName: 'polling 2' })]
  const now = (id: AgentId): string => agents.directory.require(id).definition.thumbprint
  await moreCalls(share)
  await trust.rotation.begin('listening', listening.thumbprint, undefined, 'ada')
  await trust.rotation.begin('polling', poller.thumbprint, undefined, 'ada')
  await moreCalls(share)
  listener.present(listening)
  world.poll(poller, ports[0]?.port ?? 0, old.thumbprint)
  await becomes(() => now('listening') === listening.thumbprint && now('polling') === poller.thumbprint)
  await moreCalls(share)
  await becomes(() => world.runtime.subscribers().every(({ thumbprint }) => thumbprint === poller.thumbprint))
  await polling.close()
  await moreCalls(share)
  const result = await world.end()
  return { ...result, thumbprints: agentIds.map(now) }
}
