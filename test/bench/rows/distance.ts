import { startPeer } from '../peer.ts'
import type { Contest, Row } from '../rounds.ts'
import { chain, token } from './chain.ts'

const bytes = 64 * 1024 * 1024
type Way = 'download' | 'upload'

/** The product and plain HTTP, each beyond a relay of its own that delays and paces in the same way. */
async function contest(way: Way, roundTripMs: number, megabits: number): Promise<Contest> {
  const distance = { roundTripMs, bytesPerSecond: (megabits / 8) * 1e6 }
  const [relay, ours] = [startPeer('distance'), await chain('listening')]
  const far = await relay.ask<number>('listen', { port: ours.port, distance })
  await ours.gateway.ask('allow', far)
  await ours.browser.ask('open', { port: far, token })
  const [server, client] = [startPeer('http'), startPeer('http')]
  await client.ask('open', await relay.ask<number>('listen', { port: await server.ask<number>('listen', bytes), distance }))
  return {
    ours: () => ours.browser.ask(way, bytes),
    rival: () => client.ask(way, bytes),
    close: async () => void (await Promise.all([ours.close(), ...[relay, server, client].map(peer => peer.stop())])),
  }
}

function rows(roundTripMs: number, megabits: number): readonly Row[] {
  return (['download', 'upload'] as const).map(way => ({
    name: `data stream ${way === 'download' ? 'down' : 'up'} at a distance of ${roundTripMs} ms and ${megabits} Mbit/s / plain HTTP`,
    floor: 0.7,
    aim: 0.9,
    unit: 'MB/s',
    // One takes six seconds at 100 Mbit/s, and there is little between them but the line.
    rounds: 3,
    open: () => contest(way, roundTripMs, megabits),
  }))
}

/** A browser that is far away. */
export const distanceRows: readonly Row[] = [...rows(100, 100), ...rows(20, 400)]
