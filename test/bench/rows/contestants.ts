import { identities } from '../identities.ts'
import { type Peer, startPeer } from '../peer.ts'

/** Two processes of the product and the address at which one reaches the other. */
export interface RuntimePair {
  readonly caller: Peer
  readonly agent: Peer
  readonly target: { readonly uri: string; readonly thumbprint: string }
  close(): Promise<void>
}

/** A process of the product that listens and trusts the dialler. */
export async function runtimeListener(flags?: readonly string[]): Promise<{ agent: Peer; port: number }> {
  const { dialler, acceptor } = await identities()
  const agent = startPeer('runtime', flags)
  await agent.ask('create', { identity: acceptor, trust: dialler.thumbprint })
  await agent.ask('serve')
  return { agent, port: await agent.ask<number>('listen') }
}

/** A caller that dials an agent. */
export async function listeningPair(): Promise<RuntimePair> {
  const { dialler, acceptor } = await identities()
  const { agent, port } = await runtimeListener()
  const caller = startPeer('runtime')
  await caller.ask('create', { identity: dialler, trust: acceptor.thumbprint })
  return {
    caller,
    agent,
    target: { uri: `https://127.0.0.1:${port}/`, thumbprint: acceptor.thumbprint },
    close: async () => void (await Promise.all([agent.stop(), caller.stop()])),
  }
}

/** A caller that an agent dials. */
export async function pollingPair(): Promise<RuntimePair> {
  const { dialler, acceptor } = await identities()
  const agent = startPeer('runtime')
  const caller = startPeer('runtime')
  await caller.ask('create', { identity: acceptor, trust: dialler.thumbprint })
  await agent.ask('create', { identity: dialler, trust: acceptor.thumbprint })
  await agent.ask('serve')
  const port = await caller.ask<number>('listen')
  await agent.ask('poll', { subscription: 'poll://bench/', port, thumbprint: acceptor.thumbprint })
  return {
    caller,
    agent,
    target: { uri: 'poll://bench/', thumbprint: dialler.thumbprint },
    close: async () => void (await Promise.all([agent.stop(), caller.stop()])),
  }
}

/** Two processes of plain mutual TLS, with a connection open between them unless `mode` opens its own. */
export async function rawPair(
  mode: 'echo' | 'download' | 'upload' | 'greet',
  bytes = 0,
  flags?: readonly string[],
): Promise<{ dialler: Peer; acceptor: Peer; port: number; close(): Promise<void> }> {
  const { dialler, acceptor } = await identities()
  const server = startPeer('raw', flags)
  const client = startPeer('raw', flags)
  const port = await server.ask<number>('listen', { identity: acceptor, mode, bytes })
  if (mode !== 'greet') await client.ask('open', { identity: dialler, port })
  return { dialler: client, acceptor: server, port, close: async () => void (await Promise.all([server.stop(), client.stop()])) }
}
