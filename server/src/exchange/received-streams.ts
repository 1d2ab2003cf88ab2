import type { ByteChannel } from '../base/byte-channel.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import { HalibutError } from '../base/errors.ts'
import type { ByteSink, ByteSource, DataStream } from '../codec/data-stream.ts'
import { guidFromBytes } from '../codec/guid.ts'
import type { ExchangeOptions, Spool } from './exchange-options.ts'
import { readExactly } from './read-exactly.ts'

/**
 * The content of one received data stream. Its section may arrive before anybody asks for it, and its reader may be slow:
 *
 * ```text
 *             a reader asks                      section ends, trailer fits
 *   waiting ─────────────────▶ direct ──────────────────────────────────────▶ ended
 *      │                          │ reader stalls                                ▲
 *      │ stalls, or a later       ▼                                              │
 *      │ stream is read     ┌─ spooling ── reader drains the spool ──────────────┘
 *      └───────────────────▶┘
 *   waiting, direct, spooling ── discard ──▶ discarded (bytes are skipped)
 * ```
 */
class ReceivedContent implements ByteSource {
  readonly wanted: Deferred<void> = deferred()
  readonly #onAsked: (content: ReceivedContent) => void
  readonly #finished = deferred<void>()
  readonly #createSpool: () => Spool
  #sink: ByteSink | undefined
  #spool: Spool | undefined
  #discarded = false
  #section: 'coming' | 'complete' | 'failed' = 'coming'

  constructor(createSpool: () => Spool, onAsked: (content: ReceivedContent) => void) {
    this.#createSpool = createSpool
    this.#onAsked = onAsked
    this.#finished.promise.catch(() => {})
  }

  /** Bytes of the section’s content that have arrived. */
  received = 0

  /** A reader asked and its section has not begun to arrive. */
  get waitsForSection(): boolean {
    return this.#sink !== undefined && this.#section === 'coming' && this.received === 0
  }

  /** A reader, a spool or nobody’s interest: something takes the bytes. */
  get taken(): boolean {
    return this.#sink !== undefined || this.#spool !== undefined || this.#discarded
  }

