import { deferred } from '../base/deferred.ts'
import { type ErrorContext, HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import type { ByteSink, ByteSource } from '../codec/data-stream.ts'
import type { Spool } from './exchange-options.ts'

/** What the content of a received data stream asks of its surroundings. */
export interface ContentHost {
  readonly createSpool: () => Spool
  /** How long the wire waits for a reader that does not go on. */
  readonly stallMs: number
  /** A reader wants the content. */
  readonly onAsked: (content: ReceivedContent) => void
  /** What errors tell about the request. */
  readonly context: ErrorContext | undefined
}

/**
 * The content of one received data stream, between the wire, which brings the bytes of its section once, and a reader, which may come
 * before or after, be slow, stop for a while, or fail.
 *
 * ```text
 *             a reader asks                        the section ends
 *   waiting ─────────────────▶ direct ───────────────────────────────────────▶ finished
 *      │                        │  ▲ the reader has                              ▲
 *      │ nobody asks      stalls│  │ caught up                                   │
 *      │ for stallMs            ▼  │                     the reader has drained  │
 *      └─────────────────────▶ spooling ─────────────────────────────────────────┘
 *   waiting, direct, spooling ── discarded, or the reader failed ──▶ skipping: the bytes are read and dropped
 * ```
 *
 * Trouble on the reader’s side (its sink throws, the spool is full, nobody reads) is told to the reader and leaves the connection in
 * step. While the reader goes on, however slowly, the wire waits for it, a chunk at most `stallMs`; a reader that takes nothing for so
 * long gets the rest from the spool, and the wire no longer waits until it takes something again.
 */
export class ReceivedContent implements ByteSource {
  readonly #host: ContentHost
  readonly #taker = deferred<void>()
  readonly #finished = deferred<void>()
  #section: 'coming' | 'arriving' | 'complete' | 'failed' = 'coming'
  #sink: ByteSink | undefined
  #spool: Spool | undefined
  #spooling = false
  #skipping = false
  /** Bytes in the spool that the reader has not taken. */
  #unread = 0
  /** Settles when the reader has taken a chunk that did not come from the spool. Never rejects. */
  #busy: Promise<void> | undefined
  #progressed = false
  #stalled = false
  #proceed: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(host: ContentHost) {
    this.#host = host
    this.#finished.promise.catch(() => {})
  }

  /** Its section has not begun to arrive. */
  get coming(): boolean {
    return this.#section === 'coming'
  }

  /** Its section has arrived whole, or never will. */
  get settled(): boolean {
    return this.#section === 'complete' || this.#section === 'failed'
  }

  /** Somebody or something takes the bytes: a reader, the spool, or nobody ever. */
  get taken(): boolean {
    return this.#sink !== undefined || this.#spooling || this.#skipping
  }

  /** Resolves when {@link taken}, or when the section failed. */
  get taker(): Promise<void> {
    return this.#taker.promise
  }

  pump(sink: ByteSink): Promise<void> {
    this.#sink = sink
    if (this.#spool && !this.#skipping) this.#drain(this.#spool)
    this.#taker.resolve()
    this.#host.onAsked(this)
    return this.#finished.promise
  }

  discard(): void {
    this.#skipping = true
    this.#sink = undefined
    this.#spool?.close()
    this.#taker.resolve()
    this.#goOn()
  }

  /** Nobody has asked yet, and the wire does not wait: the bytes are kept for whoever asks later. */
  keep(): void {
    if (this.taken) return
    this.#spooling = true
    this.#taker.resolve()
  }

  begin(): void {
    this.#section = 'arriving'
  }

  /** The wire’s side. Never throws or rejects. */
  readonly take = (chunk: Uint8Array): Promise<void> | undefined => {
    if (this.#skipping) return undefined
    if (this.#sink && this.#idle) return this.#hand(chunk, this.#sink)
    return this.#store(chunk)
  }

  complete(): void {
    this.#section = 'complete'
    if (this.#spool) this.#spool.end()
    else this.#finish()
  }

  /** The section will not arrive, or not whole. A reader gets what did arrive, then the error. */
  fail(why: unknown): void {
    if (this.settled) return
    this.#section = 'failed'
    this.#goOn()
    if (this.#spool) this.#spool.end(why)
    else this.#reject(why)
    this.#taker.resolve()
  }

  /** The reader has taken everything so far. */
  get #idle(): boolean {
    return this.#unread === 0 && this.#busy === undefined
  }

  #hand(chunk: Uint8Array, sink: ByteSink): Promise<void> | undefined {
    let slow: Promise<void> | undefined
    try {
      slow = sink(chunk)
    } catch (why) {
      this.#giveUp(why)
    }
    if (slow === undefined) return undefined
    this.#busy = slow.then(
      () => {
        this.#busy = undefined
        this.#progress()
      },
      (why: unknown) => {
        // What comes from the spool waits for it.
        this.#busy = undefined
        this.#giveUp(why)
      },
    )
    return this.#pace()
  }

  #store(chunk: Uint8Array): Promise<void> | undefined {
    let spool = this.#spool
    if (!spool) {
      spool = this.#spool = this.#host.createSpool()
      if (this.#sink) this.#drain(spool)
    }
    this.#unread += chunk.byteLength
    let stored: Promise<void> | undefined
    try {
      stored = spool.write(chunk)
    } catch (why) {
      this.#giveUp(why)
    }
    return stored === undefined ? this.#pace() : stored.then(() => this.#pace(), this.#giveUp)
  }

  /** Makes the wire wait for a reader that is alive. */
  #pace(): Promise<void> | undefined {
    if (this.#sink === undefined || this.#stalled || this.#idle) return undefined
    this.#progressed = false
    return new Promise(resolve => {
      this.#proceed = resolve
      this.#timer = setTimeout(() => {
        this.#stalled = !this.#progressed
        this.#goOn()
      }, timerMs(this.#host.stallMs))
    })
  }

  #progress(): void {
    this.#progressed = true
    this.#stalled = false
    if (this.#idle) this.#goOn()
  }

  #goOn(): void {
    clearTimeout(this.#timer)
    this.#proceed?.()
    this.#proceed = undefined
  }

  #drain(spool: Spool): void {
    spool.pump(this.#fromSpool).then(() => this.#finish(), this.#giveUp)
  }

  readonly #fromSpool = (chunk: Uint8Array): Promise<void> | undefined => {
    // The reader still holds the chunk at which it stalled.
    if (this.#busy !== undefined) return this.#busy.then(() => this.#fromSpool(chunk))
    const slow = this.#sink?.(chunk)
    if (slow === undefined) return this.#tookStored(chunk.byteLength)
    return slow.then(() => this.#tookStored(chunk.byteLength))
  }

  #tookStored(bytes: number): undefined {
    this.#unread -= bytes
    this.#progress()
  }

  #finish(): void {
    if (this.#busy !== undefined) void this.#busy.then(this.#finished.resolve)
    else this.#finished.resolve()
  }

  #reject(why: unknown): void {
    const { context } = this.#host
    this.#finished.reject(context !== undefined && why instanceof HalibutError ? why.with(context) : why)
  }

  readonly #giveUp = (why: unknown): void => {
    this.#reject(why)
    this.discard()
  }
}
