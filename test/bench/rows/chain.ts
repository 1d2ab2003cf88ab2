import { identities } from '../identities.ts'
import { type Peer, startPeer } from '../peer.ts'
import { runtimeListener } from './contestants.ts'

/** Signs in at the gateway. */
export const token = 'hgw_start_bench'

/** Who dials whom between gateway and agent. */
export type Agents = 'polling' | 'listening'

/** The product from end to end. */
export interface Chain {
  readonly browser: Peer
  readonly gateway: Peer
  readonly agent: Peer
  /** The gateway’s. */
  readonly port: number
  close(): Promise<void>
}

/** How its processes are started. */
export interface ChainOptions {
  /** For Node. */
  readonly flags?: readonly string[]
  /** The gateway does all that an operator has one do. */
  readonly operated?: boolean
}

/** A client, a gateway and an agent, each in a process of its own. */
export async function chain(agents: Agents = 'listening', options: ChainOptions = {}): Promise<Chain> {
  const { flags } = options
  const gateway = startPeer('gateway', flags)
  const browser = startPeer('browser', flags)
  const { agent, port } = agents === 'listening' ? await listeningAgent(gateway, options) : await pollingAgent(gateway, options)
  await browser.ask('open', { port, token })
  return { browser, gateway, agent, port, close: async () => void (await Promise.all([browser, gateway, agent].map(peer => peer.stop()))) }
}

/** An agent that the gateway dials, and the gateway’s port. */
async function listeningAgent(gateway: Peer, { flags, operated }: ChainOptions): Promise<{ agent: Peer; port: number }> {
  const { dialler, acceptor } = await identities()
  const { agent, port } = await runtimeListener(flags)
  const target = { uri: `https://127.0.0.1:${port}/`, thumbprint: acceptor.thumbprint }
  return { agent, port: await gateway.ask<number>('listen', { identity: dialler, agent: target, token, operated }) }
}

/** An agent that dials the gateway, and the gateway’s port. */
async function pollingAgent(gateway: Peer, { operated }: ChainOptions): Promise<{ agent: Peer; port: number }> {
  const { dialler, acceptor } = await identities()
  const uri = 'poll://bench/'
  const known = { uri, thumbprint: dialler.thumbprint }
  const port = await gateway.ask<number>('listen', { identity: acceptor, agent: known, token, operated })
  const agent = startPeer('runtime')
  await agent.ask('create', { identity: dialler, trust: acceptor.thumbprint })
  await agent.ask('serve')
  await agent.ask('poll', { subscription: uri, port: await gateway.ask<number>('listenForAgents'), thumbprint: acceptor.thumbprint })
  return { agent, port }
}

/**
 * At a time. The first thousand after a pause cost either side a third less, since a virtual machine that was idle wakes its processors more
 * cheaply for a while; a gateway that has something to do is past that.
 */
const cpuCalls = 8_000

/** Microseconds of a process for each of the calls that go through it, one after another. `callers`: so many at the same time, of the product’s client. */
export async function cpuOfCalls(process: Peer, caller: Peer, callers = 1): Promise<number> {
  const before = await process.ask<number>('cpu')
  await (callers === 1 ? caller.ask('callsOf', cpuCalls) : caller.ask('callsAtOnce', { count: cpuCalls, callers }))
  return ((await process.ask<number>('cpu')) - before) / cpuCalls
}
