import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { createClient, GatewayError } from '../../client-sdk/src/index.ts'
import type { RuntimeOptions } from '../../server/src/runtime/options.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { flowService, hostFlowService, type WaitingCall } from './flow-service.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { sumOf } from './prometheus.ts'
import { type ProcessEnd, serveInProcess } from './served-gateway.ts'
import { createRuntime } from './world.ts'

/** What became of calls while their gateway was stopped. */
export interface DrainResult {
  /** How many were answered, and what the others ended with. */
  readonly answered: number
  readonly lost: readonly string[]
  /** Over the socket and over HTTP, of a request that came after the stop. */
  readonly refused: { readonly kind: string; readonly retryAfterMs: number | undefined }
  readonly refusedOverHttp: { readonly status: number; readonly kind: string; readonly retryAfter: string | null }
  /** The codes with which the sockets of the browsers were closed. */
  readonly closeCodes: readonly number[]
  readonly ended: ProcessEnd
}

const pollingConnections = 4

/** Resolves when so many connections of an agent have ended. */
function left(agent: HalibutRuntime, count: number): Promise<void> {
  return new Promise(resolve => {
    agent.on('connectionClosed', () => {
      if (--count === 0) resolve()
    })
  })
}

/** Stops a gateway, a process of its own, by SIGTERM; it has accepted so many calls, of which a few run and the others wait for their agents. */
export async function stopUnderCalls(count: number): Promise<DrainResult> {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-drain-'))
  const trusting: Partial<RuntimeOptions> = { onUnauthorised: () => 'trust_and_allow' }
  await using listening = createRuntime('agent', trusting)
  await using polling = createRuntime('poller', trusting)
  await using idle = createRuntime('idle', trusting)
  const waiting: WaitingCall[] = []
  let isReleased = false
  for (const agent of [listening, polling]) {
    hostFlowService(agent, call => {
      if (isReleased) call.finish()
      else waiting.push(call)
    })
  }
  const { port } = await listening.listen({ host: '127.0.0.1' })
  try {
    const [path, contract] = [join(folder, 'settings.json'), join(folder, 'contract.json')]
    const agents = [
      { id: 'listening', uri: `https://127.0.0.1:${port}/`, thumbprint: listening.thumbprint },
      { id: 'polling', uri: 'poll://polling/', thumbprint: polling.thumbprint },
      { id: 'idle', uri: 'poll://idle/', thumbprint: idle.thumbprint },
    ]
    const fixed = { demo: false, port: 0, agentPort: 0, stateFolder: join(folder, 'state'), drainMs: 600_000 }
    await writeFile(contract, JSON.stringify(flowService))
    await writeFile(path, JSON.stringify({ ...fixed, agents, contracts: [contract] }))
    await using gateway = await serveInProcess(path)
    const polls = { endpoint: { uri: gateway.agentAddress, thumbprint: gateway.thumbprint } }
    polling.poll({ ...polls, subscription: 'poll://polling/', connections: pollingConnections })
    idle.poll({ ...polls, subscription: 'poll://idle/' })
    const agentsLeft = Promise.all([left(polling, pollingConnections), left(idle, 1)])
    const { origin, token = '' } = gateway
    const authorization = { authorization: `Bearer ${token}` }
    const value = async (name: string, labels: Record<string, string> = {}) =>
      sumOf(await (await fetch(`${origin}/metrics`, { headers: authorization })).text(), name, labels)
    const becomes = async (looked: () => Promise<boolean>): Promise<void> => {
      while (!(await looked())) await new Promise(setImmediate)
    }
    await becomes(async () => (await value('halibut_polling_connections')) === pollingConnections + 1)

    const closeCodes: number[] = []
    const clients = Array.from({ length: Math.ceil(count / facadeLimits.callsInFlight) + 1 }, () =>
      createClient({
        url: origin,
        token,
        reconnect: false,
        webSocket: (url, protocols) => {
          const socket = nodeWebSocket(url, protocols)
          socket.addEventListener('close', event => closeCodes.push((event as { code: number }).code))
          return socket
        },
      }),
    )
    // The last one has room for a further call.
    const calls = Array.from({ length: count }, (_, i) =>
      clients[i % (clients.length - 1)]
        ?.agent(i % 2 === 0 ? 'listening' : 'polling')
        .service(flowService)
        .Wait(),
    )
    const outcomes = Promise.allSettled(calls)
    const late = clients.at(-1)?.agent('listening').service(flowService)
    const held = late?.Wait()
    await becomes(async () => (await value('halibut_calls_open')) === count + 1)

    gateway.signal('SIGTERM')
    await becomes(async () => (await fetch(`${origin}/readyz`)).status === 503)
    const error = await late?.Add(1n, 2n).catch((why: unknown) => why)
    const overHttp = await fetch(`${origin}/api/v1/agents`, { headers: authorization })
    const problem = (await overHttp.json()) as { kind: string }
    isReleased = true
    for (const call of waiting) call.finish()
    const ends = await outcomes
    await held
    const ended = await gateway.ended
    // Those of the agent that was idle, and of the one that was busy.
    await agentsLeft
    for (const client of clients) client.close()
    return {
      answered: ends.filter(end => end.status === 'fulfilled' && end.value === 'done').length,
      lost: ends.flatMap(end => (end.status === 'rejected' ? [String(end.reason)] : [])),
      refused:
        error instanceof GatewayError ? { kind: error.kind, retryAfterMs: error.retryAfterMs } : { kind: String(error), retryAfterMs: 0 },
      refusedOverHttp: { status: overHttp.status, kind: problem.kind, retryAfter: overHttp.headers.get('retry-after') },
      closeCodes,
      ended,
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
