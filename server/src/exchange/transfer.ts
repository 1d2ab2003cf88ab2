import type { ByteChannel } from '../base/byte-channel.ts'
import { endOfInput } from '../base/end-of-input.ts'
import { type ErrorContext, HalibutError } from '../base/errors.ts'
import { inTurns } from '../base/in-turns.ts'
import { messageOf } from '../base/message-of.ts'
import { Turns } from '../base/turns.ts'
import { END, LineReader, NEXT, PROCEED } from '../codec/control-message.ts'
import type { DataStream } from '../codec/data-stream.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import { guidToBytes } from '../codec/guid.ts'
import { type DeflateTail, deflateInParts, deflateMessage, MessageInflater } from '../codec/raw-deflate.ts'
import type { ExchangeOptions } from './exchange-options.ts'
import { JoinedWriter } from './joined-writer.ts'
import { ReceivedStreams } from './received-streams.ts'

/** A frame up to this size shares one write with the control lines around it. */
const joinFrameUpToBytes = 64 * 1024
/** From this size on a document is deflated in turns with whatever else the process has to do: the pieces take a few milliseconds each. */
const deflateInTurnsFrom = 512 * 1024

const nothing = Buffer.alloc(0)

/** What {@link ByteChannel.read} gives. */
type Reading = Buffer | undefined | Promise<Buffer | undefined>

/**
 * One connection’s units of conversation: whole messages with their data streams, and control lines (spec §3, §4, §5). It knows the
 * timeouts of each (spec §3.4) and no order between them; that is for the conversations.
 *
 * What has come already is given without a promise, and the conversations look before they wait. For the row “direct call to a polling agent”,
 * where NEXT mostly comes along with the response: a call takes 6 to 9 % more processor time where each message and line is a promise, and
 * 2 % more where each is awaited all the same.
 */
export class Transfer {
  readonly channel: ByteChannel
  readonly options: ExchangeOptions
  /** Requests of ours that were given to it; whether one of them is under way, and when the last one came to its end, by `performance.now()`. */
  calls = 0
  isBusy = false
  usedMs: number | undefined
  /** Made with the first message: most connections of a large fleet wait for one. */
  #inflater: MessageInflater | undefined
  readonly #lines: LineReader
  /** The beginning of the last message, where that was read over. */
  #head: Buffer = nothing
  /** The end of the last message, where it has not come. */
  #tail: DeflateTail | undefined

  constructor(channel: ByteChannel, options: ExchangeOptions) {
    this.channel = channel
    this.options = options
    this.#lines = new LineReader(options.limits.maxLineBytes)
  }

  /** A request of ours is about to leave on it. */
  begin(): void {
    this.calls++
    this.isBusy = true
  }

  /** It has its answer, with the data streams of that, or will never have it. */
  done(): void {
    this.isBusy = false
    this.usedMs = performance.now()
  }

  #receiver(): MessageInflater {
    if (this.#inflater === undefined) {
      const { limits, budget } = this.options
      const { reserve, release } = budget.hold(why => this.#abandon(why))
      this.#inflater = new MessageInflater({ maxMessageBytes: limits.maxMessageBytes, reserve, release })
    }
    return this.#inflater
  }

