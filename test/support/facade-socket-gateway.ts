import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import type { WebSocketFactory } from '../../client-sdk/src/index.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { buildGateway } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import type { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from './access.ts'
import { testIdentity } from './certificates.ts'
import { hostSchedules, type ScheduleAgent, scheduleService } from './facade-schedule-agent.ts'
import { idleTrust } from './idle-trust.ts'
import { createRuntime } from './world.ts'

interface Started {
  readonly runtime: HalibutRuntime
  readonly app: Awaited<ReturnType<typeof buildGateway>>
  readonly port: number
}

/**
 * A gateway on a port, in front of a real agent that outlives it. A restart ends its server, its runtime, its sessions and all that it
 * remembers, and starts all of them anew, on another port.
 */
export class SocketGateway implements AsyncDisposable {
  readonly token = 'hgw_start_schedules'
  readonly directory = new AgentDirectory()
  readonly #agent: HalibutRuntime
  readonly #on: Mesh['on']
  readonly #contracts = new ContractDirectory()
  readonly #sockets = new Set<WebSocket>()
  #port = 0
  #started: Promise<Started>

  private constructor(agent: HalibutRuntime, port: number, on: Mesh['on']) {
    this.#agent = agent
    this.#on = on
    this.#contracts.add(scheduleService)
    this.directory.add({ id: 'a', uri: `https://localhost:${port}/`, thumbprint: agent.thumbprint })
    this.#started = this.#start()
  }

  /** `on` stands for what happens on the connections to agents; `agentOf` gives the agent that an entry belongs to. */
  static async create(agentOf: (entry: number) => ScheduleAgent, on: Mesh['on']): Promise<SocketGateway> {
    const agent = createRuntime('agent', { trust: [testIdentity('client').thumbprint] })
    hostSchedules(agent, agentOf)
    const gateway = new SocketGateway(agent, (await agent.listen()).port, on)
    await gateway.ready()
    return gateway
  }

  /** Opens a socket to wherever the gateway is now. */
  readonly connect: WebSocketFactory = (_url, protocols) => {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#port}/rpc`, protocols)
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    return socket as never
  }

  /** Resolves when it listens. */
  async ready(): Promise<void> {
    this.#port = (await this.#started).port
  }

  /** Cuts every socket. */
  cut(): void {
    for (const socket of this.#sockets) socket.terminate()
  }

  /** Starts anew and then calls `onRestarted`; where that is not `graceful`, its sockets are cut before. */
  restart(graceful: boolean, onRestarted: () => void): void {
    if (!graceful) this.cut()
    this.#started = this.#started.then(async before => {
      await stop(before)
      const started = await this.#start()
      onRestarted()
      this.#port = started.port
      return started
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(await this.#started)
    await this.#agent.close()
  }

  async #start(): Promise<Started> {
    const runtime = createRuntime('client', { trust: [this.#agent.thumbprint] })
    const mesh: Mesh = {
      call: request => runtime.call(request),
      probe: (endpoint, options) => runtime.probe(endpoint, options),
      trust: thumbprint => runtime.trust(thumbprint),
      removeTrust: thumbprint => runtime.removeTrust(thumbprint),
      revoke: thumbprint => runtime.revoke(thumbprint),
      reinstate: thumbprint => runtime.reinstate(thumbprint),
      disconnect: endpoint => runtime.disconnect(endpoint),
      distrust: thumbprint => runtime.distrust(thumbprint),
      leave: endpoint => runtime.leave(endpoint),
      present: certificates => runtime.present(certificates),
      subscribers: () => runtime.subscribers(),
      whoListens: uri => runtime.whoListens(uri),
      waiting: endpoint => runtime.waiting(endpoint),
      connections: endpoint => runtime.connections(endpoint),
      on: this.#on,
    }
    const policy = new OriginPolicy()
    const app = await buildGateway({
      mesh,
      trust: idleTrust(this.directory),
      manager: new AgentManager({ mesh, directory: this.directory }),
      contracts: this.#contracts,
      signIn: startTokenSignIn(this.token),
      ...createTestAccess(),
      policy,
      log: silentLog,
      version: '0.0.0',
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = app.server.address() as AddressInfo
    policy.allowLoopback(port)
    return { runtime, app, port }
  }
}

async function stop({ app, runtime }: Started): Promise<void> {
  await app.close()
  await runtime.close()
}
