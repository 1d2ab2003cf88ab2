import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { type BsonTree, decodeTree, elementAt } from './bson-tree.ts'
import type { Described } from './described-values.ts'
import { bigText, generatedBytes } from './sample-services.ts'

// test/vectors/transcripts: what they hold, with what was cut put back. The format is told in test/vectors/README.md.

export type Side = 'dialler' | 'acceptor'

export interface RecordedException {
  readonly type: string
  readonly message: string
  readonly connectionState?: string
  readonly inner?: RecordedException
}

export interface RecordedOutcome {
  readonly ok: boolean
  readonly result?: Described | null
  readonly content?: unknown
  readonly resultLength?: number
  readonly resultSha256?: string
  readonly exception?: RecordedException
}

export interface RecordedCall {
  readonly call: string
  readonly outcome: RecordedOutcome
}

/** What one side did, whole. */
export interface RecordedEvent {
  readonly from: Side
  readonly kind: string
  readonly text: string | undefined
  /** As on the wire. A message that was cut is compressed anew. */
  readonly bytes: Buffer
  /** Of a message, inflated. */
  readonly tree: BsonTree | undefined
}

export interface RecordedConnection {
  readonly tls: string
  readonly diallerPresentedCertificate: boolean
  readonly events: readonly RecordedEvent[]
}

export interface Transcript {
  readonly name: string
  readonly mode: 'listening' | 'polling'
  readonly description: string
  readonly calls: readonly RecordedCall[]
  readonly connections: readonly RecordedConnection[]
}

interface EventJson {
  readonly from: Side
  readonly kind: string
  readonly text?: string
  readonly hex?: string
  readonly inflatedHex?: string
  readonly bytes?: number
  readonly sha256?: string
  readonly inflatedBytes?: number
  readonly inflatedSha256?: string
}

interface TranscriptJson {
  readonly mode: Transcript['mode']
  readonly description: string
  readonly calls?: readonly RecordedCall[]
  readonly connections: readonly (Omit<RecordedConnection, 'events'> & { readonly events: readonly EventJson[] })[]
}

const folder = new URL('../vectors/transcripts/', import.meta.url)

/** The names of all of them, without `.json`. */
export const transcriptNames: readonly string[] = readdirSync(folder).map(file => file.replace(/\.json$/, ''))

export function readTranscript(name: string): Transcript {
  const { mode, description, calls = [], connections } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as TranscriptJson
  return { name, mode, description, calls, connections: connections.map(each => ({ ...each, events: each.events.map(wholeEvent) })) }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function wholeEvent(json: EventJson): RecordedEvent {
  const { from, kind, text, inflatedHex } = json
  const document = inflatedHex === undefined ? undefined : wholeDocument(json, Buffer.from(inflatedHex, 'hex'))
  const tree = document && decodeTree(document)
  return { from, kind, text, bytes: wholeBytes(json), tree }
}

function wholeBytes({ kind, hex = '', bytes, sha256: hash }: EventJson): Buffer {
  const recorded = Buffer.from(hex, 'hex')
  if (bytes === undefined || kind === 'message') return recorded
  const whole = generatedBytes(bytes)
  if (sha256(whole) !== hash) throw new Error(`a cut ${kind} is not what the formula gives`)
  return whole
}

/** The one long string of a cut message follows from sample-contracts.md; after it there are only ends of documents. */
function wholeDocument({ inflatedBytes, inflatedSha256 }: EventJson, recorded: Buffer): Buffer {
  if (inflatedBytes === undefined) return recorded
  const text = [bigText(100_000), bigParameter(100_000)].find(each => recorded.includes(each.slice(0, 64))) ?? ''
  const start = recorded.indexOf(text.slice(0, 64))
  const length = recorded.readInt32LE(start - 4) - 1
  const whole = Buffer.alloc(inflatedBytes)
  recorded.copy(whole, 0, 0, start)
  whole.write(text.padEnd(length, '.'), start, 'latin1')
  if (sha256(whole) !== inflatedSha256) throw new Error('a cut message is not what the formula gives')
  return whole
}

/** The parameter `{"big":n}` of a recorded call: like `Big(n)`, but from another start. */
export function bigParameter(length: number): string {
  return bigText(length, 99)
}

/** Message trees in a form to compare: without what may differ (README.md, “What counts as the same”). */
export function comparable(tree: BsonTree, idsMatter: boolean): unknown {
  const streams = streamIds(tree)
  const plain = (part: BsonTree, path: string): unknown =>
    part.map(([type, name, value]) => {
      const at = `${path}/${name}`
      if (at === '/Message/endpoint' || at === '/Message/activityId') return [name]
      if (at === '/Message/id' && !idsMatter) return [type, name, withoutIds(String(value))]
      if (at === '/Message/error/details') return [type, name, String(value).split('\n', 1)[0]]
      if (typeof value === 'string') return [type, name, value]
      if (!Buffer.isBuffer(value)) return [type, name, plain(value as BsonTree, at)]
      const hex = value.toString('hex')
      return [type, name, streams.has(hex) ? `stream ${streams.get(hex)}` : hex]
    })
  return plain(tree, '')
}

/** The ids of the data streams of a message (with length and subtype before them), numbered in the order of the document. */
export function streamIds(tree: BsonTree, found = new Map<string, number>()): Map<string, number> {
  const names = tree.map(([, name]) => name).filter(name => name !== '$type')
  if (names.join() === 'id,length') {
    const hex = (elementAt(tree, 'id')[2] as Buffer).toString('hex')
    if (!found.has(hex)) found.set(hex, found.size)
  }
  for (const [type, , value] of tree) if (type === 0x03 || type === 0x04) streamIds(value as BsonTree, found)
  return found
}

const guid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** A text without ids, counts of calls, ports and times. */
export function withoutIds(text: string): string {
  return text
    .replace(guid, '<guid>')
    .replace(/Async\[\d+\]/g, 'Async[<n>]')
    .replace(/localhost:\d+/g, 'localhost:<port>')
    .replace(/\d+ms/g, '<ms>')
    .replace(/\(\d\d:\d\d:\d\d(\.\d+)?\)/g, '(<time>)')
}
