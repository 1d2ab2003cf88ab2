import type { ByteChannel } from '../base/byte-channel.ts'
import { endOfInput } from '../base/end-of-input.ts'
import { HalibutError } from '../base/errors.ts'
import { END, LineReader, NEXT, PROCEED } from '../codec/control-message.ts'
import type { DataStream } from '../codec/data-stream.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import { guidToBytes } from '../codec/guid.ts'
import { deflateMessage, MessageInflater } from '../codec/raw-deflate.ts'
import type { ExchangeOptions } from './exchange-options.ts'

/** Chunks up to this size are joined with what stands before and after them; larger ones are written as they are. */
const joinBelowBytes = 4_096

/** What a message looks like after it was sent or received. */
const nothing = Buffer.alloc(0)

/**
 * One connection’s units of conversation: whole messages with their data streams, and control lines (spec §3, §4, §5). It knows the
 * timeouts of each (spec §3.4) and no order between them; that is for the conversations.
 */
export class Transfer {
  readonly channel: ByteChannel
  readonly options: ExchangeOptions
  readonly #inflater: MessageInflater
  readonly #lines: LineReader

  constructor(channel: ByteChannel, options: ExchangeOptions) {
    this.channel = channel
    this.options = options
    const { limits, budget } = options
    this.#inflater = new MessageInflater({ maxMessageBytes: limits.maxMessageBytes, reserve: budget.reserve, release: budget.release })
    this.#lines = new LineReader(limits.maxLineBytes)
  }

  /**
   * Sends a message with its data streams (spec §5.4). `before` and `after` are control lines that travel in the same writes.
   * The message is encoded whole before this is called, so nothing of one that cannot be written ever leaves.
   */
  send(message: EncodedMessage, before: Buffer = nothing, after: Buffer = nothing, messageId = ''): Promise<void> | undefined {
    const { channel, options } = this
    channel.sendTimeoutMs = options.limits.tcpClientSendTimeoutMs
    const frame = deflateMessage(message.document)
    options.observer?.messageSent?.({ compressedBytes: frame.length, documentBytes: message.document.length })
    if (message.streams.length > 0) return this.#sendWithStreams(frame, message.streams, before, after, messageId)
    if (before.length + after.length === 0) return channel.write(frame)
    return channel.write(Buffer.concat([before, frame, after]))
  }

