import { isAnyArrayBuffer, isUint8Array } from 'node:util/types'
import { argumentText } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'

/**
 * Takes a chunk. `undefined`: go on at once. A promise: wait for it before the next chunk. The chunk is a view that is valid only during
 * the call; a sink that keeps bytes copies them.
 */
export type ByteSink = (chunk: Uint8Array) => Promise<void> | undefined

/** Where the content of a data stream comes from. */
export interface ByteSource {
  /** The chunks stay as they are after the sink returned, so that they need no copy. */
  readonly stable?: boolean
  /** Pushes the whole content into `sink`, in order; resolves at its end, rejects when it breaks off or `sink` throws. Called once. */
  pump(sink: ByteSink): Promise<void>
  /** The content will not be read (any more). */
  discard?(): void
}

/** What tells its length itself. */
export type SizedContent = string | Uint8Array | ArrayBuffer | Blob

/** What comes in pieces: a `Readable` of Node, a `ReadableStream`, any iterable, or a function that opens one. */
export type PiecedContent =
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | ReadableStream<Uint8Array>
  | (() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>)

/** A content’s length in bytes, and where it comes from. Throws `invalid_argument` for what is no content. */
export function sizedSource(content: SizedContent): { readonly length: number; readonly source: ByteSource } {
  if (typeof content === 'string') return sizedSource(Buffer.from(content, 'utf8'))
  if (isAnyArrayBuffer(content)) return sizedSource(new Uint8Array(content))
  if (isUint8Array(content)) {
    const pump = async (sink: ByteSink): Promise<void> => {
      if (content.byteLength > 0) await sink(content)
    }
    return { length: content.byteLength, source: { stable: true, pump } }
  }
  if (content instanceof Blob) return { length: content.size, source: piecedSource(() => content.stream()) }
  throw new HalibutError(
    'invalid_argument',
    `the content of a data stream: ${argumentText(content)} is neither text, bytes nor a Blob; what comes in pieces needs its length beside it`,
  )
}

/** Throws `invalid_argument` for what does not come in pieces. */
export function piecedSource(content: PiecedContent): ByteSource {
  if (typeof content !== 'function' && !isIterable(content)) {
    throw new HalibutError(
      'invalid_argument',
      `the content of a data stream: ${argumentText(content)} is no stream and no iterable of bytes`,
    )
  }
  return {
    stable: true,
    async pump(sink) {
      const pieces: unknown = typeof content === 'function' ? content() : content
      if (!isIterable(pieces)) throw notBytes(pieces)
      for await (const piece of pieces) {
        if (!isUint8Array(piece)) throw notBytes(piece)
        const wait = sink(piece)
        if (wait) await wait
      }
    },
    // What is a stream already keeps something open.
    discard: () => {
      if (typeof content !== 'function') void giveUp(content)
    },
  }
}

/** Ends a stream that nobody reads, or that its reader waits for. Other iterables have not been begun, or end when they are asked again. */
async function giveUp(content: object): Promise<void> {
  const { destroy, cancel } = content as { destroy?: () => unknown; cancel?: () => unknown }
  try {
    await (destroy ?? cancel)?.call(content)
  } catch {
    // Whoever does not want it has no use for what is wrong with it.
  }
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
}

function notBytes(piece: unknown): HalibutError {
  return new HalibutError('invalid_argument', `the content of a data stream: a piece of it is ${argumentText(piece)}, not a Uint8Array`, {
    phase: 'stream',
    advice: 'give bytes: without setEncoding() or object mode',
  })
}
