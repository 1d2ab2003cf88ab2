import { setTimeout as pause } from 'node:timers/promises'
import { requireDescriptors } from '../../support/descriptors.ts'
import { identities } from '../identities.ts'
import { type Peer, startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { rawPair } from './contestants.ts'

const fleetSize = 8_000
/** Connections that let code and heap grow to their working size: not the price of one more. */
const firstAgents = 2_000
const token = 'hgw_start_bench'
const parallel = 8
const aloneMs = 4_000
/** For what takes as long as thousands of handshakes on a slow machine. */
const longMs = 180_000
/** A round takes more than a minute. */
const rounds = { rounds: 3, warmUpRounds: 0, lowerIsBetter: true }

/** One gateway that is killed, and what came of it. */
interface Reconnect {
  /** From the first agent that dials until all are connected; and as many raw handshakes. Milliseconds. */
  readonly ms: number
  readonly rawMs: number
  /** Of a browser’s calls meanwhile, and before. */
  readonly p99Ms: number
  readonly aloneMs: number
  readonly loopDelayMs: number
}

interface Gateway {
  readonly peer: Peer
  readonly agentPort: number
  close(): Promise<void>
}

/** A fleet, and what a browser calls beside it. Its gateway is another one in each round. */
interface World {
  reconnect(): Promise<Reconnect>
  close(): Promise<void>
}

async function openWorld(): Promise<World> {
  requireDescriptors(fleetSize)
  const { dialler, acceptor } = await identities()
  const raw = await rawPair('greet')
  const fleet = startPeer('fleet')
  const browser = startPeer('browser')
  const thumbprints = await fleet.ask<string[]>('create', { identity: dialler, count: fleetSize }, longMs)
  await fleet.ask('giveWay')

  /** A gateway that is ready for the fleet, with an agent that the browser has called. */
  async function gateway(agentPort: number): Promise<Gateway> {
    const peer = startPeer('gateway')
    const agent = startPeer('runtime')
    const uri = 'poll://bench/'
    const known = { uri, thumbprint: dialler.thumbprint }
    const port = await peer.ask<number>('listen', { identity: acceptor, agent: known, token, fleet: thumbprints })
    const its = await peer.ask<number>('listenForAgents', agentPort)
    await agent.ask('create', { identity: dialler, trust: acceptor.thumbprint })
    await agent.ask('serve')
    await agent.ask('poll', { subscription: uri, port: its, thumbprint: acceptor.thumbprint })
    await browser.ask('open', { port, token })
    await browser.ask('callsOf', 200)
    return { peer, agentPort: its, close: async () => void (await Promise.all([peer.stop(), agent.stop()])) }
  }

  return {
    async reconnect() {
      const rate = await raw.dialler.ask<number>('handshakes', { identity: dialler, port: raw.port, count: fleetSize, parallel }, longMs)
      const before = await gateway(0)
      const atFirst = fleet.ask('awaitAll', undefined, longMs)
      await fleet.ask('start', { port: before.agentPort, from: 0, to: fleetSize })
      await atFirst
      await browser.ask('startCalls')
      await pause(aloneMs)
      const alone = await browser.ask<number>('stopCalls')
      const firstDial = fleet.ask('awaitDial', undefined, longMs)
      await before.peer.kill()
      await before.close()
      const { peer, close } = await gateway(before.agentPort)
      const all = fleet.ask<{ ms: number }>('awaitAll', undefined, longMs)
      await firstDial
      await peer.ask('watchLoop')
      await browser.ask('startCalls')
      const { ms } = await all
      const p99Ms = await browser.ask<number>('stopCalls')
      const loopDelayMs = await peer.ask<number>('loopDelay')
      if ((await peer.ask('connected')) !== fleetSize + 1) throw new Error('the gateway does not know all agents as connected')
      await fleet.ask('halt')
      await close()
      return { ms, rawMs: (fleetSize / rate) * 1_000, p99Ms, aloneMs: alone, loopDelayMs }
    },
    close: async () => void (await Promise.all([raw.close(), fleet.stop(), browser.stop()])),
  }
}

/** The rounds of all rows that look at the same reconnect: who comes first runs it. */
const results: Reconnect[] = []

function reconnectRow(ours: (result: Reconnect) => number, rival: (result: Reconnect) => number): Pick<Row, 'open'> {
  let world: Promise<World> | undefined
  const result = async (round: number): Promise<Reconnect> => {
    const known = results[round]
    if (known) return known
    world ??= openWorld()
    const made = await (await world).reconnect()
    results[round] = made
    return made
  }
  return {
    async open(): Promise<Contest> {
      let [mine, theirs] = [0, 0]
      return {
        ours: async () => ours(await result(mine++)),
        rival: async () => rival(await result(theirs++)),
        close: async () => (await world)?.close(),
      }
    },
  }
}

/** KiB of a gateway for each agent that it knows and that is connected. Each time in a new process, since memory once taken stays. */
async function agentMemory(fleet: Peer, thumbprints: readonly string[]): Promise<number> {
  const { dialler, acceptor } = await identities()
  const gateway = startPeer('gateway')
  try {
    const agent = { uri: 'https://127.0.0.1:1/', thumbprint: dialler.thumbprint }
    await gateway.ask('listen', { identity: acceptor, agent, token, fleet: thumbprints.slice(0, firstAgents) })
    const port = await gateway.ask<number>('listenForAgents')
    const connect = async (from: number, to: number): Promise<number> => {
      const all = fleet.ask('awaitAll', undefined, longMs)
      await fleet.ask('start', { port, from, to })
      await all
      return gateway.ask<number>('rss')
    }
    const before = await connect(0, firstAgents)
    await gateway.ask('know', { thumbprints: thumbprints.slice(firstAgents), from: firstAgents })
    return ((await connect(firstAgents, firstAgents + fleetSize)) - before) / 1024 / fleetSize
  } finally {
    await fleet.ask('halt')
    await gateway.stop()
  }
}

/** KiB of a raw TLS socket on which nothing was said. */
async function socketMemory(): Promise<number> {
  const { dialler, acceptor } = await identities()
  const server = startPeer('raw')
  const diallers = startPeer('raw')
  try {
    const port = await server.ask<number>('listen', { identity: acceptor, mode: 'hold' })
    await diallers.ask('hold', { identity: dialler, port, count: firstAgents, parallel }, longMs)
    const before = await server.ask<number>('rss')
    await diallers.ask('hold', { identity: dialler, port, count: fleetSize, parallel }, longMs)
    return ((await server.ask<number>('rss')) - before) / 1024 / fleetSize
  } finally {
    await Promise.all([server.stop(), diallers.stop()])
  }
}

/** Thousands of agents of one gateway. */
export const fleetRows: readonly Row[] = [
  {
    name: 'reconnect of 8,000 polling agents after a kill of the gateway / as many raw mutual handshakes',
    floor: 1.6,
    aim: 1.2,
    unit: 'ms',
    ...rounds,
    ...reconnectRow(
      ({ ms }) => ms,
      ({ rawMs }) => rawMs,
    ),
  },
  {
    name: 'p99 of a browser’s calls during that reconnect of the fleet / alone',
    floor: 4,
    aim: 2,
    unit: 'ms',
    ...rounds,
    ...reconnectRow(
      ({ p99Ms }) => p99Ms,
      ({ aloneMs }) => aloneMs,
    ),
  },
  {
    name: 'p99 of the event loop’s delay during that reconnect of the fleet / 1 ms',
    floor: 100,
    aim: 30,
    unit: 'ms',
    ...rounds,
    ...reconnectRow(
      ({ loopDelayMs }) => loopDelayMs,
      () => 1,
    ),
  },
  {
    name: 'gateway RSS for each of 8,000 polling agents / raw idle TLS socket',
    floor: 1.5,
    aim: 1.2,
    unit: 'KiB',
    ...rounds,
    async open() {
      requireDescriptors(firstAgents + fleetSize)
      const { dialler } = await identities()
      const fleet = startPeer('fleet')
      const thumbprints = await fleet.ask<string[]>('create', { identity: dialler, count: firstAgents + fleetSize }, longMs)
      return { ours: () => agentMemory(fleet, thumbprints), rival: socketMemory, close: () => fleet.stop() }
    },
  },
]
