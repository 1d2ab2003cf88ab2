import { readdirSync, readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import type { Attack, MessageKind } from './hostile-bytes.ts'

interface TranscriptEvent {
  readonly from: 'dialler' | 'acceptor'
  readonly kind: string
  readonly hex?: string
  readonly inflatedHex?: string
  readonly hexTruncated?: boolean
  readonly inflatedTruncated?: boolean
}

interface TranscriptFile {
  readonly mode: 'listening' | 'polling'
  readonly connections: readonly { readonly events: readonly TranscriptEvent[] }[]
}

/** What one side of the recorded conversations of a mode said. */
export interface Recordings {
  /** Whole conversations, the opening included. */
  readonly conversations: readonly Buffer[]
  /** Messages, inflated. */
  readonly documents: readonly Buffer[]
}

const folder = new URL('../vectors/transcripts/', import.meta.url)

/** Those that were not cut: they are all short. */
export function readRecordings(mode: 'listening' | 'polling', from: 'dialler' | 'acceptor'): Recordings {
  const conversations: Buffer[] = []
  const documents: Buffer[] = []
  for (const name of readdirSync(folder).sort()) {
    const transcript = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as TranscriptFile
    if (transcript.mode !== mode) continue
    for (const { events } of transcript.connections) {
      const said = events.filter(event => event.from === from)
      for (const { inflatedHex, inflatedTruncated } of said) {
        if (inflatedHex !== undefined && !inflatedTruncated) documents.push(Buffer.from(inflatedHex, 'hex'))
      }
      if (said.some(event => event.hexTruncated)) continue
      const bytes = Buffer.concat(said.map(({ hex = '' }) => Buffer.from(hex, 'hex')))
      if (bytes.length > 0) conversations.push(bytes)
    }
  }
  if (conversations.length === 0 || documents.length === 0) throw new Error(`nothing was recorded of the ${from} in ${mode}`)
  return { conversations, documents }
}

type Change = (bytes: Buffer) => Buffer

const place = fc.nat({ max: 1_000_000 })

/** One change at a random place: a flipped bit, another byte, bytes cut out, put in, said twice, or all after it gone. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 7 })).map(([at, bit]): Change => {
    return bytes => replaced(bytes, at % bytes.length, 1, Buffer.of((bytes[at % bytes.length] as number) ^ (1 << bit)))
  }),
  fc.tuple(place, fc.nat({ max: 255 })).map(([at, byte]): Change => {
    return bytes => replaced(bytes, at % bytes.length, 1, Buffer.of(byte))
  }),
  fc.tuple(place, fc.nat({ max: 64 })).map(
    ([at, length]): Change =>
      bytes =>
        replaced(bytes, at % bytes.length, length, Buffer.alloc(0)),
  ),
  fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 64 })).map(([at, more]): Change => {
    return bytes => replaced(bytes, at % bytes.length, 0, Buffer.from(more))
  }),
  fc.tuple(place, fc.nat({ max: 400 })).map(([at, length]): Change => {
    return bytes => replaced(bytes, at % bytes.length, 0, bytes.subarray(at % bytes.length, (at % bytes.length) + length))
  }),
  place.map(
    (at): Change =>
      bytes =>
        bytes.subarray(0, at % bytes.length),
  ),
)

function replaced(bytes: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), by, bytes.subarray(at + length)])
}

function changed(bytes: Buffer, changes: readonly Change[]): Buffer {
  return changes.reduce((now, each) => (now.length === 0 ? now : each(now)), bytes)
}

const noise = fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes))
const changes = fc.array(change, { minLength: 1, maxLength: 4 })

/** Noise, recorded conversations with changes, and recorded messages with changes inside the compression. */
export function randomAttacks({ conversations, documents }: Recordings, kind: MessageKind): fc.Arbitrary<Attack> {
  const attack = (name: string, after: Attack['after'], bytes: Buffer): Attack => ({ name, after, pieces: [bytes], ends: true })
  return fc.oneof(
    {
      weight: 1,
      arbitrary: fc.tuple(noise, fc.constantFrom('nothing', 'opening', 'exchange')).map(([bytes, after]) => attack('noise', after, bytes)),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...conversations), changes)
        .map(([bytes, some]) => attack('a changed conversation', 'nothing', changed(bytes, some))),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom(...documents), changes, noise)
        .map(([bytes, some, rest]) => attack(`a changed ${kind}`, 'opening', Buffer.concat([deflateRawSync(changed(bytes, some)), rest]))),
    },
  )
}
