import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { argumentText, checkArgument } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { type ByteSink, type ByteSource, type PiecedContent, piecedSource, type SizedContent, sizedSource } from './byte-source.ts'
import { ChunkReader, type OwnChunk } from './chunk-reader.ts'

export type { ByteSink, ByteSource, PiecedContent, SizedContent } from './byte-source.ts'

const maxBytesDefault = 64 * 1024 * 1024
const progressPieceBytes = 64 * 1024
const fileChunkBytes = 256 * 1024

/**
 * A stream of bytes that travels beside a message (spec §5): uncompressed, of a length told beforehand, never whole in memory.
 * The same class for what we send and what we receive. The content can be read once.
 */
export class DataStream {
  /** A GUID, lower-case 8-4-4-4-12. */
  readonly id: string
  /** In bytes: what the sender declared. */
  readonly length: number
  #source: ByteSource | undefined
  #consumed = false

  constructor(length: number, source: ByteSource | undefined, id: string = randomUUID()) {
    if (!Number.isSafeInteger(length) || length < 0) {
      throw new HalibutError(
        'invalid_argument',
        `a data stream’s length must be a whole number from 0 to 2^53-1, not ${argumentText(length)}`,
      )
    }
    this.id = id
    this.length = length
    this.#source = source
  }

  /**
   * Whatever has a content: text (UTF-8 without a byte order mark), bytes, a `Blob`; or, with its `length` in bytes, what comes in pieces: a
   * `Readable` of Node, a `ReadableStream`, an iterable of bytes, or a function that opens one when the message is sent. A chunk must not
   * change once it was yielded. A producer of another number of bytes fails the call with `stream_size_mismatch`.
   */
  static from(content: SizedContent): DataStream
  static from(content: PiecedContent, length: number): DataStream
  static from(content: SizedContent | PiecedContent, length?: number): DataStream {
    if (length !== undefined) return new DataStream(length, piecedSource(content as PiecedContent))
    const sized = sizedSource(content as SizedContent)
    return new DataStream(sized.length, sized.source)
  }

  static fromBytes(bytes: Uint8Array): DataStream {
    return DataStream.from(bytes)
  }

  /** UTF-8 without a byte order mark; `length` counts bytes. */
  static fromString(text: string): DataStream {
    return DataStream.from(text)
  }

  /** A file’s content; its length is taken now, its bytes when the message is sent. Throws `invalid_argument` where there is no such file. */
  static async fromFile(path: string): Promise<DataStream> {
    const size = await fileSize(path)
    return DataStream.fromIterable(size, () => createReadStream(path, { highWaterMark: fileChunkBytes }))
  }

  /** As {@link from}: a producer that is opened when the message is sent. */
  static fromIterable(length: number, open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>): DataStream {
    return DataStream.from(open, length)
  }

  /**
   * The same content, with its progress told while it is sent or read: whole percents, each once, in order, 100 at the end. Large chunks
   * are passed on in pieces of 64 KiB. To be used in place of this stream.
   */
  withProgress(onPercent: (percent: number) => void): DataStream {
    checkArgument(onPercent, 'the listener of withProgress()', 'function')
    const { length } = this
    let passed = 0
    let told = 0
    const tell = (): void => {
      const percent = length === 0 ? 100 : Math.min(100, Math.floor((passed / length) * 100))
      while (told < percent) onPercent(++told)
    }
    return new DataStream(length, {
      stable: this.stable,
      pump: async sink => {
        await this.pump(async chunk => {
          for (let at = 0; at < chunk.byteLength; at += progressPieceBytes) {
            const piece = chunk.subarray(at, at + progressPieceBytes)
            const wait = sink(piece)
            if (wait) await wait
            passed += piece.byteLength
            tell()
          }
        })
        tell()
      },
      discard: () => this.discard(),
    })
  }

  /** Gives a stream that was declared by a received message its content. */
  attach(source: ByteSource): void {
    this.#source = source
  }

  /** Whether the chunks that {@link pump} hands out stay valid after the sink returned. */
  get stable(): boolean {
    return this.#source?.stable === true
  }

  /** Whether its content has been (or is being) read. */
  get consumed(): boolean {
    return this.#consumed
  }

  /** Pushes the content into `sink`, without a promise a chunk. Throws `stream_consumed` the second time. */
  async pump(sink: ByteSink): Promise<void> {
    checkArgument(sink, 'the sink of pump()', 'function')
    return this.#take().pump(sink)
  }

