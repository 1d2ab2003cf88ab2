import type { Contract } from '@halibut-gateway/schemas/contract'
import { subprotocol } from '@halibut-gateway/schemas/wire'
import { type ClientOptions, createClient, type GatewayClient } from '../../client-sdk/src/index.ts'
import type { Limits } from '../../server/src/base/limits.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { buildGateway, type GatewayOptions } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import type {} from '../../server/src/gateway/plugins/sockets.ts'
import type { SessionTable } from '../../server/src/gateway/session-table.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from './access.ts'
import { TestSocket } from './gateway.ts'
import { idleTrust } from './idle-trust.ts'
import { nodeWebSocket } from './node-websocket.ts'
import { createWorld } from './world.ts'

/** A gateway with one agent, both real and in this process. */
export interface RealGateway extends AsyncDisposable {
  readonly port: number
  readonly origin: string
  readonly token: string
  readonly directory: AgentDirectory
  /** Which pages may come. */
  readonly policy: OriginPolicy
  readonly agent: HalibutRuntime
  readonly runtime: HalibutRuntime
  readonly sessions: SessionTable
  /** Takes nothing new, and ends its sessions when they are done. */
  drain(drainMs: number): Promise<void>
  /** A bare socket, accepted, without hello. Closed with the world. */
  socket(): Promise<TestSocket>
  /** A client. Closed with the world. */
  client(options?: Partial<ClientOptions>): GatewayClient
}

/** Starts it. `host` adds the agent’s services; `contracts` are those that the gateway knows. */
export async function createRealGateway(options: {
  readonly host: (agent: HalibutRuntime) => void
  readonly contracts: readonly Contract[]
  readonly mode?: 'listening' | 'polling'
  /** The agent’s. Default `web-1`. */
  readonly id?: string
  /** Polling connections. Default 1. */
  readonly connections?: number
  /** How it is put up, beside what a test needs. */
  readonly gateway?: Partial<Pick<GatewayOptions, 'pageFolder' | 'publicUrl' | 'trustedProxies' | 'policy' | 'oidc' | 'log' | 'tracer'>>
  /** Of both runtimes. */
  readonly limits?: Partial<Limits>
}): Promise<RealGateway> {
  const { mode = 'listening', connections = 1, id = 'web-1', limits = {} } = options
  const world = await createWorld({ host: options.host, agent: { mode, connections }, limits })
  const token = 'hgw_start_real'
  const directory = new AgentDirectory()
  directory.add({ id, ...world.endpoint, services: options.contracts.map(contract => contract.service) })
  directory.report(id, { type: 'reached', how: 'it is in this process' })
  const contracts = new ContractDirectory()
  for (const contract of options.contracts) contracts.add(contract)
  const policy = options.gateway?.policy ?? new OriginPolicy()
  const app = await buildGateway({
    mesh: world.client,
    trust: idleTrust(directory),
    manager: new AgentManager({ mesh: world.client, directory }),
    contracts,
    signIn: startTokenSignIn(token),
    ...createTestAccess(),
    log: silentLog,
    ...options.gateway,
    policy,
    version: '0.0.0',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  policy.allowLoopback(port)
  const sockets: TestSocket[] = []
  const clients: GatewayClient[] = []
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    token,
    directory,
    policy,
    agent: world.agent,
    runtime: world.client,
    sessions: app.sessions,
    drain: drainMs => app.drain(drainMs),
    socket: async () => {
      const socket = await TestSocket.open(`ws://127.0.0.1:${port}/rpc`, [subprotocol, token])
      sockets.push(socket)
      return socket
    },
    client: (more = {}) => {
      const client = createClient({
        url: `http://127.0.0.1:${port}/`,
        token,
        webSocket: nodeWebSocket,
        backoff: { firstMs: 1, maxMs: 10 },
        ...more,
      })
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close()
      for (const socket of sockets) socket.close()
      await app.close()
      await world[Symbol.asyncDispose]()
    },
  }
}