  /** The memory of a message that takes too long is needed by others. */
  #abandon(why: HalibutError): void {
    this.#inflater?.abandon(why)
    this.channel.destroy(why)
  }

  /**
   * Sends a message with its data streams (spec §5.4). `before` and `after` are control lines that travel in the same writes.
   * The message is encoded whole before this is called, so nothing of one that cannot be written ever leaves.
   */
  send(message: EncodedMessage, before: Buffer = nothing, after: Buffer = nothing, messageId = ''): Promise<void> | undefined {
    const { channel, options } = this
    channel.sendTimeoutMs = options.limits.tcpClientSendTimeoutMs
    if (message.document.length >= deflateInTurnsFrom) return this.#sendLarge(message, before, after, messageId)
    const frame = deflateMessage(message.document)
    options.observer?.messageSent?.({ compressedBytes: frame.length, documentBytes: message.document.length })
    if (message.streams.length > 0) return this.#sendPieces(frame, message.streams, before, after, messageId)
    if (before.length + after.length === 0) return channel.write(frame)
    if (frame.length > joinFrameUpToBytes) return this.#sendPieces(frame, [], before, after, messageId)
    return channel.write(Buffer.concat([before, frame, after]))
  }

  async #sendLarge({ document, streams }: EncodedMessage, before: Buffer, after: Buffer, messageId: string): Promise<void> {
    const frame = await inTurns(deflateInParts(document))
    this.options.observer?.messageSent?.({ compressedBytes: frame.length, documentBytes: document.length })
    return this.#sendPieces(frame, streams, before, after, messageId)
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
        `the data stream ${stream.id} has ${written} bytes, and not the ${stream.length} that it was made with`,
        {
          phase: 'stream',
          dotnetType: 'Halibut.Transport.Protocol.ProtocolException',
          dotnetMessage: `Data stream size mismatch detected during send. Message Id: ${messageId}, Stream ID: ${stream.id}, Declared length: ${stream.length}, Actual bytes written: ${written}. Total length of all DataStreams to be sent is ${total}.`,
        },
      )
    }
    await writer.write(header.subarray(16))
  }

  /**
   * The next message, inflated. Waits `firstByteTimeoutMs` for its first byte, then the general receive timeout for each read. Without a
   * promise where it has come already; it then throws where it would reject. `passesOver`: a message that is too large, or for which there
   * is no memory, is read to its end, within `tooLargeMessageMs`, before it is an error; see {@link passedOver}.
   */
  receive(firstByteTimeoutMs: number, passesOver = false): Buffer | Promise<Buffer> {
    const chunk = this.#readFirst(firstByteTimeoutMs)
    if (chunk instanceof Promise) return this.#receiveFrom(chunk, passesOver)
    return this.#feed(chunk, passesOver) ? this.#takeMessage() : this.#receiveFrom(this.#inflater?.left ?? this.channel.read(), passesOver)
  }

  /** `receive` failed with this, and left the connection in step: the message was read to its end. */
  passedOver(why: unknown): boolean {
    return why !== undefined && this.#inflater?.refused === why
  }

  /** The first bytes of the message that was {@link passedOver}. */
  get passedOverHead(): Buffer {
    return this.#head
  }

  async #receiveFrom(first: Reading, passesOver: boolean): Promise<Buffer> {
    try {
      let turns: Turns | undefined
      let until: number | undefined
      for (let chunk = first; !this.#feed(chunk instanceof Promise ? await chunk : chunk, passesOver); ) {
        if (this.#inflater?.refused !== undefined) {
          until ??= performance.now() + this.options.limits.tooLargeMessageMs
          const leftMs = until - performance.now()
          if (leftMs <= 0) throw this.#inflater.refused
          this.channel.receiveTimeoutMs = Math.min(this.channel.receiveTimeoutMs, leftMs)
        }
        const left = this.#inflater?.left
        if (left !== undefined) {
          turns ??= new Turns()
          const turn = turns.take()
          if (turn) await turn
        }
        chunk = left ?? this.channel.read()
      }
    } catch (why) {
      const refused = this.#inflater?.refused
      this.#inflater?.reset()
      throw refused ?? why
    }
    return this.#takeMessage()
  }

  /** What comes after the last message. */
  #readFirst(timeoutMs: number): Reading {
    const { channel } = this
    channel.receiveTimeoutMs = timeoutMs
    return this.#tail ? this.#passTail(this.#tail).then(() => channel.read()) : channel.read()
  }

  /** Takes bytes of a message; true: it is complete. */
  #feed(chunk: Buffer | undefined, passesOver: boolean): boolean {
    if (chunk === undefined) throw endOfInput()
    this.channel.receiveTimeoutMs = this.options.limits.tcpClientReceiveTimeoutMs
    const receiver = this.#receiver()
    receiver.passesOver = passesOver
    return receiver.feed(chunk)
  }

  #takeMessage(): Buffer {
    const { document, surplus, compressedBytes, refused, tail } = this.#receiver().take()
    if (surplus !== undefined && surplus.length > 0) this.channel.unread(surplus)
    this.#tail = tail
    if (refused) {
      this.#head = document
      throw refused
    }
    this.options.observer?.messageReceived?.({ compressedBytes, documentBytes: document.length })
    return document
  }

  /** Whether END stands where the first request could: a probe, or a caller that thought better of it. */
  async endsBeforeRequest(timeoutMs: number): Promise<boolean> {
    const { channel } = this
    channel.receiveTimeoutMs = timeoutMs
    const chunk = await channel.read()
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

  /** One line without its CR LF, empty or not. One deadline covers all of it. Without a promise where it has come already. */
  receiveLine(timeoutMs: number): string | Promise<string> {
    return this.#receiveLine(timeoutMs, false)
  }

  /** The next word, which is a line that is not empty. One deadline covers all of it (spec §3.1). */
  #receiveWord(timeoutMs: number): string | Promise<string> {
    return this.#receiveLine(timeoutMs, true)
  }

  #receiveLine(timeoutMs: number, isWord: boolean): string | Promise<string> {
    const chunk = this.#readFirst(timeoutMs)
    if (chunk instanceof Promise) return this.#receiveLineFrom(chunk, timeoutMs, isWord)
    return this.#feedLine(chunk, isWord) ?? this.#receiveLineFrom(this.channel.read(), timeoutMs, isWord)
  }

  async #receiveLineFrom(first: Reading, timeoutMs: number, isWord: boolean): Promise<string> {
    const { channel } = this
    const until = timeoutMs > 0 ? performance.now() + timeoutMs : 0
    for (let chunk = first; ; chunk = channel.read()) {
      const line = this.#feedLine(chunk instanceof Promise ? await chunk : chunk, isWord)
      if (line !== undefined) return line
      if (timeoutMs > 0) channel.receiveTimeoutMs = Math.max(1, until - performance.now())
    }
  }

  /** Takes bytes of a line; `undefined`: it goes on, or is one that is not looked for. */
  #feedLine(chunk: Buffer | undefined, isWord: boolean): string | undefined {
    if (chunk === undefined) throw endOfInput()
    const found = this.#lines.feed(chunk)
    if (!found) return undefined
    const { line, rest } = found
    if (rest !== undefined && rest.length > 0) this.channel.unread(rest)
    if (!isWord) return line
    if (line === '') return undefined
    this.options.observer?.controlReceived?.(line)
    return line
  }

  /** Without a promise where it has come already; it then throws where it would reject. So does {@link expectNextOrEnd}. */
  expectProceed(timeoutMs: number): Promise<void> | undefined {
    const word = this.#receiveWord(timeoutMs)
    return word instanceof Promise ? word.then(checkProceed) : checkProceed(word)
  }

  expectNextOrEnd(timeoutMs: number): 'NEXT' | 'END' | Promise<'NEXT' | 'END'> {
    const word = this.#receiveWord(timeoutMs)
    return word instanceof Promise ? word.then(checkNextOrEnd) : checkNextOrEnd(word)
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

function checkProceed(word: string): undefined {
  if (word !== 'PROCEED') throw protocolError(`Expected PROCEED, got: ${word}`)
}

function checkNextOrEnd(word: string): 'NEXT' | 'END' {
  if (word !== 'NEXT' && word !== 'END') throw protocolError(`Expected NEXT or END, got: ${word}`)
  return word
}

/** A producer’s own error as ours, with its text. */
function producerFailed(why: unknown): HalibutError {
  if (why instanceof HalibutError) return why
  return new HalibutError('stream_failed', messageOf(why), { phase: 'stream', cause: why })
}

function protocolError(message: string): HalibutError {
  return new HalibutError('protocol_error', message, { dotnetType: 'Halibut.Transport.Protocol.ProtocolException' })
}
