import { setTimeout as pause } from 'node:timers/promises'
import { inflateRawSync } from 'node:zlib'
import type { RawPeer } from './raw-peer.ts'

/** Later than what was written before, so that it is read apart from it. */
export const late = Symbol('late')

/** What a recipe has a scripted peer write: pieces, each in a TLS write of its own. */
export type Step = Buffer | string | typeof late

/** The recordings waited 400 ms and more; the bytes before it only have to be read by then. */
const lateMs = 10

export async function sendSteps(peer: RawPeer, steps: readonly Step[]): Promise<void> {
  for (const step of steps) await (step === late ? pause(lateMs) : peer.write(step))
}

export function bytewise(bytes: Buffer | string): Step[] {
  return [...Buffer.from(bytes)].map(byte => Buffer.of(byte))
}

export function lastLate(bytes: Buffer, count: number): Step[] {
  return [bytes.subarray(0, -count), late, bytes.subarray(-count)]
}

/** Reads a message; `undefined` when the input ends before it is whole. */
export async function readFrame(peer: RawPeer): Promise<Buffer | undefined> {
  let whole = false
  const frame = await peer.readUntil(unread => {
    try {
      const { engine } = inflateRawSync(unread, { info: true }) as unknown as { engine: { bytesWritten: number } }
      whole = true
      return engine.bytesWritten
    } catch {
      return peer.ended
    }
  })
  return whole ? inflateRawSync(frame) : undefined
}

/** Reads up to that text; what there is when the input ends before. */
export async function readText(peer: RawPeer, end: string): Promise<string> {
  const bytes = await peer.readUntil(unread => {
    const at = unread.indexOf(end)
    return at < 0 ? peer.ended : at + end.length
  })
  return bytes.toString('latin1')
}
