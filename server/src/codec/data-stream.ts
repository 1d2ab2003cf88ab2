import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
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

const progressPieceBytes = 64 * 1024

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
      throw new HalibutError('invalid_argument', `a data stream’s length must be a whole number from 0 to 2^53-1, not ${length}`)
    }
    this.id = id
    this.length = length
    this.#source = source
  }

  static fromBytes(bytes: Uint8Array): DataStream {
    return new DataStream(bytes.byteLength, {
      stable: true,
      pump: async sink => {
        if (bytes.byteLength > 0) await sink(bytes)
      },
    })
  }

  /** UTF-8 without a byte order mark; `length` counts bytes. */
  static fromString(text: string): DataStream {
    return DataStream.fromBytes(Buffer.from(text, 'utf8'))
  }

  /** A file’s content; its length is taken now, its bytes when the message is sent. */
  static async fromFile(path: string): Promise<DataStream> {
    const { size } = await stat(path)
    return DataStream.fromIterable(size, () => createReadStream(path, { highWaterMark: 256 * 1024 }))
  }

  /**
   * Any producer with a declared length; it must not change a chunk that it has yielded. One that yields another number of bytes fails
   * the call with `stream_size_mismatch`.
   */
  static fromIterable(length: number, open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>): DataStream {
    return new DataStream(length, {
      stable: true,
      async pump(sink) {
        for await (const chunk of open()) {
          const wait = sink(chunk)
          if (wait) await wait
        }
      },
    })
  }

  /**
   * The same content, with its progress told while it is sent or read: whole percents, each once, in order, 100 at the end. Large chunks
   * are passed on in pieces of 64 KiB. To be used in place of this stream.
   */
  withProgress(onPercent: (percent: number) => void): DataStream {
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
  pump(sink: ByteSink): Promise<void> {
    if (this.#consumed) {
      return Promise.reject(
        new HalibutError('stream_consumed', 'This stream has already been received once, and it cannot be read again.', {
          phase: 'stream',
        }),
      )
    }
    this.#consumed = true
    const source = this.#source
    if (!source) return Promise.reject(new HalibutError('stream_failed', `data stream ${this.id} has no content`, { phase: 'stream' }))
    return source.pump(sink)
  }

  /** Says that the content is not wanted; what still arrives is skipped. */
  discard(): void {
    if (this.#consumed) return
    this.#consumed = true
    this.#source?.discard?.()
  }

  /** The whole content in memory. Throws `message_too_large` beyond `maxBytes` (default 64 MiB). */
  async bytes(maxBytes: number = 64 * 1024 * 1024): Promise<Buffer> {
    const chunks: Buffer[] = []
    let total = 0
    await this.pump(chunk => {
      total += chunk.byteLength
      if (total > maxBytes) {
        throw new HalibutError('message_too_large', `the data stream is longer than the ${maxBytes} bytes asked for`, {
          advice: 'read it in pieces, or ask for more bytes',
        })
      }
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
    const file = await open(path, 'w')
    try {
      const { stable } = this
      await this.pump(chunk => writeWhole(file, stable ? chunk : Buffer.from(chunk)))
    } finally {
      await file.close()
    }
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