  async #sendWithStreams(frame: Buffer, streams: readonly DataStream[], before: Buffer, after: Buffer, messageId: string): Promise<void> {
    const { channel } = this
    let small: Buffer[] = [before, frame]
    const flush = (): Promise<void> | undefined => {
      if (small.length === 0) return undefined
      const bytes = small.length === 1 && small[0] ? small[0] : Buffer.concat(small)
      small = []
      return channel.write(bytes)
    }
    for (const stream of streams) {
      const header = Buffer.allocUnsafe(24)
      guidToBytes(stream.id).copy(header, 0)
      header.writeBigInt64LE(BigInt(stream.length), 16)
      small.push(header)
      let written = 0
      const sendChunk = (chunk: Uint8Array): Promise<void> | undefined => {
        written += chunk.byteLength
        if (chunk.byteLength <= joinBelowBytes) {
          small.push(Buffer.from(chunk))
          return small.length > 16 ? flush() : undefined
        }
        const earlier = flush()
        const bytes = stream.stable ? chunk : Buffer.from(chunk)
        return earlier ? earlier.then(() => channel.write(bytes)) : channel.write(bytes)
      }
      try {
        await stream.pump(sendChunk)
      } catch (why) {
        await flush()
        throw why
      }
      if (written !== stream.length) await this.#sizeMismatch(stream, written, streams, messageId, flush)
      const trailer = Buffer.allocUnsafe(8)
      trailer.writeBigInt64LE(BigInt(stream.length), 0)
      small.push(trailer)
    }
    small.push(after)
    await flush()
  }

  async #sizeMismatch(
    stream: DataStream,
    written: number,
    streams: readonly DataStream[],
    messageId: string,
    flush: () => Promise<void> | undefined,
  ): Promise<void> {
    if (!this.options.limits.throwOnDataStreamSizeMismatch) return
    await flush()
    const total = streams.reduce((sum, each) => sum + each.length, 0)
    throw new HalibutError(
      'stream_size_mismatch',
      `Data stream size mismatch detected during send. Message Id: ${messageId}, Stream ID: ${stream.id}, Declared length: ${stream.length}, Actual bytes written: ${written}. Total length of all DataStreams to be sent is ${total}.`,
      { phase: 'stream', dotnetType: 'Halibut.Transport.Protocol.ProtocolException' },
    )
  }

  /** The next message, inflated. Waits `firstByteTimeoutMs` for its first byte, then the general receive timeout for each read. */
  async receive(firstByteTimeoutMs: number): Promise<Buffer> {
    const { channel, options } = this
    const inflater = this.#inflater
    channel.receiveTimeoutMs = firstByteTimeoutMs
    try {
      for (;;) {
        const pending = channel.read()
        const chunk = pending instanceof Promise ? await pending : pending
        if (chunk === undefined) throw endOfInput()
        channel.receiveTimeoutMs = options.limits.tcpClientReceiveTimeoutMs
        if (inflater.feed(chunk)) break
      }
    } catch (why) {
      inflater.reset()
      throw why
    }
    const { document, surplus, compressedBytes } = inflater.take()
    if (surplus !== undefined && surplus.length > 0) channel.unread(surplus)
    options.observer?.messageReceived?.({ compressedBytes, documentBytes: document.length })
    return document
  }

  sendNext(): Promise<void> | undefined {
    return this.#sendLine(NEXT, 'NEXT', this.options.limits.tcpClientHeartbeatSendTimeoutMs)
  }

  sendEnd(): Promise<void> | undefined {
    return this.#sendLine(END, 'END', this.options.limits.tcpClientHeartbeatSendTimeoutMs)
  }

  sendProceed(): Promise<void> | undefined {
    const { limits } = this.options
    const timeoutMs = limits.tcpClientHeartbeatTimeoutShouldActuallyBeUsed
      ? limits.tcpClientHeartbeatSendTimeoutMs
      : limits.tcpClientSendTimeoutMs
    return this.#sendLine(PROCEED, 'PROCEED', timeoutMs)
  }

  #sendLine(line: Buffer, word: string, timeoutMs: number): Promise<void> | undefined {
    this.channel.sendTimeoutMs = timeoutMs
    this.options.observer?.controlSent?.(word)
    return this.channel.write(line)
  }

  /** The next word that is not an empty line. One deadline covers all of it (spec §3.1). */
  async receiveWord(timeoutMs: number): Promise<string> {
    for (const until = performance.now() + timeoutMs; ; ) {
      const line = await this.receiveLine(timeoutMs > 0 ? Math.max(1, until - performance.now()) : timeoutMs)
      if (line === '') continue
      this.options.observer?.controlReceived?.(line)
      return line
    }
  }

  /** One line without its CR LF, empty or not. One deadline covers all of it. */
  async receiveLine(timeoutMs: number): Promise<string> {
    const { channel } = this
    const lines = this.#lines
    const startedAt = timeoutMs > 0 ? performance.now() : 0
    channel.receiveTimeoutMs = timeoutMs
    for (;;) {
      const pending = channel.read()
      const chunk = pending instanceof Promise ? await pending : pending
      if (chunk === undefined) throw endOfInput()
      const found = lines.feed(chunk)
      if (found) {
        if (found.rest !== undefined && found.rest.length > 0) channel.unread(found.rest)
        return found.line
      }
      if (timeoutMs > 0) channel.receiveTimeoutMs = Math.max(1, timeoutMs - (performance.now() - startedAt))
    }
  }

  async expectProceed(timeoutMs: number): Promise<void> {
    const word = await this.receiveWord(timeoutMs)
    if (word !== 'PROCEED') throw protocolError(`Expected PROCEED, got: ${word}`)
  }

  async expectNextOrEnd(timeoutMs: number): Promise<'NEXT' | 'END'> {
    const word = await this.receiveWord(timeoutMs)
    if (word !== 'NEXT' && word !== 'END') throw protocolError(`Expected NEXT or END, got: ${word}`)
    return word
  }

  /**
   * Ends the connection from the side that dialled: END where the channel still works (errors ignored), then an orderly close
   * (spec §3.2 step 4).
   */
  async end(): Promise<void> {
    const { channel } = this
    if (channel.failure === undefined) {
      try {
        await this.sendEnd()
      } catch {
        // The peer is gone, which is what END would have told it.
      }
    }
    this.#inflater.reset()
    await channel.close()
  }
}

function protocolError(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { dotnetType: 'Halibut.Transport.Protocol.ProtocolException' })
}