  /**
   * The content as it comes, as a web stream. Nothing is read ahead; cancelling it gives the rest up. Throws `stream_consumed` the second
   * time.
   */
  stream(): ReadableStream<OwnChunk> {
    const chunks = new ChunkReader(this.#take())
    return new ReadableStream<OwnChunk>(
      {
        pull: async controller => {
          const chunk = await chunks.next()
          if (chunk) controller.enqueue(chunk)
          else controller.close()
        },
        cancel: () => chunks.cancel(),
      },
      { highWaterMark: 0 },
    )
  }

  /** The content as it comes, as a stream of Node, for `pipeline` and the like. Destroying it gives the rest up. Throws as {@link stream}. */
  readable(): Readable {
    const chunks = new ChunkReader(this.#take())
    const readable = new Readable({
      read: () =>
        void chunks.next().then(
          chunk => readable.push(chunk ?? null),
          (why: Error) => readable.destroy(why),
        ),
      destroy: (why, done) => {
        chunks.cancel()
        done(why)
      },
    })
    return readable
  }

  /** The content as it comes: `for await (const chunk of stream)`. Leaving the loop gives the rest up. Throws `stream_consumed` the second time. */
  async *[Symbol.asyncIterator](): AsyncGenerator<OwnChunk, void, void> {
    const chunks = new ChunkReader(this.#take())
    try {
      for (let chunk = await chunks.next(); chunk; chunk = await chunks.next()) yield chunk
    } finally {
      chunks.cancel()
    }
  }

  /** Says that the content is not wanted; what still arrives is skipped. */
  discard(): void {
    if (this.#consumed) return
    this.#consumed = true
    this.#source?.discard?.()
  }

  /** The whole content in memory. Throws `message_too_large` beyond `maxBytes`, default 64 MiB. */
  async bytes(maxBytes: number = maxBytesDefault): Promise<Buffer> {
    checkArgument(maxBytes, 'maxBytes', 'number')
    if (!this.#consumed && this.length > maxBytes) {
      this.discard()
      throw tooLong(this.length, maxBytes)
    }
    const chunks: Buffer[] = []
    let total = 0
    await this.pump(chunk => {
      total += chunk.byteLength
      if (total > maxBytes) throw tooLong(total, maxBytes)
      chunks.push(Buffer.from(chunk))
      return undefined
    })
    return Buffer.concat(chunks, total)
  }

  /** The whole content as UTF-8 text; limits as for {@link bytes}. */
  async text(maxBytes?: number): Promise<string> {
    return (await this.bytes(maxBytes)).toString('utf8')
  }

  /** Writes the content to a file, which is replaced where it exists, and is left as far as it got where the content breaks off. */
  async saveTo(path: string): Promise<void> {
    // Before the file is touched: it may hold what was read the first time.
    if (this.#consumed) throw alreadyRead()
    checkPath(path)
    const file = await open(path, 'w').catch((cause: unknown) => {
      throw unusable(path, cause)
    })
    try {
      const { stable } = this
      await this.pump(chunk => writeWhole(file, stable ? chunk : Buffer.from(chunk)))
    } finally {
      await file.close()
    }
  }

  #take(): ByteSource {
    if (this.#consumed) throw alreadyRead()
    this.#consumed = true
    const source = this.#source
    if (!source) throw new HalibutError('stream_failed', `data stream ${this.id} has no content`, { phase: 'stream' })
    return source
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at)).bytesWritten
}

function alreadyRead(): HalibutError {
  return new HalibutError('stream_consumed', 'This stream has already been received once, and it cannot be read again.', {
    phase: 'stream',
  })
}

function tooLong(bytes: number, maxBytes: number): HalibutError {
  return new HalibutError('message_too_large', `the data stream has ${bytes} bytes, maxBytes is ${maxBytes}`, {
    phase: 'stream',
    advice: 'read it in pieces, or raise maxBytes',
  })
}

async function fileSize(path: string): Promise<number> {
  checkPath(path)
  const found = await stat(path).catch((cause: unknown) => {
    throw unusable(path, cause)
  })
  if (found.isFile()) return found.size
  throw new HalibutError('invalid_argument', `the file of a data stream, ${path}: it is no file of a known length`)
}

function unusable(path: string, cause: unknown): HalibutError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const why = missing ? 'there is no such file or folder' : messageOf(cause)
  return new HalibutError('invalid_argument', `the file of a data stream, ${path}: ${why}`, { cause })
}

function checkPath(path: unknown): void {
  if (typeof path === 'string' && path !== '') return
  throw new HalibutError('invalid_argument', `the file of a data stream: its path must be text, not ${argumentText(path)}`)
}
