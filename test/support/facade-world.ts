import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type ClientOptions, createClient, type GatewayClient } from '../../client-sdk/src/index.ts'
import { testIdentity } from './certificates.ts'
import { type CuttingRelay, cuttingRelay } from './cutting-relay.ts'
import { type Distance, type DistantRelay, distantRelay } from './distant-relay.ts'
import type { GatewayQuestion, GatewayStart } from './facade-gateway.ts'
import { nodeWebSocket } from './node-websocket.ts'

/** A gateway and an agent with the stream service (`a1`), each in a process of its own. */
export interface FacadeWorld extends AsyncDisposable {
  readonly port: number
  readonly token: string
  /** A client of the gateway, straight or through another port. Closed with the world. */
  client(port?: number, options?: Partial<ClientOptions>): GatewayClient
  /** A relay before the gateway that kills its connections. Closed with the world. */
  relay(budget: () => number, random: () => number): Promise<CuttingRelay>
  /** A relay before the gateway that makes it far away. Closed with the world. */
  farAway(distance: Distance): Promise<DistantRelay>
  /** The most resident memory of the gateway since the last question, in bytes. */
  gatewayMemory(): Promise<number>
  /** The resident memory of the gateway after a collection, in bytes; {@link gatewayMemory} counts from then on. */
  gatewayCollected(): Promise<number>
  /** What the gateway holds after a collection, in bytes. */
  gatewayHeld(): Promise<number>
  /** For how long the gateway’s event loop was blocked at most since the last question, in milliseconds. */
  gatewayBlocked(): Promise<number>
  /** Ends all sessions, as time would those that wait; gives their number. */
  forgetSessions(): Promise<number>
}

/** Starts both processes. */
export async function createFacadeWorld(): Promise<FacadeWorld> {
  const token = 'hgw_start_facade'
  const own = testIdentity('client')
  const identity = testIdentity('agent')
  const agent = start('stream-agent.ts')
  const gateway = start('facade-gateway.ts')
  const clients: GatewayClient[] = []
  const relays: (CuttingRelay | DistantRelay)[] = []
  const end = async (): Promise<void> => {
    for (const client of clients) client.close()
    for (const relay of relays) await relay[Symbol.asyncDispose]()
    await Promise.all([gateway, agent].map(stop))
  }
  try {
    const agentPort = await begin(agent, { certificatePem: identity.certificatePem, keyPem: identity.keyPem, trust: own.thumbprint })
    const port = await begin(gateway, {
      certificatePem: own.certificatePem,
      keyPem: own.keyPem,
      token,
      agent: { uri: `https://127.0.0.1:${agentPort}/`, thumbprint: identity.thumbprint },
    } satisfies GatewayStart)
    return {
      port,
      token,
      client: (to = port, options = {}) => {
        const client = createClient({
          url: `http://127.0.0.1:${to}/`,
          token,
          webSocket: nodeWebSocket,
          backoff: { firstMs: 5, maxMs: 50 },
          ...options,
        })
        clients.push(client)
        return client
      },
      relay: async (budget, random) => {
        const relay = await cuttingRelay(port, budget, random)
        relays.push(relay)
        await ask(gateway, { ask: 'allow', port: relay.port })
        return relay
      },
      farAway: async distance => {
        const relay = await distantRelay(port, distance)
        relays.push(relay)
        await ask(gateway, { ask: 'allow', port: relay.port })
        return relay
      },
      gatewayMemory: () => ask(gateway, { ask: 'memory' }),
      gatewayCollected: () => ask(gateway, { ask: 'collected' }),
      gatewayHeld: () => ask(gateway, { ask: 'held' }),
      gatewayBlocked: () => ask(gateway, { ask: 'blocked' }),
      forgetSessions: () => ask(gateway, { ask: 'forget' }),
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}

function start(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: ['--expose-gc', '--conditions=@halibut-gateway/source', '--import', 'tsx'],
  })
}

async function begin(child: ChildProcess, message: object): Promise<number> {
  child.send(message)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return port
}

async function ask(child: ChildProcess, question: GatewayQuestion): Promise<number> {
  child.send(question)
  const [{ answer }] = (await once(child, 'message')) as [{ answer: number }]
  return answer
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  if (child.connected) child.disconnect()
  await gone
}
