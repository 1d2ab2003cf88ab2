// The product’s gateway, in front of one agent, or of that and a fleet.

import type { AddressInfo } from 'node:net'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../../../server/src/base/log.ts'
import type { AgentDefinition } from '../../../server/src/fleet/agent-directory.ts'
import type { AgentManager as Manager } from '../../../server/src/fleet/agent-manager.ts'
import type { HalibutRuntime as Runtime } from '../../../server/src/runtime/runtime.ts'
import { createTestAccess } from '../../support/access.ts'
import { idleTrust } from '../../support/idle-trust.ts'
import { createInstantStore } from '../../support/instant-store.ts'
import { benchContract } from '../bench-contract.ts'
import type { Identity } from '../identities.ts'
import { operated } from '../operated-gateway.ts'
import { answer } from '../peer.ts'
import { product } from '../product.ts'
import { cpu, rss } from '../usage.ts'

const { Access } = await product('access/access')
const { Tokens } = await product('access/tokens')
const { buildGateway } = await product('gateway/app')
const { OriginPolicy } = await product('gateway/origin-policy')
const { startTokenSignIn } = await product('gateway/sign-in')
const { AgentManager } = await product('fleet/agent-manager')
const { ContractDirectory } = await product('fleet/contract-directory')
const { gatewayRuntimeLimits } = await product('base/limits')
const { HalibutRuntime } = await product('runtime/runtime')
const { certificateFromPem } = await product('runtime/certificates')

let mesh: Runtime | undefined
const policy = new OriginPolicy()

interface ListenOptions {
  readonly identity: Identity
  readonly agent: { readonly uri: string; readonly thumbprint: string }
  readonly token: string
  /** The thumbprints of a fleet, where it has one; see {@link know}. */
  readonly fleet?: readonly string[]
  /** It does all that an operator has one do. */
  readonly operated?: boolean | undefined
  /** It has its page. */
  readonly page?: boolean | undefined
}

/** Who calls: one for whom the rules count. */
const caller = { name: 'bench', role: 'operator' } as const

let agents: Manager | undefined

/** Starts it and gives its port. */
async function listen({ identity, agent, token, fleet, operated: isOperated = false, page = false }: ListenOptions): Promise<number> {
  const runtime: Runtime = new HalibutRuntime({
    certificate: certificateFromPem(identity),
    ...(fleet && { authoriseSubscriber: candidate => manager.mayPoll(candidate), limits: gatewayRuntimeLimits }),
  })
  mesh = runtime
  const manager = new AgentManager({ mesh: runtime })
  agents = manager
  manager.serve({ id: 'bench', ...agent, services: [benchContract.service] })
  if (fleet) {
    know({ thumbprints: fleet, from: 0 })
    manager.start()
  }
  const contracts = new ContractDirectory()
  contracts.add(benchContract)
  const app = await buildGateway({
    mesh: runtime,
    trust: idleTrust(manager.directory),
    manager,
    contracts,
    signIn: startTokenSignIn(token, isOperated ? caller : undefined),
    access: new Access(),
    tokens: new Tokens({ store: createInstantStore(), log: silentLog }),
    certificates: createTestAccess().certificates,
    policy,
    log: silentLog,
    version: '0.0.0',
    ...(page && { pageFolder: fileURLToPath(new URL('../../../server/inspector/dist/page/', import.meta.url)) }),
    ...(isOperated && (await operated(caller.name))),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  policy.allowLoopback(port)
  return port
}

/** A further port of this machine that leads here. */
function allow(port: number): void {
  policy.allowLoopback(port)
}

/** Agents join the fleet: the first of all polls as `poll://agent-0/`. */
function know({ thumbprints, from }: { thumbprints: readonly string[]; from: number }): void {
  thumbprints.forEach((thumbprint, i) => {
    const id = `agent-${from + i}`
    agents?.serve({ id, uri: `poll://${id}/`, thumbprint, services: [benchContract.service] })
  })
}

const roles = ['web', 'db', 'build', 'mail']

/** Agents that nobody dials and that are said to be there: what browsers see of a fleet costs no connections. */
function pretendFleet(count: number): void {
  for (let i = 0; i < count; i++) {
    agents?.serve(pretended(i))
    agents?.directory.report(`agent-${i}`, { type: 'reached', how: 'polls this gateway' }, { connections: 1 })
  }
}

function pretended(i: number): AgentDefinition {
  return {
    id: `agent-${i}`,
    uri: `poll://agent-${i}/`,
    thumbprint: i.toString(16).toUpperCase().padStart(40, '0'),
    services: [benchContract.service],
    tags: [`role=${roles[i % roles.length]}`, `site=${i % 50}`],
  }
}

/** So many of these agents change in a minute, evenly: most of them leave or come back, and one in ten is removed and added again. */
function stir(perMinute: number): void {
  let turn = 0
  setInterval(() => {
    const directory = agents?.directory
    // All of them in an order that looks like none.
    const i = (turn++ * 7_919) % ((directory?.ids().length ?? 1) - 1)
    const id = `agent-${i}`
    const state = directory?.get(id)?.state.at
    if (turn % 10 === 0) {
      directory?.remove(id)
      directory?.add(pretended(i))
    }
    if (state === 'connected') directory?.report(id, { type: 'gone', why: 'it has no connection to this gateway' }, { connections: 0 })
    else directory?.report(id, { type: 'reached', how: 'polls this gateway' }, { connections: 1 })
  }, 60_000 / perMinute).unref()
}

/** How many agents are connected, as browsers see it. */
function connected(): number {
  const directory = agents?.directory
  return directory?.ids().filter(id => directory.get(id)?.state.at === 'connected').length ?? 0
}

/** The port at which polling agents find it; by default any. */
async function listenForAgents(port = 0): Promise<number> {
  if (!mesh) throw new Error('not listening')
  return (await mesh.listen({ host: '127.0.0.1', port })).port
}

const resolutionMs = 5
let delays: IntervalHistogram | undefined

/** From now on it is measured how long the event loop keeps others waiting. */
function watchLoop(): void {
  delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
}

/** What it was since then, in milliseconds: what 99 of 100 timers were late at most. */
function loopDelay(): number {
  if (!delays) throw new Error('nobody watches')
  delays.disable()
  return Math.max(0, delays.percentile(99) / 1e6 - resolutionMs)
}

answer({ listen, allow, know, pretendFleet, stir, connected, listenForAgents, watchLoop, loopDelay, cpu, rss })
