// The product’s gateway, in front of one agent.

import type { AddressInfo } from 'node:net'
import { silentLog } from '../../../server/src/base/log.ts'
import type { HalibutRuntime as Runtime } from '../../../server/src/runtime/runtime.ts'
import { benchContract } from '../bench-contract.ts'
import type { Identity } from '../identities.ts'
import { answer } from '../peer.ts'
import { product } from '../product.ts'
import { cpu, rss } from '../usage.ts'

const { buildGateway } = await product('gateway/app')
const { OriginPolicy } = await product('gateway/origin-policy')
const { startTokenSignIn } = await product('gateway/sign-in')
const { AgentDirectory } = await product('fleet/agent-directory')
const { ContractDirectory } = await product('fleet/contract-directory')
const { HalibutRuntime } = await product('runtime/runtime')
const { certificateFromPem } = await product('runtime/certificates')

let mesh: Runtime | undefined

/** Starts it and gives its port. */
async function listen({
  identity,
  agent,
  token,
}: {
  identity: Identity
  agent: { uri: string; thumbprint: string }
  token: string
}): Promise<number> {
  mesh = new HalibutRuntime({ certificate: certificateFromPem(identity), trust: [agent.thumbprint] })
  const directory = new AgentDirectory()
  directory.add({ id: 'bench', ...agent, services: [benchContract.service] })
  const contracts = new ContractDirectory()
  contracts.add(benchContract)
  const policy = new OriginPolicy()
  const app = await buildGateway({
    mesh,
    directory,
    contracts,
    signIn: startTokenSignIn(token),
    policy,
    log: silentLog,
    version: '0.0.0',
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  policy.allowLoopback(port)
  return port
}

/** The port at which polling agents find it. */
async function listenForAgents(): Promise<number> {
  if (!mesh) throw new Error('not listening')
  return (await mesh.listen({ host: '127.0.0.1', port: 0 })).port
}

answer({ listen, listenForAgents, cpu, rss })
