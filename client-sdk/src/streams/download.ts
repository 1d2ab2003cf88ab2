import { clientLimits, type ErrorKind } from '@halibut-gateway/schemas/wire'
import { GatewayError } from '../errors.ts'

/** Lower-case hexadecimal. */
export interface Digests {
  readonly sha256?: string
  readonly sha1?: string
}

/** What a download tells. */
export interface DownloadEvents {
  /** The gateway may send the bytes before `offset`. */
  credit(offset: number): void
  cancel(reason: string): void
  /** Nothing of it comes any more. */
  over(): void
}

const { streamCreditBytes } = clientLimits
const maxBytesDefault = 64 * 1024 * 1024

/** A data stream from an agent. Its content can be read once, in one of several ways; unread, it waits at the gateway for 10 minutes. */
export class Download {
  /** In bytes. */
  readonly length: number
  readonly #events: DownloadEvents
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #received = 0
  #taken = 0
  #creditedAt = 0
  #ended = false
  #error: GatewayError | undefined
  #over = false
  #used = false
  #wake: (() => void) | undefined
  readonly #digests: Promise<Digests>
  #tellDigests: (digests: Digests) => void = () => undefined

  constructor(length: number, events: DownloadEvents) {
    this.length = length
    this.#events = events
    this.#digests = new Promise(resolve => {
      this.#tellDigests = resolve
    })
  }

  /** SHA-256, lower-case hexadecimal, once all has come and where the call asked for a `digest`; else `undefined`. Never rejects. */
  get sha256(): Promise<string | undefined> {
    return this.#digests.then(({ sha256 }) => sha256)
  }

  /** The same where the call asked for `digest: 'sha1'`. */
  get sha1(): Promise<string | undefined> {
    return this.#digests.then(({ sha1 }) => sha1)
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#received
  }

  /** The content as it comes. Cancelling the stream cancels the download. Throws `stream_consumed` the second time. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#use()
    return new ReadableStream(
      {
        pull: async controller => {
          const chunk = await this.#next()
          if (chunk) controller.enqueue(chunk)
          else controller.close()
        },
        cancel: reason => this.cancel(typeof reason === 'string' ? reason : undefined),
      },
      { highWaterMark: 0 },
    )
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    this.#use()
    try {
      for (let chunk = await this.#next(); chunk; chunk = await this.#next()) yield chunk
    } finally {
      this.cancel()
    }
  }

  /** The whole content. Rejects with `message_too_large` beyond `maxBytes`, default 64 MiB. */
  async bytes(maxBytes: number = maxBytesDefault): Promise<Uint8Array<ArrayBuffer>> {
    if (this.length > maxBytes) {
      this.cancel()
      throw broken(
        'message_too_large',
        `the data stream has ${this.length} bytes, maxBytes is ${maxBytes}`,
        'read it in pieces, or raise maxBytes',
      )
    }
    const all = new Uint8Array(this.length)
    let at = 0
    for await (const chunk of this) {
      all.set(chunk, at)
      at += chunk.byteLength
    }
    return all
  }

  /** The whole content as UTF-8 text. Limits as for {@link bytes}. */
  async text(maxBytes?: number): Promise<string> {
    return new TextDecoder().decode(await this.bytes(maxBytes))
  }

  /** The whole content as a Blob, which a browser may keep on disk. */
  async blob(type = ''): Promise<Blob> {
    const chunks: Uint8Array<ArrayBuffer>[] = []
    for await (const chunk of this) chunks.push(chunk)
    return new Blob(chunks, { type })
  }

  /** Says that the content is not wanted (any more). */
  cancel(reason = 'the reader does not want it'): void {
    if (this.#over) return
    if (!this.#isComplete()) this.#events.cancel(reason)
    this.fail(broken('cancelled', `the download was cancelled: ${reason}`))
  }

  /** Content came. */
  receive(offset: number, content: Uint8Array<ArrayBuffer>): void {
    if (this.#over || offset + content.byteLength <= this.#received) return
    if (offset > this.#received || offset + content.byteLength > this.length) {
      this.#events.cancel('not the next bytes')
      this.fail(broken('protocol_error', `not the bytes after ${this.#received} came`))
      return
    }
    // After a resume the first bytes may be there already.
    const fresh = content.subarray(this.#received - offset)
    this.#received += fresh.byteLength
    this.#chunks.push(fresh)
    this.#wake?.()
  }

  /** The gateway has sent all. */
  ended({ length, ...digests }: { readonly length: number } & Digests): void {
    this.#ended = true
    if (length === this.length) this.#tellDigests(digests)
    else this.fail(broken('stream_size_mismatch', `the data stream has ${length} bytes instead of ${this.length}`))
    this.#wake?.()
  }

  /** It breaks off: readers get `error` after what has come. */
  fail(error: GatewayError): void {
    if (this.#over) return
    this.#error = error
    this.#tellDigests({})
    this.#finish()
  }

  /** Says the credit once more, after a resume. */
  repeatCredit(): void {
    this.#events.credit(this.#taken + streamCreditBytes)
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk) {
        this.#took(chunk.byteLength)
        return chunk
      }
      if (this.#error) throw this.#error
      if (this.#isComplete()) {
        this.#finish()
        return undefined
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #took(bytes: number): void {
    this.#taken += bytes
    if (this.#taken < this.length && this.#taken - this.#creditedAt < streamCreditBytes / 2) return
    this.#creditedAt = this.#taken
    if (!this.#over) this.repeatCredit()
  }

  #isComplete(): boolean {
    return this.#ended && this.#received === this.length && this.#chunks.length === 0
  }

  #use(): void {
    if (this.#used) throw broken('stream_consumed', 'a data stream is read once')
    this.#used = true
  }

  #finish(): void {
    if (this.#over) return
    this.#over = true
    this.#events.over()
    this.#wake?.()
  }
}

/** Why a data stream of an answer is not read to its end: the call has run. */
function broken(kind: ErrorKind, message: string, advice?: string): GatewayError {
  return new GatewayError(kind, message, { phase: 'stream', delivery: 'executed', advice })
}
