import { identities } from '../identities.ts'
import { type Peer, startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { type Agents, type Chain, chain, cpuOfCalls, token } from './chain.ts'
import { rawPair } from './contestants.ts'

const measureMs = 400
const streamBytes = 192 * 1024 * 1024
const idleSockets = 2_000
const firstSockets = 2_000
/**
 * For every process of both sides. V8 collects the whole heap at every 18 MB of received buffers where that is just above 8 MB, as in the
 * client of the bench, and never where it is below, as in the rival’s processes, or at 20 MB, as in the gateway. With room it makes no
 * difference on which side a heap happens to lie.
 */
const streamFlags = ['--heap-growing-percent=400']

/** The same hops with nothing but `ws`, JSON and mutual TLS; with `asksFirst` with as many round trips as a listening agent needs. */
async function twoHops(asksFirst: boolean): Promise<{ client: Peer; middle: Peer; close(): Promise<void> }> {
  const { dialler, acceptor } = await identities()
  const behind = startPeer('raw')
  const echoPort = await behind.ask<number>('listen', { identity: acceptor, mode: 'echo' })
  const middle = startPeer('middle')
  const client = startPeer('middle')
  await client.ask('open', await middle.ask<number>('listen', { identity: dialler, echoPort, asksFirst }))
  return { client, middle, close: async () => void (await Promise.all([client, middle, behind].map(peer => peer.stop()))) }
}

async function againstTwoHops(agents: Agents, asksFirst: boolean): Promise<Contest> {
  const [ours, rival] = [await chain(agents), await twoHops(asksFirst)]
  return {
    ours: () => ours.browser.ask('calls', { measureMs, callers: 1 }),
    rival: () => rival.client.ask('calls', { measureMs, callers: 1 }),
    close: async () => void (await Promise.all([ours.close(), rival.close()])),
  }
}

async function processorTime(agents: Agents, asksFirst: boolean): Promise<Contest> {
  const [ours, rival] = [await chain(agents), await twoHops(asksFirst)]
  return {
    ours: () => cpuOfCalls(ours.gateway, ours.browser),
    rival: () => cpuOfCalls(rival.middle, rival.client),
    close: async () => void (await Promise.all([ours.close(), rival.close()])),
  }
}

async function againstTrpc(): Promise<Contest> {
  const ours = await chain()
  const server = startPeer('trpc')
  const client = startPeer('trpc')
  await client.ask('open', await server.ask<number>('listen'))
  return {
    ours: () => ours.browser.ask('calls', { measureMs, callers: 1 }),
    rival: () => client.ask('calls', { measureMs, callers: 1 }),
    close: async () => void (await Promise.all([ours.close(), server.stop(), client.stop()])),
  }
}

type Way = 'download' | 'upload'

async function stream(way: Way): Promise<Contest> {
  const ours = await chain('listening', { flags: streamFlags })
  const raw = await rawPair(way, streamBytes, streamFlags)
  return {
    ours: () => ours.browser.ask(way, streamBytes),
    rival: () => raw.dialler.ask(way, streamBytes),
    close: async () => void (await Promise.all([ours.close(), raw.close()])),
  }
}

async function againstBareRelay(way: Way): Promise<Contest> {
  const ours = await chain('listening', { flags: streamFlags })
  const relay = await bareRelay(way)
  return {
    ours: () => ours.browser.ask(way, streamBytes),
    rival: () => relay.browser.ask(way, streamBytes),
    close: async () => void (await Promise.all([ours.close(), relay.close()])),
  }
}

/** The content of a raw pair through a process that only hands it on. */
async function bareRelay(way: Way): Promise<{ browser: Peer; close(): Promise<void> }> {
  const { dialler } = await identities()
  const module = way === 'download' ? 'relay-down' : 'relay-up'
  const raw = await rawPair(way, streamBytes, streamFlags)
  const relay = startPeer(module, streamFlags)
  const browser = startPeer(module, streamFlags)
  await browser.ask('open', await relay.ask<number>('listen', { identity: dialler, port: raw.port, bytes: streamBytes }))
  return { browser, close: async () => void (await Promise.all([browser.stop(), relay.stop(), raw.close()])) }
}

/** KiB that an idle browser takes of the gateway’s resident memory. Each time in new processes, since memory once taken stays. */
async function idle(kind: 'gateway' | 'middle'): Promise<number> {
  const { dialler, acceptor } = await identities()
  const server = startPeer(kind)
  const browsers = startPeer('browser')
  try {
    const agent = { uri: 'https://127.0.0.1:1/', thumbprint: acceptor.thumbprint }
    const port = await server.ask<number>('listen', kind === 'gateway' ? { identity: dialler, agent, token } : {})
    const hello = kind === 'gateway'
    await browsers.ask('hold', { port, token, count: firstSockets, hello })
    const before = await server.ask<number>('rss')
    await browsers.ask('hold', { port, token, count: idleSockets, hello })
    return ((await server.ask<number>('rss')) - before) / 1024 / idleSockets
  } finally {
    await Promise.all([server.stop(), browsers.stop()])
  }
}

async function besideSlowReaders(): Promise<Contest> {
  const ours = await chain()
  return {
    ours: () => ours.browser.ask('slowest', { measureMs: 2 * measureMs, beside: true }),
    rival: () => ours.browser.ask('slowest', { measureMs: 2 * measureMs, beside: false }),
    close: () => ours.close(),
  }
}

/** Milliseconds from a cancel in the client to the end of the call in the agent. */
async function timeToCancel({ browser, agent }: Chain): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 20; i++) {
    const begun = agent.ask('hanging')
    await browser.ask('hang')
    await begun
    const at = await browser.ask<number>('cancel')
    times.push((await agent.ask<number>('hungUp')) - at)
  }
  return times.reduce((sum, each) => sum + each, 0) / times.length
}

