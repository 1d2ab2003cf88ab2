import { inflateRawSync } from 'node:zlib'
import { decodeTree, encodeTree, mapStrings } from './bson-tree.ts'
import { deflated, emptyFinalBlock, emptyFixedBlock, hybrid, stored, straddling, syncFlushed } from './deflate-forms.ts'
import type { RawDialOptions } from './raw-peer.ts'
import { type RecordedCase, recordedCases, sentBytes } from './recorded-cases.ts'
import { bigText } from './sample-services.ts'
import { bytewise, lastLate, late, type Step } from './send-steps.ts'

/** What a scripted caller does, made from the description of a case. */
export interface CallerRecipe {
  /** Up to the answer `MX-SERVER`. */
  readonly opening: readonly Step[]
  /** Up to the first response. */
  readonly request: readonly Step[]
  /** After the first response, before anything else is read. */
  readonly afterFirst: readonly Step[]
  /** In place of NEXT, when all responses are there. */
  readonly word: readonly Step[]
  readonly endsInput: 'after opening' | 'after request' | 'no'
  /** What was given to SayHello, where the recipe made it. */
  readonly name: string | undefined
  readonly dial: RawDialOptions | 'no certificate' | 'untrusted'
}

const preamble = 'MX\r\n\r\n'
const identity = 'MX-CLIENT 1.0\r\n\r\n'

const ordinary = recordedCases.find(({ id }) => id === 'container-deflate')?.sentHex ?? ''
const ordinaryTree = decodeTree(inflateRawSync(Buffer.from(ordinary, 'hex')))

/** The document of the ordinary request with that name in place of Paul: 203 bytes and the name. */
export function sayHello(name: string): Buffer {
  return encodeTree(mapStrings(ordinaryTree, text => (text === 'Paul' ? name : text)))
}

const preambles: Readonly<Record<string, readonly Step[]>> = {
  'preamble-lf': ['MX\n\n'],
  'preamble-crlf': ['MX\r\n\r\n'],
  'preamble-mixed': ['MX\r\n\n'],
  'preamble-bytes': bytewise(preamble),
  'preamble-foo': ['MXfoo\n\n'],
  'preamble-lines': ['MX\nfurther\nlines\n\n'],
  'preamble-cr-between': ['MX\n\r\r\n'],
  'preamble-lower': ['mx\n\n'],
  'preamble-one-char': ['M\n\n'],
  'preamble-leading-newline': ['\n\nMX\n\n'],
  'preamble-space': [' MX\n\n'],
  'preamble-long': [`MX${'y'.repeat(30_000)}\n\n`],
  'preamble-long-page': [`GET ${'y'.repeat(30_000)}\r\n\r\n`],
}

const identities: Readonly<Record<string, readonly Step[]>> = {
  'identity-two-writes': ['MX-CLIENT 1.0\r\n', late, '\r\n'],
  'identity-bytes': bytewise(identity),
  'identity-lf': ['MX-CLIENT 1.0\n\n'],
  'identity-no-version': ['MX-CLIENT\r\n\r\n'],
  'identity-version-99': ['MX-CLIENT 9.9\r\n\r\n'],
  'identity-extra': ['MX-CLIENT 1.0 extra words\r\n\r\n'],
  'identity-spaces': ['  MX-CLIENT   1.0  \r\n\r\n'],
  'identity-lower': ['mx-client 1.0\r\n\r\n'],
  'identity-server': ['MX-SERVER 1.0\r\n\r\n'],
  'identity-other': ['MX-OTHER 1.0\r\n\r\n'],
  'identity-subscriber-no-id': ['MX-SUBSCRIBER 1.0\r\n\r\n'],
  'identity-subscriber-bad-uri': ['MX-SUBSCRIBER 1.0 relative\r\n\r\n'],
  'identity-empty-first': ['\r\nMX-CLIENT 1.0\r\n\r\n'],
  'identity-second-not-empty': ['MX-CLIENT 1.0\r\nmore\r\n'],
}

const words: Readonly<Record<string, readonly Step[]>> = {
  'control-empty-lines': ['\r\n\r\nNEXT\r\n'],
  'control-lf': ['NEXT\n'],
  'control-lower': ['next\r\n'],
  'control-trailing-space': ['NEXT \r\n'],
  'control-cr-x': ['NEXT\rX'],
  'control-end': ['END\r\n'],
  'control-nope': ['NOPE\r\n'],
  'control-split': ['NE', late, 'XT\r', late, '\n'],
}

/** Recipes that cut recorded bytes. */
const cuts: Readonly<Record<string, (bytes: Buffer) => readonly Step[]>> = {
  'container-byte-by-byte': bytewise,
  'container-last-byte-late': bytes => lastLate(bytes, 1),
  'container-stored-empty-final-late': bytes => lastLate(bytes, emptyFinalBlock.length),
  // The message is 224 bytes long.
  'stream-byte-by-byte': bytes => [bytes.subarray(0, 224), ...bytewise(bytes.subarray(224))],
}

