import { frameHeaderBytes, type StreamCredit, streamCreditBytes, uploadFrameBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
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

const contentBytes = uploadFrameBytes - frameHeaderBytes

/**
 * - `new`: its request was not sent
 * - `reading`: its source is read, as far as what was read can be sent
 * - `read`: its end was told; what is not acknowledged is kept
 * - `over`: nothing of it is sent any more
 */
type State = 'new' | 'reading' | 'read' | 'over'

/** A data stream to an agent: read as the credit grows, and kept until the gateway has acknowledged it. */
export class Upload {
  readonly id: number
  unasked = false
  readonly #source: SourceReader
  readonly #events: UploadEvents
  #state: State = 'new'
  #kept: Kept[] = []
  /** Of the first of them that is to be sent. */
  #next = 0
  /** What is being filled, `#filled` bytes with the room for its header. */
  #frame: Uint8Array | undefined
  #filled = frameHeaderBytes
  #produced = 0
  #credit = 0
  /** Frames that were acknowledged, to be filled again. */
  #spare: Uint8Array[] = []
  #wake: (() => void) | undefined

  constructor(id: number, source: SourceReader, events: UploadEvents) {
    this.id = id
    this.#source = source
    this.#events = events
  }

  /** The request that announces it was sent. `unasked`: content may follow at once; else the gateway’s first credit is waited for. */
  begin(unasked: boolean): void {
    if (this.#state !== 'new') return
    this.#state = 'reading'
    this.unasked = unasked
    if (unasked) this.#credit = streamCreditBytes
    void this.#run().catch((error: unknown) => this.cancel(`its source failed: ${String(error).slice(0, 100)}`))
  }

  /** The gateway takes the bytes before `offset`, and has those before `acknowledged`. */
  credit({ offset, acknowledged }: Pick<StreamCredit, 'offset' | 'acknowledged'>): void {
    this.#credit = Math.max(this.#credit, offset)
    for (let first = this.#kept[0]; first && first.end <= acknowledged; first = this.#kept[0]) {
      this.#kept.shift()
      this.#next--
      // A socket has copied what it was given; a stream of new buffers is a burden for whoever collects them.
      if (first.frame.byteLength === uploadFrameBytes) this.#spare.push(first.frame)
    }
    this.flush()
  }

  /** The session goes on; the gateway has the bytes before `received`, at least those that it has acknowledged. */
  resume(received = 0): void {
    this.#next = this.#kept.filter(({ end }) => end <= received).length
    this.flush()
  }

  /** Sends what credit and socket allow. */
  flush(): void {
    for (let next = this.#kept[this.#next]; next; next = this.#kept[++this.#next]) {
      const { frame, end } = next
      if (end > this.#credit) return
      const isHeldUp = end + contentBytes > this.#credit && this.#credit < (this.#source.length ?? Infinity)
      writeFrameHeader(frame, this.id, end - frame.byteLength + frameHeaderBytes, isHeldUp)
      if (!this.#events.send(frame)) return
      this.#progress(end)
    }
    this.#wake?.()
    if (this.#state === 'read' && !this.#kept[0]) this.stop()
  }

  /** Gives it up, and tells the gateway where it may still wait for more. */
  cancel(reason: string): void {
    if (this.#isOver) return
    // Also after its end was told: what a cut lost of it is not sent again.
    if (this.#state !== 'new') this.#events.cancel(reason)
    this.stop(reason)
  }

  /** The one way out: nobody wants it, for `reason`, or the gateway has all of it. Idempotent. */
  stop(reason = ''): void {
    if (this.#isOver) return
    if (this.#state !== 'read') this.#source.cancel(reason)
    this.#state = 'over'
    this.#kept = this.#spare = []
    this.#wake?.()
    this.#events.over()
  }

  async #run(): Promise<void> {
    const { length } = this.#source
    let read = 0
    for (;;) {
      // What fills no frame waits for the next piece, but leaves without it where that is not there at once.
      const timer = this.#filled > frameHeaderBytes ? setTimeout(() => this.#keep()) : undefined
      const piece = await this.#source.read()
      clearTimeout(timer)
      if (!piece || this.#isOver) break
      if (!(piece instanceof Uint8Array)) throw new TypeError('a chunk that is no Uint8Array')
      read += piece.byteLength
      if (read > (length ?? read)) throw new RangeError(`${read} bytes instead of ${length}`)
      for (let at = 0; at < piece.byteLength && !this.#isOver; ) {
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
    if (this.#isOver) return
    if (read < (length ?? read)) throw new RangeError(`${read} bytes instead of ${length}`)
    this.#state = 'read'
    this.#events.ended(read)
    this.#progress(read)
    this.flush()
  }

  /** Closes the frame that is being filled. */
  #keep(): void {
    let frame = this.#frame
    if (!frame || this.#filled === frameHeaderBytes) return
    if (this.#filled < uploadFrameBytes) frame = frame.slice(0, this.#filled)
    else this.#frame = undefined
    this.#filled = frameHeaderBytes
    this.#produced += frame.byteLength - frameHeaderBytes
    this.#kept.push({ frame, end: this.#produced })
    this.flush()
  }

  async #allSent(): Promise<void> {
    if (this.#kept[this.#next]) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  get #isOver(): boolean {
    return this.#state === 'over'
  }

  #progress(sentBytes: number): void {
    this.#events.progress({ sentBytes, totalBytes: this.#source.length })
  }
}
