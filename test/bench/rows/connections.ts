import { identities } from '../identities.ts'
import { startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { rawPair, runtimeListener } from './contestants.ts'

const count = 500
const parallel = 8
const idleSockets = 2_000
/** Connections that load and compile what is needed, and let the heap grow to its working size: not the price of one more. */
const firstSockets = 2_000

/** What a caller says of itself. */
const greeting = 'MX\r\n\r\nMX-CLIENT 1.0\r\n\r\n'

/** The same dialler for both, which says who it is to ours and waits for the answer: the acceptors are compared. */
async function accepted(): Promise<Contest> {
  const { dialler } = await identities()
  const ours = await runtimeListener()
  const raw = await rawPair('greet')
  return {
    ours: () => raw.dialler.ask('handshakes', { identity: dialler, port: ours.port, count, parallel, greeting }),
    rival: () => raw.dialler.ask('handshakes', { identity: dialler, port: raw.port, count, parallel }),
    close: async () => void (await Promise.all([ours.agent.stop(), raw.close()])),
  }
}

/** KiB that an idle connection takes of the acceptor’s resident memory. Each time in a new process, since memory once taken stays. */
async function idle(kind: 'runtime' | 'raw'): Promise<number> {
  const { dialler, acceptor } = await identities()
  const server = startPeer(kind)
  const agents = startPeer('raw')
  try {
    if (kind === 'runtime') await server.ask('create', { identity: acceptor, trust: dialler.thumbprint })
    const port = await server.ask<number>('listen', { identity: acceptor, mode: 'hold' })
    const greeting = kind === 'runtime' ? 'MX\r\n\r\nMX-SUBSCRIBER 1.0 poll://agent-#/\r\n\r\n' : undefined
    await agents.ask('hold', { identity: dialler, port, count: firstSockets, greeting: greeting?.replace('#', 'first-#') })
    const before = await server.ask<number>('rss')
    await agents.ask('hold', { identity: dialler, port, count: idleSockets, greeting })
    if (kind === 'runtime' && (await server.ask('subscribers')) !== firstSockets + idleSockets) throw new Error('not all agents are there')
    return ((await server.ask<number>('rss')) - before) / 1024 / idleSockets
  } finally {
    await Promise.all([server.stop(), agents.stop()])
  }
}

export const connectionRows: readonly Row[] = [
  {
    name: 'accepted connections with identity and pin check / raw mutual handshakes',
    floor: 0.9,
    aim: 0.97,
    unit: 'connections/s',
    // A thousand connections is early for V8, and most of what a connection runs through here is not Node’s own.
    warmUpRounds: 10,
    open: accepted,
  },
  {
    name: 'idle polling agent, RSS / raw idle TLS socket',
    floor: 1.15,
    aim: 1.05,
    lowerIsBetter: true,
    unit: 'KiB',
    open: async () => ({ ours: () => idle('runtime'), rival: () => idle('raw'), close: async () => undefined }),
  },
]
