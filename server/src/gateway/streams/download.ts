import { createHash, type Hash } from 'node:crypto'
import { downloadFrameBytes, facadeLimits, frameHeaderBytes, writeFrameHeader } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { defaultLimits, gatewayLimits } from '../../base/limits.ts'
import type { DigestName } from '../../rpc/call-streams.ts'
import type { DataStream } from '../../runtime/data-streams.ts'

/** What a download works with. */
export interface DownloadEvents {
  /** Sends a binary frame; `done` when it has left or never will. False: not now, {@link Download.flush} will be called. */
  send(frame: Buffer, done: () => void): boolean
  /** Lets what `write` sends leave as one. */
  together(write: () => void): void
  /** The whole content was sent. */
  ended(length: number, digest: Readonly<Partial<Record<DigestName, string>>>): void
  /** The content broke off. */
  failed(why: unknown): void
  /** Nothing of it has to be kept any more. */
  over(): void
}

/** Content with room for its header in front, kept until the browser has acknowledged it. */
interface Kept {
  /** Offset of the first byte of content in the data stream. */
  readonly offset: number
  readonly frame: Buffer
  /** Bytes of content. */
  length: number
  /** Frames of it that the socket still holds. */
  leaving: number
  acknowledged: boolean
}

const { streamCreditBytes } = facadeLimits
const contentBytes = downloadFrameBytes - frameHeaderBytes
const littleBytes = contentBytes / 4

/** Frames that were used and may be used again, so that a long stream does not make garbage; few, since most are in use. */
const spare: Buffer[] = []
const maxSpare = 64

/**
 * A data stream from an agent to the browser. Content is copied once, behind the header of its frame, and kept there until the browser
 * has acknowledged it, or has granted so much that it need not be kept: at most `streamCreditBytes`, `readAheadBytes` that wait for credit, and
 * what one chunk of the agent exceeds that. While the browser gives no credit the agent’s side waits; the engine’s spool takes over when that
 * lasts too long. A browser that takes nothing for `streamUnreadMs` loses it.
 */
export class Download {
  readonly id: number
  readonly #source: DataStream
  readonly #events: DownloadEvents
  readonly #kept: Kept[] = []
  #produced = 0
  #sent = 0
  #acknowledged = 0
  /** The browser may be sent the bytes before this. */
  #granted: number = streamCreditBytes
  #hash: Hash | undefined
  #digestName: DigestName | undefined
  #scheduled = false
  #attached = true
  #sourceEnded = false
  #endTold = false
  #over = false
  #unread: NodeJS.Timeout | undefined
  #whole: NodeJS.Timeout | undefined
  #waitedForWhole = false
  #release: { resolve: () => void; reject: (why: unknown) => void } | undefined

  constructor(id: number, source: DataStream, events: DownloadEvents) {
    this.id = id
    this.#source = source
    this.#events = events
  }

  get length(): number {
    return this.#source.length
  }

  /** Whether nothing of it comes any more. */
  get isOver(): boolean {
    return this.#over
  }

