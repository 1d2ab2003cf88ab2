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

/** A client, a gateway and an agent, each in a process of its own. */
export async function chain(agents: Agents = 'listening', flags?: readonly string[]): Promise<Chain> {
  const gateway = startPeer('gateway', flags)
  const browser = startPeer('browser', flags)
  const { agent, port } = agents === 'listening' ? await listeningAgent(gateway, flags) : await pollingAgent(gateway)
  await browser.ask('open', { port, token })
  return { browser, gateway, agent, port, close: async () => void (await Promise.all([browser, gateway, agent].map(peer => peer.stop()))) }
}

/** An agent that the gateway dials, and the gateway’s port. */
async function listeningAgent(gateway: Peer, flags: readonly string[] | undefined): Promise<{ agent: Peer; port: number }> {
  const { dialler, acceptor } = await identities()
  const { agent, port } = await runtimeListener(flags)
  const target = { uri: `https://127.0.0.1:${port}/`, thumbprint: acceptor.thumbprint }
  return { agent, port: await gateway.ask<number>('listen', { identity: dialler, agent: target, token }) }
}

/** An agent that dials the gateway, and the gateway’s port. */
async function pollingAgent(gateway: Peer): Promise<{ agent: Peer; port: number }> {
  const { dialler, acceptor } = await identities()
  const uri = 'poll://bench/'
  const port = await gateway.ask<number>('listen', { identity: acceptor, agent: { uri, thumbprint: dialler.thumbprint }, token })
  const agent = startPeer('runtime')
  await agent.ask('create', { identity: dialler, trust: acceptor.thumbprint })
  await agent.ask('serve')
  await agent.ask('poll', { subscription: uri, port: await gateway.ask<number>('listenForAgents'), thumbprint: acceptor.thumbprint })
  return { agent, port }
}
