import { gatewayRuntimeLimits } from '../../server/src/base/limits.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import { buildGateway } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from './access.ts'
import { createInstantStore } from './instant-store.ts'
import { echoService } from './sample-contracts.ts'

/** What a gateway in a process of its own is told first. */
export interface GatewayStart {
  readonly certificatePem: string
  readonly keyPem: string
  readonly token: string
  /** Polling agents by their id, with the thumbprint of each. Each is at `poll://<id>/`. */
  readonly agents: Readonly<Record<string, string>>
  /** Whether they count as connected before they have come. */
  readonly areExpected: boolean
  /** Default: any. */
  readonly ports?: GatewayPorts
}

/** What it says then. */
export interface GatewayPorts {
  readonly port: number
  readonly agentPort: number
}

/** What it says when it is asked. */
export interface GatewayFigures {
  /** Its resident memory, in bytes. */
  readonly rss: number
  /** How many are pending. */
  readonly pending: number
}

/** A gateway as `npm start` makes one, for polling agents. It ends when its parent does. */
process.once('message', (start: GatewayStart) => void run(start))

async function run(start: GatewayStart): Promise<void> {
  const runtime: HalibutRuntime = new HalibutRuntime({
    certificate: certificateFromPem(start),
    limits: gatewayRuntimeLimits,
    authoriseSubscriber: candidate => trust.mayPoll(candidate),
  })
  const manager = new AgentManager({ mesh: runtime })
  const certificate = certificateFromPem(start)
  const trust = new Trust({ mesh: runtime, agents: manager, records: createInstantStore(), own: certificate, log: silentLog })
  const { directory } = manager
  for (const [id, thumbprint] of Object.entries(start.agents)) {
    manager.serve({ id, uri: `poll://${id}/`, thumbprint, services: [echoService.service] })
    if (start.areExpected) directory.report(id, { type: 'reached', how: 'it is expected' })
  }
  manager.start()
  trust.start()
  const contracts = new ContractDirectory()
  contracts.add(echoService)
  const policy = new OriginPolicy()
  const app = await buildGateway({
    mesh: runtime,
    trust,
    manager,
    contracts,
    signIn: startTokenSignIn(start.token),
    ...createTestAccess(),
    policy,
    log: silentLog,
    version: '0.0.0',
  })
  await app.listen({ host: '127.0.0.1', port: start.ports?.port ?? 0 })
  const { port } = app.server.address() as { port: number }
  policy.allowLoopback(port)
  const { port: agentPort } = await runtime.listen({ host: '127.0.0.1', port: start.ports?.agentPort ?? 0 })
  process.once('disconnect', () => {
    trust.close()
    manager.close()
    void app.close().then(() => runtime.close())
  })
  process.on('message', () => process.send?.({ rss: process.memoryUsage.rss(), pending: trust.pending.size } satisfies GatewayFigures))
  process.send?.({ port, agentPort } satisfies GatewayPorts)
}