  /** Lets the content flow. */
  begin(digest: DigestName | undefined): void {
    if (this.#over) return
    this.#digestName = digest
    if (digest) this.#hash = createHash(digest)
    this.#unread = setTimeout(() => this.#giveUp(), defaultLimits.streamUnreadMs).unref()
    this.#source
      .pump(chunk => this.#take(chunk))
      .then(
        () => {
          this.#sourceEnded = true
          this.flush()
        },
        (why: unknown) => {
          if (this.#over) return
          this.#events.failed(why)
          this.#end()
        },
      )
  }

  /**
   * The browser may be sent the bytes before `offset`, which acknowledges those that are a whole credit before it. Where it grants more than
   * a credit beyond what it can have, it wants nothing of the rest kept.
   */
  credit(offset: number): void {
    if (offset <= this.#granted) return
    this.#granted = offset
    this.#acknowledge()
    this.flush()
  }

  /** Lets go of what was sent and lies a whole credit before what was granted. */
  #acknowledge(): void {
    const acknowledged = Math.min(this.#granted - streamCreditBytes, this.#sent)
    if (acknowledged <= this.#acknowledged) return
    this.#acknowledged = acknowledged
    this.#unread?.refresh()
    for (let first = this.#kept[0]; first && first.offset + first.length <= acknowledged; first = this.#kept[0]) {
      first.acknowledged = true
      this.#kept.shift()
      recycle(first)
    }
  }

  /** Sends what credit and socket allow. */
  flush(): void {
    if (this.#over || !this.#attached) return
    this.#sendAllowed(true)
    if (this.#wantsMore) {
      this.#release?.resolve()
      this.#release = undefined
    }
    if (this.#sent === this.#produced && this.#sourceEnded) this.#drained()
  }

  /** The socket is away. */
  detach(): void {
    this.#attached = false
  }

  /** There is a socket again, and the browser has received the bytes before `received`. */
  resume(received: number | undefined): void {
    this.#attached = true
    if (received !== undefined && received < this.#acknowledged) {
      const message = `the browser has received ${received} bytes, and wanted those before ${this.#acknowledged} not kept`
      this.breakOff(new HalibutError('stream_failed', message, { phase: 'stream' }))
      return
    }
    this.#sent = Math.max(this.#acknowledged, Math.min(received ?? this.#acknowledged, this.#sent))
    this.flush()
  }

  /** Gives it up, and tells the browser why. */
  breakOff(why: HalibutError): void {
    if (this.#over) return
    this.#events.failed(why)
    this.discard()
  }

  /** Gives it up: the agent’s content is thrown away. Idempotent. */
  discard(): void {
    if (this.#over) return
    this.#end()
    this.#source.discard()
    this.#release?.reject(new HalibutError('stream_failed', 'the download was given up', { phase: 'stream' }))
    this.#release = undefined
  }

  #take(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#over) throw new HalibutError('stream_failed', 'the download was given up', { phase: 'stream' })
    this.#hash?.update(chunk)
    for (let at = 0; at < chunk.byteLength; ) {
      let last = this.#kept.at(-1)
      // A frame that is on its way may still be filled behind what was sent, at the price of a copy: worth it only where it holds little.
      if (!last || last.length === contentBytes || (last.leaving > 0 && last.length >= littleBytes)) {
        last = {
          offset: this.#produced,
          frame: spare.pop() ?? Buffer.allocUnsafeSlow(downloadFrameBytes),
          length: 0,
          leaving: 0,
          acknowledged: false,
        }
        this.#kept.push(last)
      }
      const room = contentBytes - last.length
      const piece = at === 0 && chunk.byteLength <= room ? chunk : chunk.subarray(at, at + room)
      last.frame.set(piece, frameHeaderBytes + last.length)
      last.length += piece.byteLength
      this.#produced += piece.byteLength
      at += piece.byteLength
    }
    if (this.#produced - this.#sent >= contentBytes && this.#attached) this.#sendAllowed(false)
    if (this.#produced > this.#sent) this.#flushSoon()
    if (this.#wantsMore) return undefined
    return new Promise((resolve, reject) => {
      this.#release = { resolve, reject }
    })
  }

  /** Lets the chunks of one turn of the event loop share a frame. */
  #flushSoon(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  /** Sends what the credit allows; without `withTail` whole frames only, since more is about to come. */
  #sendAllowed(withTail: boolean): void {
    const most = Math.min(this.#produced, this.#granted)
    if (this.#sent >= most) return
    this.#events.together(() => this.#sendUntil(most, withTail))
    this.#acknowledge()
  }

  #sendUntil(most: number, withTail: boolean): void {
    while (this.#sent < most) {
      const kept = this.#at(this.#sent)
      if (!kept) return
      const end = kept.offset + kept.length
      if (most < end ? this.#waitsForWhole() : !withTail && kept.length < contentBytes) return
      if (!this.#sendPart(kept, this.#sent - kept.offset, Math.min(end, most) - kept.offset)) return
    }
  }

  /**
   * A frame that is cut by the credit costs two, and a copy. Where the browser has enough to go on with, its next credit is on the way and
   * worth waiting for, though not for long: it may be one that counts its credit to the last byte.
   */
  #waitsForWhole(): boolean {
    if (this.#sent - this.#acknowledged < streamCreditBytes / 2 || this.#waitedForWhole) return false
    this.#whole ??= setTimeout(() => {
      this.#whole = undefined
      this.#waitedForWhole = true
      this.flush()
      this.#waitedForWhole = false
    }, gatewayLimits.wholeFrameMs).unref()
    return true
  }

  /** More than the credit, so that a credit finds something to send and the agent’s connection never stands still for it. */
  get #wantsMore(): boolean {
    return this.#produced < this.#acknowledged + streamCreditBytes + gatewayLimits.readAheadBytes
  }

  #drained(): void {
    if (!this.#endTold) {
      this.#endTold = true
      this.#events.ended(this.#produced, this.#hash && this.#digestName ? { [this.#digestName]: this.#hash.digest('hex') } : {})
    }
    if (this.#acknowledged >= this.#produced) this.#end()
  }

  #at(offset: number): Kept | undefined {
    return this.#kept.find(each => offset < each.offset + each.length)
  }

  #sendPart(kept: Kept, from: number, to: number): boolean {
    let frame: Buffer
    if (from === 0 && kept.leaving === 0) frame = kept.frame.subarray(0, frameHeaderBytes + to)
    else {
      // A header must stand right before its content, where other content may still be on its way: a copy.
      frame = Buffer.allocUnsafeSlow(frameHeaderBytes + to - from)
      frame.set(kept.frame.subarray(frameHeaderBytes + from, frameHeaderBytes + to), frameHeaderBytes)
    }
    writeFrameHeader(frame, this.id, kept.offset + from)
    kept.leaving++
    const sent = this.#events.send(frame, () => {
      kept.leaving--
      recycle(kept)
    })
    if (!sent) {
      kept.leaving--
      return false
    }
    this.#sent = kept.offset + to
    return true
  }

  #giveUp(): void {
    const minutes = defaultLimits.streamUnreadMs / 60_000
    this.breakOff(new HalibutError('stream_stalled', `nobody read the download for ${minutes} minutes`, { phase: 'stream' }))
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#unread)
    clearTimeout(this.#whole)
    for (const kept of this.#kept.splice(0)) {
      kept.acknowledged = true
      recycle(kept)
    }
    this.#events.over()
  }
}

function recycle(kept: Kept): void {
  if (kept.acknowledged && kept.leaving === 0 && spare.length < maxSpare) spare.push(kept.frame)
}