const dials: Readonly<Record<string, CallerRecipe['dial']>> = {
  tls12: { maxVersion: 'TLSv1.2' },
  tls13: { minVersion: 'TLSv1.3' },
  'tls-no-certificate': 'no certificate',
  'tls-untrusted': 'untrusted',
}

/** What to do for a case `scripted listening client -> reference service`. */
export function callerRecipe(recorded: RecordedCase): CallerRecipe {
  const { id, group } = recorded
  const big = group === 'large messages' || id.startsWith('pipeline-large') ? largeRecipe(recorded) : undefined
  const bytes = sentBytes(recorded, () => (id === 'container-stored-1' ? stored(sayHello('Paul'), 1) : deflated(sayHello('Paul'))))
  const request = big?.request ?? cuts[id]?.(bytes) ?? [bytes]
  const start = [...(preambles[id] ?? [preamble]), ...(identities[id] ?? [identity])]
  const together = id === 'pipeline-with-identity'
  return {
    opening: together ? [Buffer.concat([Buffer.from(preamble + identity), bytes])] : start,
    request: together ? [] : request,
    afterFirst: id === 'pipeline-next-and-request' ? [Buffer.concat([Buffer.from('NEXT\r\n'), bytes])] : [],
    word: words[id] ?? ['NEXT\r\n'],
    endsInput: recorded.how === 'no-answer' ? 'after opening' : id === 'container-truncated' ? 'after request' : 'no',
    name: big?.name,
    dial: dials[id] ?? {},
  }
}

function largeRecipe({ id, description }: RecordedCase): { name: string; request: readonly Step[] } {
  const after = [Buffer.from('NEXT\r\n'), deflated(sayHello('Paul'))]
  const straddle = /^large-(\w+?)(?:-empty-final)?-straddle(\d)$/.exec(id)
  if (straddle) {
    const forms: Readonly<Record<string, (document: Buffer) => Buffer>> = {
      deflate: deflated,
      hybrid,
      stored: id.includes('empty') ? storedThenEmpty : document => stored(document),
    }
    const form = forms[straddle[1] as string] as (document: Buffer) => Buffer
    const { characters, bytes } = straddling(Number(straddle[2]), count => sayHello(textOf(count)), form)
    return { name: textOf(characters), request: [bytes] }
  }
  const payload = /payload (\d+) bytes/.exec(description)?.[1]
  const name = textOf(payload === undefined ? Number(/^limit-last-byte-late-(\d+)$/.exec(id)?.[1] ?? 200_000) : Number(payload) - 203)
  if (id === 'huge-20MB') {
    const huge = 'Paul'.repeat(5_000_000)
    return { name: huge, request: [deflated(sayHello(huge))] }
  }
  const document = sayHello(name)
  if (payload !== undefined) return { name, request: [storedThenEmpty(document)] }
  if (id.startsWith('limit-')) return { name, request: lastLate(deflated(document), 1) }
  const forms: Readonly<Record<string, () => readonly Step[]>> = {
    'large-deflate': () => [deflated(document)],
    'large-stored': () => [stored(document)],
    'large-stored-4096': () => [stored(document, 4_096)],
    'large-stored-empty-final': () => [storedThenEmpty(document)],
    'large-stored-empty-final-late': () => lastLate(storedThenEmpty(document), emptyFinalBlock.length),
    'large-deflate-last-byte-late': () => lastLate(deflated(document), 1),
    'large-deflate-last-4-late': () => lastLate(deflated(document), 4),
    'large-sync-final-late': () => [syncFlushed(document), late, emptyFixedBlock],
    'large-sync-final-same-write': () => [Buffer.concat([syncFlushed(document), emptyFixedBlock])],
    'large-sync-unfinished': () => [syncFlushed(document)],
    'large-hybrid-last-byte-late': () => lastLate(hybrid(document), 1),
    'large-stored-last-byte-late': () => lastLate(stored(document), 1),
    'pipeline-large-next': () => [Buffer.concat([deflated(document), ...after])],
    'pipeline-large-stored-final-next': () => [Buffer.concat([storedThenEmpty(document), ...after])],
  }
  const form = forms[id]
  if (!form) throw new Error(`no recipe for ${id}`)
  return { name, request: form() }
}

function storedThenEmpty(document: Buffer): Buffer {
  return Buffer.concat([stored(document, 65_535, false), emptyFinalBlock])
}

const longText = bigText(240_000)

function textOf(characters: number): string {
  return longText.slice(0, characters)
}