async function cancelled(): Promise<Contest> {
  const ours = await chain()
  return {
    ours: () => timeToCancel(ours),
    rival: async () => 1_000 / (await ours.browser.ask<number>('calls', { measureMs, callers: 1 })),
    close: () => ours.close(),
  }
}

/** The gateway beside a relay that has nothing of the product, and beside what one hop reaches, which differs twofold between machines. */
function streams(direction: 'down' | 'up', goal: { floor: number; aim: number }): readonly Row[] {
  const way = direction === 'down' ? 'download' : 'upload'
  const measured = { unit: 'MB/s', warmUpRounds: 2, moreRounds: 2 }
  return [
    { name: `data stream ${direction} through the gateway / a bare relay`, ...goal, ...measured, open: () => againstBareRelay(way) },
    { name: `data stream ${direction} through the gateway / raw mTLS`, ...measured, open: () => stream(way) },
  ]
}

/**
 * Calls beside two hops that do the same work: one round trip to a polling agent, two to a listening one. Of the latter also beside a
 * single round trip, without a goal: what the protocol’s own question costs.
 */
function calls(agents: Agents, asksFirst: boolean): readonly Row[] {
  const isGoal = (agents === 'listening') === asksFirst
  const hops = asksFirst ? 'two hops that ask first' : 'two hops'
  return [
    {
      name: `call through the gateway / ${hops} with JSON, ${agents} agent`,
      ...(isGoal ? (asksFirst ? { floor: 0.58, aim: 0.72 } : { floor: 0.6, aim: 0.75 }) : {}),
      unit: 'calls/s',
      warmUpRounds: 20,
      moreRounds: 3,
      open: () => againstTwoHops(agents, asksFirst),
    },
    {
      name: `gateway CPU per call / the middle process of ${hops} with JSON, ${agents} agent`,
      ...(isGoal ? (asksFirst ? { floor: 1.45, aim: 1.2 } : { floor: 1.6, aim: 1.3 }) : {}),
      lowerIsBetter: true,
      unit: 'µs',
      warmUpRounds: 4,
      moreRounds: 2,
      open: () => processorTime(agents, asksFirst),
    },
  ]
}

/** What goes through the gateway. */
export const gatewayRows: readonly Row[] = [
  ...calls('polling', false),
  ...calls('listening', true),
  ...calls('listening', false),
  { name: 'call through the gateway / one hop of tRPC', floor: 2, aim: 3.5, unit: 'calls/s', warmUpRounds: 6, open: againstTrpc },
  ...streams('down', { floor: 0.97, aim: 1.1 }),
  ...streams('up', { floor: 1, aim: 1.15 }),
  {
    name: 'idle browser, RSS / raw idle ws socket',
    floor: 1.5,
    aim: 1.15,
    lowerIsBetter: true,
    unit: 'KiB',
    open: async () => ({ ours: () => idle('gateway'), rival: () => idle('middle'), close: async () => undefined }),
  },
  {
    name: 'p99 of calls beside a slow and a stopped reader on the same socket / alone',
    floor: 2,
    aim: 1.5,
    lowerIsBetter: true,
    unit: 'ms',
    warmUpRounds: 2,
    open: besideSlowReaders,
  },
  {
    name: 'time from a cancel in the client to the agent / round trip of a call',
    floor: 2,
    aim: 1,
    lowerIsBetter: true,
    unit: 'ms',
    open: cancelled,
  },
]
