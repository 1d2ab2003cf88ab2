import { clientLimits, frameHeaderBytes, uploadFrameBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import type { SourceReader } from './upload-source.ts'

/** How far an upload is. */
export interface UploadProgress {
  readonly sentBytes: number
  /** `undefined` where nobody knows. */
  readonly totalBytes?: number | undefined
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

const { streamCreditBytes } = clientLimits

/** A data stream to an agent: read as the credit grows, and kept until the gateway has acknowledged it. */
export class Upload {
  readonly id: number
  unasked = false
  readonly #source: SourceReader
  readonly #events: UploadEvents
  #kept: Kept[] = []
  /** What is being filled, `#filled` bytes with the room for its header. */
  #frame: Uint8Array | undefined
  #filled = frameHeaderBytes
  #produced = 0
  #sent = 0
  #credit = 0
  #begun = false
  /** Frames that were acknowledged, to be filled again. */
  #spare: Uint8Array[] = []
  #complete = false
  #over = false
  #wake: (() => void) | undefined

  constructor(id: number, source: SourceReader, events: UploadEvents) {
    this.id = id
    this.#source = source
    this.#events = events
  }

  /** The request that announces it was sent. `unasked`: content may follow at once; else the gateway’s first credit is waited for. */
  begin(unasked: boolean): void {
    if (this.#begun || this.#over) return
    this.#begun = true
    this.unasked = unasked
    if (unasked) this.#credit = streamCreditBytes
    void this.#run().catch((error: unknown) => this.cancel(`its source failed: ${String(error).slice(0, 100)}`))
  }

  /** The gateway takes the bytes before `offset`, which acknowledges those that are a whole credit before it. */
  credit(offset: number): void {
    // Nobody can have taken what was not sent: more credit than that would drop frames which are still to be sent.
    const acknowledged = Math.min(offset - streamCreditBytes, this.#sent)
    this.#credit = Math.max(this.#credit, acknowledged + streamCreditBytes)
    this.#kept = this.#kept.filter(({ frame, end }) => {
      if (end > acknowledged) return true
      // A socket has copied what it was given; a stream of new buffers is a burden for whoever collects them.
      if (frame.byteLength === uploadFrameBytes) this.#spare.push(frame)
      return false
    })
    this.flush()
  }

  /** The session goes on; the gateway has the bytes before `received`, at least those that it has acknowledged. */
  resume(received = Math.max(0, this.#credit - streamCreditBytes)): void {
    this.#sent = received
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
    this.#wake?.()
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
    let read = 0
    for (;;) {
      // What fills no frame waits for the next piece, but leaves without it where that is not there at once.
      const timer = this.#filled > frameHeaderBytes ? setTimeout(() => this.#keep()) : undefined
      const piece = await this.#source.read()
      clearTimeout(timer)
      if (!piece || this.#over) break
      if (!(piece instanceof Uint8Array)) throw new TypeError('a chunk that is no Uint8Array')
      read += piece.byteLength
      if (read > (length ?? read)) throw new RangeError('more bytes than its length')
      for (let at = 0; at < piece.byteLength && !this.#over; ) {
        this.#frame ??= this.#spare.pop() ?? new Uint8Array(uploadFrameBytes)
        const part = piece.subarray(at, at + uploadFrameBytes - this.#filled)
        this.#frame.set(part, this.#filled)
        this.#filled += part.byteLength
        at += part.byteLength
        if (this.#filled < uploadFrameBytes) continue
        this.#keep()
        // Nothing more is read before all of this has left.
        await this.#allSent()
      }
    }
    this.#keep()
    await this.#allSent()
    if (this.#over) return
    if (read < (length ?? read)) throw new RangeError(`${read} bytes instead of ${length}`)
    this.#complete = true
    this.#events.ended(read)
    this.#progress()
    this.flush()
  }

  /** Closes the frame that is being filled. */
  #keep(): void {
    let frame = this.#frame
    if (!frame || this.#filled === frameHeaderBytes) return
    if (this.#filled < uploadFrameBytes) frame = frame.slice(0, this.#filled)
    else this.#frame = undefined
    this.#filled = frameHeaderBytes
    writeFrameHeader(frame, this.id, this.#produced)
    this.#produced += frame.byteLength - frameHeaderBytes
    this.#kept.push({ frame, end: this.#produced })
    this.flush()
  }

  async #allSent(): Promise<void> {
    while (this.#sent < this.#produced && !this.#over) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #progress(): void {
    this.#events.progress({ sentBytes: this.#sent, totalBytes: this.#source.length })
  }

  #finish(): void {
    this.#over = true
    this.#kept = this.#spare = []
    this.#wake?.()
    this.#events.over()
  }
}
