import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import { buildGateway } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import type {} from '../../server/src/gateway/plugins/sockets.ts'
import { startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../server/src/runtime/runtime.ts'
import { createTestAccess } from './access.ts'
import { watchMemory } from './big-content.ts'
import { idleTrust } from './idle-trust.ts'
import { streamService } from './stream-contract.ts'

/** How a gateway process is started. */
export interface GatewayStart {
  readonly certificatePem: string
  readonly keyPem: string
  readonly token: string
  readonly agent: { readonly uri: string; readonly thumbprint: string }
}

/**
 * What the parent may ask: the most resident memory since the last question, or since a collection now; what is held after a collection;
 * for how long the event loop was blocked at most since the last question, in milliseconds; that all sessions end, and how many there were;
 * that a further port of this machine is a Host.
 */
export type GatewayQuestion =
  | { readonly ask: 'memory' }
  | { readonly ask: 'collected' }
  | { readonly ask: 'held' }
  | { readonly ask: 'blocked' }
  | { readonly ask: 'forget' }
  | { readonly ask: 'allow'; readonly port: number }

/** A gateway in a process of its own, in front of one agent `a1` with the stream service. Ends when its parent does. */
process.once('message', async (start: GatewayStart) => {
  const memory = watchMemory()
  const loop = monitorEventLoopDelay({ resolution: 2 })
  loop.enable()
  const runtime = new HalibutRuntime({ certificate: certificateFromPem(start) })
  const directory = new AgentDirectory()
  directory.add({ id: 'a1', ...start.agent, services: [streamService.service] })
  const contracts = new ContractDirectory()
  contracts.add(streamService)
  const policy = new OriginPolicy()
  const app = await buildGateway({
    mesh: runtime,
    trust: idleTrust(directory),
    manager: new AgentManager({ mesh: runtime, directory }),
    contracts,
    signIn: startTokenSignIn(start.token),
    ...createTestAccess(),
    policy,
    log: silentLog,
    version: '0.0.0',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  policy.allowLoopback(port)
  process.on('message', (question: GatewayQuestion) => {
    switch (question.ask) {
      case 'memory':
        return process.send?.({ answer: memory.peak() })
      case 'collected':
        globalThis.gc?.()
        memory.peak()
        return process.send?.({ answer: process.memoryUsage.rss() })
      case 'forget': {
        const { size } = app.sessions
        app.sessions.close('going_away')
        return process.send?.({ answer: size })
      }
      case 'held': {
        globalThis.gc?.()
        const { heapUsed, external } = process.memoryUsage()
        return process.send?.({ answer: heapUsed + external })
      }
      case 'blocked': {
        const blockedMs = Math.round(loop.max / 1e6)
        loop.reset()
        return process.send?.({ answer: blockedMs })
      }
      case 'allow':
        policy.allowLoopback(question.port)
        return process.send?.({ answer: 0 })
    }
  })
  process.once('disconnect', () => {
    memory.stop()
    loop.disable()
    void app.close().then(() => runtime.close())
  })
  process.send?.({ port })
})
