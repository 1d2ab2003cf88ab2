import { clientLimits, frameHeaderBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import type { SourceReader } from './upload-source.ts'

/** How far an upload is. */
export interface UploadProgress {
  readonly sentBytes: number
  /** Absent where nobody knows. */
  readonly totalBytes?: number
}

/** What an upload works with. */
export interface UploadEvents {
  /** Sends a frame; false where the socket takes none at present: {@link Upload.flush} will be called. */
  send(frame: Uint8Array): boolean
  ended(length: number): void
  cancel(reason: string): void
  progress(progress: UploadProgress): void
  /** Nothing of it has to be kept any more. */
  over(): void
}

interface Kept {
  readonly frame: Uint8Array
  /** Where its content ends in the data stream. */
  readonly end: number
}

const { chunkBytes, streamCreditBytes } = clientLimits

/** A data stream to an agent: read as the credit grows, and kept until the gateway has acknowledged it. */
export class Upload {
  readonly id: number
  readonly #source: SourceReader
  readonly #events: UploadEvents
  #kept: Kept[] = []
  #produced = 0
  #sent = 0
  #credit: number = streamCreditBytes
  #begun = false
  #complete = false
  #over = false
  #wake: (() => void) | undefined

  constructor(id: number, source: SourceReader, events: UploadEvents) {
    this.id = id
    this.#source = source
    this.#events = events
  }

  /** The request that announces it was sent. */
  begin(): void {
    if (this.#begun || this.#over) return
    this.#begun = true
    void this.#run().catch((error: unknown) => this.cancel(`its source failed: ${String(error).slice(0, 100)}`))
  }

  /** The gateway takes the bytes before `offset`, which acknowledges those that are a whole credit before it. */
  credit(offset: number): void {
    // Nobody can have taken what was not sent: more credit than that would drop frames which are still to be sent.
    const acknowledged = Math.min(offset - streamCreditBytes, this.#sent)
    this.#credit = Math.max(this.#credit, acknowledged + streamCreditBytes)
    const first = this.#kept.findIndex(each => each.end > acknowledged)
    this.#kept.splice(0, first < 0 ? this.#kept.length : first)
    this.flush()
  }

  /** The session goes on; the gateway has the bytes before `received`. */
  resume(received: number | undefined): void {
    this.#sent = received ?? (this.#kept[0] ? this.#kept[0].end - this.#kept[0].frame.byteLength + frameHeaderBytes : this.#sent)
    this.flush()
  }

  /** Sends what credit and socket allow. */
  flush(): void {
    if (this.#over) return
    for (const { frame, end } of this.#kept) {
      if (end <= this.#sent) continue
      if (end > this.#credit || !this.#events.send(frame)) return
      this.#sent = end
      this.#progress()
    }
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
    if (this.#complete && this.#kept.length === 0) this.#finish()
  }

  /** Gives it up, and tells the gateway where it may still wait for more. */
  cancel(reason: string): void {
    if (this.#over) return
    // Also after its end was told: what a cut lost of it is not sent again.
    if (this.#begun) this.#events.cancel(reason)
    this.stop(reason)
  }

  /** Nobody wants it (any more). */
  stop(reason: string): void {
    if (this.#over) return
    if (!this.#complete) this.#source.cancel(reason)
    this.#finish()
  }

  async #run(): Promise<void> {
    const { length } = this.#source
    for (let piece = await this.#source.read(); piece && !this.#over; piece = await this.#source.read()) {
      if (!(piece instanceof Uint8Array)) throw new TypeError('a chunk that is no Uint8Array')
      if (this.#produced + piece.byteLength > (length ?? Number.MAX_SAFE_INTEGER)) throw new RangeError('more bytes than its length')
      for (let at = 0; at < piece.byteLength && !this.#over; at += chunkBytes) {
        this.#keep(piece.subarray(at, at + chunkBytes))
        this.flush()
        // Nothing more is read before all of this has left.
        while (this.#sent < this.#produced && !this.#over) await this.#allSent()
      }
    }
    if (this.#over) return
    if (length !== undefined && this.#produced !== length) throw new RangeError(`${this.#produced} bytes instead of ${length}`)
    this.#complete = true
    this.#events.ended(this.#produced)
    this.#progress()
    this.flush()
  }

  #keep(content: Uint8Array): void {
    const frame = new Uint8Array(frameHeaderBytes + content.byteLength)
    writeFrameHeader(frame, this.id, this.#produced)
    frame.set(content, frameHeaderBytes)
    this.#produced += content.byteLength
    this.#kept.push({ frame, end: this.#produced })
  }

  #allSent(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #progress(): void {
    const { length } = this.#source
    this.#events.progress({ sentBytes: this.#sent, ...(length === undefined ? {} : { totalBytes: length }) })
  }

  #finish(): void {
    this.#over = true
    this.#kept = []
    this.#wake?.()
    this.#events.over()
  }
}
