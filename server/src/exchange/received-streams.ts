import type { ByteChannel } from '../base/byte-channel.ts'
import { type ErrorContext, HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import type { DataStream } from '../codec/data-stream.ts'
import { guidFromBytes } from '../codec/guid.ts'
import type { ExchangeOptions } from './exchange-options.ts'
import { readExactly } from './read-exactly.ts'
import { ReceivedContent } from './received-content.ts'
import { ShortSection } from './short-section.ts'

/** How data streams come in. */
export interface Arrival {
  /** The channel is where the first section begins. Default: it is there already. */
  readonly ready?: Promise<void> | undefined
  /** What is known when reading fails: for the streams of a response that the request was executed, and where. */
  readonly context?: ErrorContext | undefined
}

/**
 * Receives the data stream sections that follow a message (spec §5.3), in whatever order they arrive, each into the hands of its reader.
 *
 * A section whose reader has not asked yet holds the connection for `streamStallMs`, then goes to the spool, and so do those after it
 * until a reader asks for something; at once where another stream’s reader waits for a section behind it.
 */
export class ReceivedStreams {
  readonly #channel: ByteChannel
  readonly #streams: readonly DataStream[]
  readonly #options: ExchangeOptions
  readonly #messageId: string
  /** One for each of the streams, in their order. */
  readonly #contents: readonly ReceivedContent[]
  readonly #byId = new Map<string, ReceivedContent>()
  readonly #startedAt = performance.now()
  #current: ReceivedContent | undefined
  /** Contents with a reader, whose sections have not begun. */
  readonly #asked = new Set<ReceivedContent>()
  #patient = true
  /** Settles when every section has been received and verified. A rejection means the connection is out of step. */
  readonly done: Promise<void>

  constructor(channel: ByteChannel, messageId: string, streams: readonly DataStream[], options: ExchangeOptions, arrival: Arrival = {}) {
    this.#channel = channel
    this.#messageId = messageId
    this.#streams = streams
    this.#options = options
    const host = {
      createSpool: () => options.createSpool(),
      stallMs: options.limits.streamStallMs,
      onAsked: this.#readerAsked,
      context: arrival.context,
    }
    this.#contents = streams.map(stream => {
      const content = new ReceivedContent(host)
      // The first of two documents with one id gets the section (spec §5.1).
      if (!this.#byId.has(stream.id)) this.#byId.set(stream.id, content)
      stream.attach(content)
      return content
    })
    this.done = this.#receiveAll(arrival.ready)
    this.done.catch(() => {})
  }

  /** Skips what nobody has asked for; `keep` names streams that are still needed and go to the spool instead. */
  settle(keep: ReadonlySet<DataStream>): void {
    this.#streams.forEach((stream, i) => {
      if (keep.has(stream)) this.#contents[i]?.keep()
      else stream.discard()
    })
  }

  readonly #readerAsked = (content: ReceivedContent): void => {
    this.#patient = true
    if (!content.coming) return
    this.#asked.add(content)
    // What nobody reads must not stand in the way of what somebody waits for.
    this.#current?.keep()
  }

  async #receiveAll(ready: Promise<void> | undefined): Promise<void> {
    try {
      if (ready) await ready
      for (let i = 0; i < this.#streams.length; i++) await this.#receiveSection()
    } catch (why) {
      const told = why instanceof HalibutError ? why.with({ phase: why.phase ?? 'stream' }) : why
      for (const content of this.#contents) content.fail(told)
      throw told
    }
    // Two documents named one stream, or two sections did.
    for (const content of this.#contents) content.fail(noSection())
  }

  async #receiveSection(): Promise<void> {
    const channel = this.#channel
    const header = await readExactly(channel, 24)
    const id = guidFromBytes(header, 0)
    const declared = header.readBigInt64LE(16)
    const content = this.#byId.get(id)
    if (!content) {
      throw new HalibutError('protocol_error', `the data stream ${id} came, which the message did not announce`, {
        phase: 'stream',
        dotnetType: 'System.Exception',
        dotnetMessage: 'Unexpected stream!',
      })
    }
    if (declared > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new HalibutError('protocol_error', `data stream ${id} claims ${declared} bytes`, { phase: 'stream' })
    }
    // A negative length is taken as empty (spec §5.3).
    const trailer = await this.#receiveContent(content, id, Math.max(0, Number(declared)))
    if (trailer !== declared) throw this.#mismatch(id, declared, trailer)
    if (!content.settled) content.complete()
    this.#asked.delete(content)
  }

  /** Content and trailer; gives the length that the trailer tells. */
  async #receiveContent(content: ReceivedContent, id: string, length: number): Promise<bigint> {
    // A second section of one id has no reader.
    const again = content.settled
    if (!again && length > 0) {
      content.begin()
      this.#asked.delete(content)
      this.#current = content
      if (!content.taken) await this.#untilTaken(content)
    }
    const short = new ShortSection(length)
    let read = 0
    let silence: NodeJS.Timeout | undefined
    /** What looks like the end of a shorter section, and is followed by nothing, is one. */
    const watch = (): void => {
      if (short.endedAfter !== undefined) silence = setTimeout(cut, timerMs(this.#options.limits.shortStreamMs))
    }
    const cut = (): void => this.#channel.destroy(this.#endedShort(id, length, short.endedAfter ?? read))
    try {
      await this.#channel.readInto(length, chunk => {
        clearTimeout(silence)
        read += chunk.length
        short.take(chunk)
        const slow = again ? undefined : content.take(chunk)
        if (slow) return slow.then(watch)
        watch()
        return undefined
      })
      this.#current = undefined
      const trailer = Buffer.alloc(8)
      let at = 0
      await this.#channel.readInto(8, chunk => {
        clearTimeout(silence)
        at += chunk.copy(trailer, at)
        short.take(chunk)
        watch()
        return undefined
      })
      return trailer.readBigInt64LE(0)
    } catch (why) {
      const endedAfter = short.endedAfter
      if (endedAfter !== undefined && !(why instanceof HalibutError && why.kind === 'cancelled'))
        throw this.#endedShort(id, length, endedAfter, why)
      throw read < length ? this.#broken(why, id, length, read) : why
    } finally {
      clearTimeout(silence)
      this.#current = undefined
    }
  }

  async #untilTaken(content: ReceivedContent): Promise<void> {
    if (this.#asked.size > 0 || !this.#patient) {
      content.keep()
      return
    }
    const timer = setTimeout(() => {
      this.#patient = false
      content.keep()
    }, timerMs(this.#options.limits.streamStallMs))
    await content.taker
    clearTimeout(timer)
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
      `the data stream ${id} was announced with ${declared} bytes, and with ${claimed} at its end`,
      {
        phase: 'stream',
        advice: changedSource,
        dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
        dotnetMessage: `Data stream size mismatch detected. Message Id: ${this.#messageId}, Stream ID: ${id}, Expected length: ${declared}, Actual length claimed at end: ${claimed}. Total length of all DataStreams to be sent is ${this.#total}. Time elapsed downloading all streams: ${this.#elapsed}`,
      },
    )
  }

  /** In the words of .NET for a section that ended before its length: it finds this one only when the connection ends. */
  #endedShort(id: string, length: number, read: number, cause?: unknown): HalibutError {
    if (cause instanceof HalibutError && cause.kind === 'stream_size_mismatch') return cause
    return new HalibutError(
      'stream_size_mismatch',
      `the data stream ${id} was announced with ${length} bytes, and ended after ${read}: its source got shorter`,
      {
        phase: 'stream',
        advice: changedSource,
        cause,
        dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
        dotnetMessage: this.#brokenText(id, length, read),
      },
    )
  }

  #brokenText(id: string, length: number, read: number): string {
    return `Data stream reading failed. Message Id: ${this.#messageId}, Stream ID: ${id}, Expected length: ${length}, Actual bytes read: ${read}. Total length of all DataStreams to be sent is ${this.#total}. Stream with length ${length} was closed after only reading ${read} bytes. Time elapsed downloading all streams: ${this.#elapsed}.`
  }

  #broken(why: unknown, id: string, length: number, read: number): unknown {
    if (!(why instanceof HalibutError) || why.dotnetType !== 'System.IO.EndOfStreamException') return why
    return new HalibutError('stream_failed', `the connection ended after ${read} of the ${length} bytes of the data stream ${id}`, {
      phase: 'stream',
      cause: why,
      dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
      dotnetMessage: this.#brokenText(id, length, read),
    })
  }
}

const changedSource = 'get it again: the content changed while it was sent'

function noSection(): HalibutError {
  return new HalibutError('stream_failed', 'no section arrived for this data stream', { phase: 'stream' })
}
