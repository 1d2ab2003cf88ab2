import { type ErrorKind, type FrameHeader, streamCreditBytes, streamWindowBytes } from '@halibut-gateway/schemas/wire'
import { GatewayError } from '../errors.ts'

/** Lower-case hexadecimal. */
export interface Digests {
  readonly sha256?: string
  readonly sha1?: string
}

/** What a download tells. */
export interface DownloadEvents {
  /** The gateway may send the bytes before `offset`, and need not keep those before `acknowledged`. */
  credit(offset: number, acknowledged: number): void
  cancel(reason: string): void
  /** Nothing of it comes any more. */
  over(): void
}

/** A reader that has no more than this to take is not behind: what it is at comes frame by frame. */
const frameBytes = 64 * 1024
const maxBytesDefault = 64 * 1024 * 1024

/** What the windows of a session have together beyond the `streamCreditBytes` that each begins with. */
export interface Windows {
  /** Bytes that none of them has. */
  free: number
}

/**
 * - `coming`: content may come
 * - `told`: its end was told; content that was sent again may still come
 * - `over`: nothing comes any more; readers get `error`, where there is one, after what has come
 */
type State = { readonly at: 'coming' | 'told' } | { readonly at: 'over'; readonly error: GatewayError | undefined }

/** A data stream from an agent. Its content can be read once, in one of several ways; unread, it waits at the gateway for 10 minutes. */
export class Download {
  /** In bytes. */
  readonly length: number
  readonly #events: DownloadEvents
  readonly #windows: Windows
  #state: State = { at: 'coming' }
  #chunks: Uint8Array<ArrayBuffer>[] = []
  #received = 0
  #taken = 0
  /** Of what was taken, what the gateway was told. */
  #told = 0
  #window: number = streamCreditBytes
  #used = false
  #wake: (() => void) | undefined
  readonly #digests: Promise<Digests>
  #tellDigests: (digests: Digests) => void = () => undefined

  constructor(length: number, windows: Windows, events: DownloadEvents) {
    this.length = length
    this.#windows = windows
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
    if (this.#isOver) return
    this.#events.cancel(reason)
    this.finish(broken('cancelled', `the download was cancelled: ${reason}`))
  }

  /** Content came. */
  receive({ offset, isHeldUp }: Pick<FrameHeader, 'offset' | 'isHeldUp'>, content: Uint8Array<ArrayBuffer>): void {
    const end = offset + content.byteLength
    if (this.#isOver || end < this.#received) return
    if (offset > this.#received || end > this.length) {
      const why = `not the bytes after ${this.#received} came`
      this.#events.cancel(why)
      this.finish(broken('protocol_error', why))
      return
    }
    const left = this.#windows.free - this.#window
    // The window holds the gateway up, not the reader: twice as much, where others find as much as it had. How fast is for the gateway to say.
    if (isHeldUp && this.#received - this.#taken <= frameBytes && this.#window < streamWindowBytes && this.#window <= left) {
      this.#windows.free = left
      this.#window *= 2
      this.repeatCredit()
    }
    // Where the credit ends with a frame, one without content says that it does.
    if (end === this.#received) return
    // After a resume the first bytes may be there already.
    this.#chunks.push(content.subarray(this.#received - offset))
    this.#received = end
    this.#wake?.()
  }

  /** The gateway has sent all. */
  ended({ length, ...digests }: { readonly length: number } & Digests): void {
    if (this.#isOver) return
    if (length === this.length) {
      this.#state = { at: 'told' }
      this.#tellDigests(digests)
    } else this.finish(broken('stream_size_mismatch', `${length} bytes instead of ${this.length}`))
    this.#wake?.()
  }

  /** Says the credit as it is now. */
  repeatCredit(): void {
    this.#told = this.#taken
    this.#events.credit(this.#taken + this.#window, this.#taken)
  }

  async #next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk) {
        this.#took(chunk.byteLength)
        return chunk
      }
      if (this.#state.at === 'told' && this.#taken === this.length) this.finish()
      const state = this.#state
      if (state.at === 'over') {
        if (state.error) throw state.error
        return undefined
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #took(bytes: number): void {
    this.#taken += bytes
    if (this.#isOver) return
    if (this.#taken === this.length || this.#taken - this.#told >= streamCreditBytes / 2) this.repeatCredit()
  }

  get #isOver(): boolean {
    return this.#state.at === 'over'
  }

  #use(): void {
    if (this.#used) throw broken('stream_consumed', 'a data stream is read once')
    this.#used = true
  }

  /** The one way out: nothing of it comes any more, and readers get `error` after what has come. Idempotent. */
  finish(error?: GatewayError): void {
    if (this.#isOver) return
    this.#state = { at: 'over', error }
    this.#tellDigests({})
    this.#windows.free += this.#window - streamCreditBytes
    this.#events.over()
    this.#wake?.()
  }
}

/** Why a data stream of an answer is not read to its end: the call has run. */
function broken(kind: ErrorKind, message: string, advice?: string): GatewayError {
  return new GatewayError(kind, message, { phase: 'stream', delivery: 'executed', advice })
}
