import type { Contest, Row } from '../rounds.ts'
import { listeningPair, rawPair } from './contestants.ts'

const bytes = 192 * 1024 * 1024

async function contest(direction: 'download' | 'upload'): Promise<Contest> {
  const ours = await listeningPair()
  const raw = await rawPair(direction, bytes)
  return {
    ours: () => ours.caller.ask(direction, { ...ours.target, bytes }),
    rival: () => raw.dialler.ask(direction, bytes),
    close: async () => void (await Promise.all([ours.close(), raw.close()])),
  }
}

/** One data stream in a call, against the same bytes over plain mutual TLS in writes of 64 KiB, read with `data` events. */
export const streamRows: readonly Row[] = [
  {
    name: 'direct data stream, the dialler reads / raw mTLS with data events',
    floor: 1.0,
    aim: 1.25,
    unit: 'MB/s',
    open: () => contest('download'),
  },
  {
    name: 'direct data stream, the acceptor reads / raw mTLS with data events',
    floor: 0.85,
    aim: 1.0,
    unit: 'MB/s',
    open: () => contest('upload'),
  },
]
