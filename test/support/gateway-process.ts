import { gatewayRuntimeLimits } from '../../server/src/base/limits.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { buildGateway } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { echoService } from './sample-contracts.ts'

/** What a gateway in a process of its own is told first. */
export interface GatewayStart {
  readonly certificatePem: string
  readonly keyPem: string
  readonly token: string
  /** Polling agents by their id, with the thumbprint of each. Each is at `poll://<id>/`. */
  readonly agents: Readonly<Record<string, string>>
}

/** What it says then. */
export interface GatewayPorts {
  readonly port: number
  readonly agentPort: number
}

/** A gateway as `npm start` makes one, for polling agents. It ends when its parent does. */
process.once('message', (start: GatewayStart) => void run(start))

async function run(start: GatewayStart): Promise<void> {
  const runtime = new HalibutRuntime({
    certificate: certificateFromPem(start),
    trust: Object.values(start.agents),
    limits: gatewayRuntimeLimits,
  })
  const directory = new AgentDirectory()
  for (const [id, thumbprint] of Object.entries(start.agents)) {
    directory.add({ id, uri: `poll://${id}/`, thumbprint, services: [echoService.service] })
    directory.report(id, { type: 'reached', how: 'it is expected' })
  }
  const contracts = new ContractDirectory()
  contracts.add(echoService)
  const policy = new OriginPolicy()
  const app = await buildGateway({
    mesh: runtime,
    directory,
    contracts,
    signIn: startTokenSignIn(start.token),
    policy,
    log: silentLog,
    version: '0.0.0',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as { port: number }
  policy.allowLoopback(port)
  const { port: agentPort } = await runtime.listen({ host: '127.0.0.1' })
  process.once('disconnect', () => void app.close().then(() => runtime.close()))
  process.on('message', () => process.send?.({ rss: process.memoryUsage.rss() }))
  process.send?.({ port, agentPort } satisfies GatewayPorts)
}
