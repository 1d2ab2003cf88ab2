import { identities } from '../identities.ts'
import { startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { listeningPair, pollingPair, type RuntimePair, rawPair } from './contestants.ts'

const measureMs = 400
/**
 * Against grpc-js processor time shall decide, not how soon an idle processor wakes for the next message: that differs tenfold between
 * machines, and we have two round trips a call where it has one.
 */
const callers = 4

async function againstPingPong(pair: Promise<RuntimePair>): Promise<Contest> {
  const ours = await pair
  const raw = await rawPair('echo')
  return {
    ours: () => ours.caller.ask('calls', { ...ours.target, measureMs, callers: 1 }),
    rival: () => raw.dialler.ask('pingPong', measureMs),
    close: async () => void (await Promise.all([ours.close(), raw.close()])),
  }
}

async function againstGrpc(): Promise<Contest> {
  const { dialler, acceptor } = await identities()
  const ours = await listeningPair()
  const server = startPeer('grpc')
  const client = startPeer('grpc')
  const port = await server.ask<number>('listen', { identity: acceptor, dialler })
  await client.ask('open', { identity: dialler, acceptor, port })
  return {
    ours: () => ours.caller.ask('calls', { ...ours.target, measureMs, callers }),
    rival: () => client.ask('calls', { measureMs, callers }),
    close: async () => void (await Promise.all([ours.close(), server.stop(), client.stop()])),
  }
}

/** Over connections that are open; against the ping-pong one call after another. */
const calls: readonly Row[] = [
  {
    name: 'direct call to a listening agent / mTLS ping-pong',
    floor: 0.34,
    aim: 0.42,
    unit: 'calls/s',
    open: () => againstPingPong(listeningPair()),
  },
  {
    name: 'direct call to a polling agent / mTLS ping-pong',
    floor: 0.52,
    aim: 0.65,
    unit: 'calls/s',
    open: () => againstPingPong(pollingPair()),
  },
  { name: 'direct call / grpc-js over mTLS', floor: 3, aim: 5, unit: 'calls/s', open: againstGrpc },
]

/** V8 has compiled what a call runs through after some ten thousand of them, a ping-pong after far fewer. */
export const callRows: readonly Row[] = calls.map(row => ({ ...row, warmUpRounds: 5 }))
