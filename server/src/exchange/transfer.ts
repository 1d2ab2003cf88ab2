import type { ByteChannel } from '../base/byte-channel.ts'
import { endOfInput } from '../base/end-of-input.ts'
import { type ErrorContext, HalibutError } from '../base/errors.ts'
import { END, LineReader, NEXT, PROCEED } from '../codec/control-message.ts'
import type { DataStream } from '../codec/data-stream.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import { guidToBytes } from '../codec/guid.ts'
import { type DeflateTail, deflateMessage, MessageInflater } from '../codec/raw-deflate.ts'
import type { ExchangeOptions } from './exchange-options.ts'
import { JoinedWriter } from './joined-writer.ts'
import { ReceivedStreams } from './received-streams.ts'

/** A frame up to this size shares one write with the control lines around it. */
const joinFrameUpToBytes = 64 * 1024

const nothing = Buffer.alloc(0)

/**
 * One connection’s units of conversation: whole messages with their data streams, and control lines (spec §3, §4, §5). It knows the
 * timeouts of each (spec §3.4) and no order between them; that is for the conversations.
 */
export class Transfer {
  readonly channel: ByteChannel
  readonly options: ExchangeOptions
  /** Made with the first message: most connections of a large fleet wait for one. */
  #inflater: MessageInflater | undefined
  readonly #lines: LineReader
  /** The end of the last message, where it has not come. */
  #tail: DeflateTail | undefined

  constructor(channel: ByteChannel, options: ExchangeOptions) {
    this.channel = channel
    this.options = options
    this.#lines = new LineReader(options.limits.maxLineBytes)
  }

  #receiver(): MessageInflater {
    const { limits, budget } = this.options
    this.#inflater ??= new MessageInflater({ maxMessageBytes: limits.maxMessageBytes, reserve: budget.reserve, release: budget.release })
    return this.#inflater
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
    if (message.streams.length > 0) return this.#sendPieces(frame, message.streams, before, after, messageId)
    if (before.length + after.length === 0) return channel.write(frame)
    if (frame.length > joinFrameUpToBytes) return this.#sendPieces(frame, [], before, after, messageId)
    return channel.write(Buffer.concat([before, frame, after]))
  }

  async #sendPieces(frame: Buffer, streams: readonly DataStream[], before: Buffer, after: Buffer, messageId: string): Promise<void> {
    const writer = new JoinedWriter(this.channel)
    try {
      await writer.write(before)
      await writer.write(frame)
      for (const stream of streams) await this.#sendStream(stream, streams, writer, messageId)
      await writer.write(after)
      await writer.flush()
    } catch (why) {
      // What the producer wrote goes out before the connection is dropped (spec §5.4).
      await writer.flush()?.catch(() => {})
      for (const stream of streams) stream.discard()
      throw why
    }
  }

  /** One section (spec §5.2): id and length, content, length again. */
  async #sendStream(stream: DataStream, streams: readonly DataStream[], writer: JoinedWriter, messageId: string): Promise<void> {
    const header = Buffer.allocUnsafe(24)
    guidToBytes(stream.id).copy(header, 0)
    header.writeBigInt64LE(BigInt(stream.length), 16)
    await writer.write(header)
    const { stable } = stream
    let written = 0
    try {
      await stream.pump(chunk => {
        written += chunk.byteLength
        return writer.write(stable ? chunk : Buffer.from(chunk))
      })
    } catch (why) {
      throw producerFailed(why)
    }
    if (written !== stream.length && this.options.limits.throwOnDataStreamSizeMismatch) {
      const total = streams.reduce((sum, each) => sum + each.length, 0)
      throw new HalibutError(
        'stream_size_mismatch',
        `Data stream size mismatch detected during send. Message Id: ${messageId}, Stream ID: ${stream.id}, Declared length: ${stream.length}, Actual bytes written: ${written}. Total length of all DataStreams to be sent is ${total}.`,
        { phase: 'stream', dotnetType: 'Halibut.Transport.Protocol.ProtocolException' },
      )
    }
    await writer.write(header.subarray(16))
  }

  /** The next message, inflated. Waits `firstByteTimeoutMs` for its first byte, then the general receive timeout for each read. */
  async receive(firstByteTimeoutMs: number): Promise<Buffer> {
    const { channel, options } = this
    const inflater = this.#receiver()
    channel.receiveTimeoutMs = firstByteTimeoutMs
    if (this.#tail) await this.#passTail(this.#tail)
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
    const { document, surplus, compressedBytes, tail } = inflater.take()
    if (surplus !== undefined && surplus.length > 0) channel.unread(surplus)
    this.#tail = tail
    options.observer?.messageReceived?.({ compressedBytes, documentBytes: document.length })
    return document
  }

  /** Whether END stands where the first request could: a probe, or a caller that thought better of it. */
  async endsBeforeRequest(timeoutMs: number): Promise<boolean> {
    const { channel } = this
    channel.receiveTimeoutMs = timeoutMs
    const pending = channel.read()
    const chunk = pending instanceof Promise ? await pending : pending
    if (chunk === undefined) return false
    channel.unread(chunk)
    return chunk.equals(END)
  }

  /** The data streams that follow the message just received. `context`: what their errors tell besides. */
  receiveStreams(messageId: string, streams: readonly DataStream[], context?: ErrorContext): ReceivedStreams {
    const ready = this.#tail && this.#passTail(this.#tail)
    return new ReceivedStreams(this.channel, messageId, streams, this.options, { ready, context })
  }

  /** Reads over what is left of a large message whose document was complete before its end had come (spec §4.3). */
  async #passTail(tail: DeflateTail): Promise<void> {
    const { channel } = this
    try {
      for (;;) {
        const chunk = await channel.read()
        const rest = chunk === undefined ? tail.giveUp() : tail.feed(chunk)
        if (rest === undefined) continue
        if (rest.length > 0) channel.unread(rest)
        return
      }
    } finally {
      tail.close()
      this.#tail = undefined
    }
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

  /** Whether a part of a control line has come. */
  get insideLine(): boolean {
    return this.#lines.started
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
    if (this.#tail) await this.#passTail(this.#tail)
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
    this.#inflater?.reset()
    this.#tail?.close()
    await channel.close()
  }
}

/** A producer’s own error as ours, with its text. */
function producerFailed(why: unknown): HalibutError {
  if (why instanceof HalibutError) return why
  return new HalibutError('stream_failed', why instanceof Error ? why.message : String(why), { phase: 'stream', cause: why })
}

function protocolError(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { dotnetType: 'Halibut.Transport.Protocol.ProtocolException' })
}