  pump(sink: ByteSink): Promise<void> {
    if (this.#spool) return this.#drainSpool(this.#spool, sink)
    this.#sink = sink
    this.wanted.resolve()
    this.#onAsked(this)
    return this.#finished.promise
  }

  discard(): void {
    this.#discarded = true
    this.#spool?.close()
    this.wanted.resolve()
  }

  /** From here on the bytes go to the spool, for whoever reads later. */
  spool(): Spool {
    if (!this.#spool) {
      this.#spool = this.#createSpool()
      this.wanted.resolve()
    }
    return this.#spool
  }

  /** The sink for the wire’s side. A reader that takes longer than `stallMs` for a chunk is served from the spool from then on. */
  wireSink(stallMs: number): ByteSink {
    return chunk => {
      this.received += chunk.byteLength
      if (this.#discarded) return undefined
      if (this.#spool) return this.#spool.write(chunk)
      const sink = this.#sink
      if (!sink) return this.spool().write(chunk)
      const slow = sink(chunk)
      if (!slow) return undefined
      return this.#untilStalled(slow, sink, stallMs)
    }
  }

  complete(): void {
    this.#section = 'complete'
    if (this.#spool) this.#spool.end()
    else this.#finished.resolve()
  }

  fail(why: unknown): void {
    if (this.#section !== 'coming') return
    this.#section = 'failed'
    if (this.#spool) this.#spool.end(why)
    this.#finished.reject(why)
    this.wanted.resolve()
  }

  #untilStalled(slow: Promise<void>, sink: ByteSink, stallMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let settled = false
      const timer = setTimeout(() => {
        if (settled) return
        settled = true
        const spool = this.spool()
        // The reader still holds this chunk; what follows waits in the spool for it.
        slow.then(() => spool.pump(sink)).then(() => this.#finished.resolve(), this.#readerFailed)
        resolve()
      }, stallMs)
      slow.then(
        () => {
          clearTimeout(timer)
          if (!settled) resolve()
          settled = true
        },
        why => {
          clearTimeout(timer)
          if (!settled) reject(why)
          settled = true
        },
      )
    })
  }

  readonly #readerFailed = (why: unknown): void => {
    this.discard()
    this.#finished.reject(why)
  }

  async #drainSpool(spool: Spool, sink: ByteSink): Promise<void> {
    try {
      await spool.pump(sink)
    } finally {
      this.#discarded = true
      spool.close()
    }
  }
}

/**
 * Receives the data stream sections that follow a message (spec §5.3), in whatever order they arrive, each into the hands of its reader.
 */
export class ReceivedStreams {
  readonly #channel: ByteChannel
  readonly #streams: readonly DataStream[]
  readonly #options: ExchangeOptions
  readonly #messageId: string
  readonly #contents = new Map<string, ReceivedContent>()
  readonly #startedAt = performance.now()
  #current: ReceivedContent | undefined
  /** Settles when every section has been received and verified. A rejection means the connection is out of step. */
  readonly done: Promise<void>

  constructor(channel: ByteChannel, messageId: string, streams: readonly DataStream[], options: ExchangeOptions) {
    this.#channel = channel
    this.#messageId = messageId
    this.#streams = streams
    this.#options = options
    for (const stream of streams) {
      const content = new ReceivedContent(options.createSpool, this.#readerAsked)
      // The first of two documents with one id gets the section (spec §5.1).
      if (!this.#contents.has(stream.id)) this.#contents.set(stream.id, content)
      stream.attach(content)
    }
    this.done = this.#receiveAll()
    this.done.catch(() => {})
  }

  /** Skips what nobody has asked for; `keep` names streams that are still needed and go to the spool instead. */
  settle(keep: ReadonlySet<DataStream>): void {
    for (const stream of this.#streams) {
      if (keep.has(stream)) {
        const content = this.#contents.get(stream.id)
        if (content && !content.taken) content.spool()
      } else if (!stream.consumed) stream.discard()
    }
  }

  /** A reader wants a stream whose section comes later: the one that stands in the way goes to the spool. */
  readonly #readerAsked = (content: ReceivedContent): void => {
    const current = this.#current
    if (current && current !== content && !current.taken) current.spool()
  }

  async #receiveAll(): Promise<void> {
    const open = new Set(this.#contents.values())
    try {
      for (let i = 0; i < this.#streams.length; i++) open.delete(await this.#receiveSection())
      // Two documents named one stream: both sections went to the first.
      for (const content of open)
        content.fail(new HalibutError('stream_failed', 'no section arrived for this data stream', { phase: 'stream' }))
    } catch (why) {
      for (const content of open) content.fail(why)
      throw why
    }
  }

  async #receiveSection(): Promise<ReceivedContent> {
    const channel = this.#channel
    const header = await readExactly(channel, 24)
    const id = guidFromBytes(header, 0)
    const declared = header.readBigInt64LE(16)
    const length = declared < 0n ? 0 : Number(declared)
    const content = this.#contents.get(id)
    if (!content) throw new HalibutError('protocol_error', 'Unexpected stream!', { phase: 'stream', dotnetType: 'System.Exception' })
    if (declared > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new HalibutError('protocol_error', `data stream ${id} claims ${declared} bytes`, { phase: 'stream' })
    }
    this.#current = content
    if (length > 0) {
      if (!content.taken) await this.#untilTaken(content)
      try {
        await channel.readInto(length, content.wireSink(this.#options.limits.streamStallMs))
      } catch (why) {
        throw this.#broken(why, id, length, content.received)
      }
    }
    const trailer = (await readExactly(channel, 8)).readBigInt64LE(0)
    this.#current = undefined
    if (trailer !== declared) throw this.#mismatch(id, declared, trailer)
    content.complete()
    return content
  }

  #untilTaken(content: ReceivedContent): Promise<void> {
    const timer = setTimeout(() => content.spool(), this.#options.limits.streamStallMs)
    for (const other of this.#contents.values()) if (other !== content && other.taken && other.waitsForSection) this.#readerAsked(other)
    return content.wanted.promise.finally(() => clearTimeout(timer))
  }

  get #total(): number {
    return this.#streams.reduce((sum, stream) => sum + stream.length, 0)
  }

  get #elapsed(): string {
    return `${Math.round(performance.now() - this.#startedAt)}ms`
  }

  #mismatch(id: string, declared: bigint, claimed: bigint): HalibutError {
    return new HalibutError(
      'stream_size_mismatch',
      `Data stream size mismatch detected. Message Id: ${this.#messageId}, Stream ID: ${id}, Expected length: ${declared}, Actual length claimed at end: ${claimed}. Total length of all DataStreams to be sent is ${this.#total}. Time elapsed downloading all streams: ${this.#elapsed}`,
      { phase: 'stream', dotnetType: 'Halibut.Transport.Protocol.ProtocolException' },
    )
  }

  #broken(why: unknown, id: string, length: number, read: number): unknown {
    if (!(why instanceof HalibutError) || why.dotnetType !== 'System.IO.EndOfStreamException') return why
    return new HalibutError(
      'stream_failed',
      `Data stream reading failed. Message Id: ${this.#messageId}, Stream ID: ${id}, Expected length: ${length}, Actual bytes read: ${read}. Total length of all DataStreams to be sent is ${this.#total}. Stream with length ${length} was closed after only reading ${read} bytes. Time elapsed downloading all streams: ${this.#elapsed}.`,
      { phase: 'stream', cause: why, dotnetType: 'Halibut.Transport.Protocol.ProtocolException' },
    )
  }
}
