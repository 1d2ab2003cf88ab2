import { createHash, type Hash } from 'node:crypto'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { defaultLimits, gatewayLimits } from '../../base/limits.ts'
import type { DigestName } from '../../rpc/call-streams.ts'
import type { DataStream } from '../../runtime/data-streams.ts'
import { contentBytes, KeptFrames } from './kept-frames.ts'
import type { SessionWindows } from './session-windows.ts'
import { StreamWindow } from './stream-window.ts'

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

interface Flowing {
  readonly at: 'flowing'
  readonly digest: { readonly name: DigestName; readonly hash: Hash } | undefined
  /** Gives it up where the browser takes nothing of it. */
  readonly unread: NodeJS.Timeout
  /** Ends the wait for the credit of a whole frame. */
  whole: NodeJS.Timeout | undefined
  /** Of the turn of the event loop in which it sends what has come. */
  turn: NodeJS.Immediate | undefined
  /** Lets the agent’s side go on, or ends it, where that waits for the browser. */
  release: { readonly resolve: () => void; readonly reject: (why: unknown) => void } | undefined
  /** `reached`: the agent has given all; `told`: the browser knows that it was all. */
  end: 'awaited' | 'reached' | 'told'
}

/**
 * - `new`: waits for its answer, or its turn
 * - `flowing`: what the agent gives is sent under credit, and kept until the browser has acknowledged it
 * - `over`: nothing of it comes any more, nothing is kept
 */
type State = { readonly at: 'new' } | Flowing | { readonly at: 'over' }

const { streamCreditBytes } = facadeLimits

/**
 * A data stream from an agent to the browser. It is sent as far as the browser grants and the window of what may be kept for it reaches; kept
 * beside is at most `readAheadBytes` that wait for either, and what one chunk of the agent exceeds that. While the browser gives no credit the
 * agent’s side waits; the engine’s spool takes over when that lasts too long. A browser that takes nothing for `streamUnreadMs` loses it.
 */
export class Download {
  readonly id: number
  readonly #source: DataStream
  readonly #events: DownloadEvents
  readonly #window: StreamWindow
  readonly #kept = new KeptFrames()
  #state: State = { at: 'new' }
  #isAttached = true
  /** The browser may be sent the bytes before this. */
  #granted: number = streamCreditBytes
  #sent = 0
  /** Where its credit ended when the browser was told last that it holds us up. */
  #toldHeldUp = -1

  constructor(id: number, source: DataStream, windows: SessionWindows, events: DownloadEvents) {
    this.id = id
    this.#source = source
    this.#window = new StreamWindow(windows)
    this.#events = events
  }

  get length(): number {
    return this.#source.length
  }

  /** Whether nothing of it comes any more. */
  get isOver(): boolean {
    return this.#state.at === 'over'
  }

  /** Lets the content flow. */
  begin(digest: DigestName | undefined): void {
    if (this.#state.at !== 'new') return
    const state: Flowing = {
      at: 'flowing',
      digest: digest && { name: digest, hash: createHash(digest) },
      unread: setTimeout(() => this.#giveUp(), defaultLimits.streamUnreadMs).unref(),
      whole: undefined,
      turn: undefined,
      release: undefined,
      end: 'awaited',
    }
    this.#state = state
    this.#source
      .pump(chunk => this.#take(chunk))
      .then(
        () => {
          state.end = 'reached'
          this.flush()
        },
        (why: unknown) => {
          if (this.isOver) return
          this.#events.failed(why)
          this.#end()
        },
      )
  }

  /** The browser may be sent the bytes before `offset`, and has done with those before `acknowledged`. */
  credit(offset: number, acknowledged: number): void {
    this.#granted = Math.max(this.#granted, offset)
    const state = this.#state
    if (state.at !== 'flowing') return
    const { base } = this.#window
    this.#window.moveTo(Math.min(acknowledged, this.#sent))
    if (this.#window.base > base) {
      state.unread.refresh()
      this.#kept.drop(this.#window.base)
    }
    // It can have more under way than we keep for it: its own window has grown.
    if (this.#granted > this.#window.reach) this.#window.grow(this.#window.base)
    this.flush()
  }

  /** Sends what credit and socket allow. */
  flush(): void {
    const state = this.#state
    if (state.at !== 'flowing' || !this.#isAttached) return
    this.#send(state, true)
    if (this.#wantsMore) {
      state.release?.resolve()
      state.release = undefined
    }
    if (this.#sent === this.#kept.end) this.#drained(state)
  }

  /** The socket is away. */
  detach(): void {
    this.#isAttached = false
  }

  /** There is a socket again, and the browser has received the bytes before `received`. */
  resume(received: number | undefined): void {
    this.#isAttached = true
    const { base } = this.#window
    this.#sent = Math.max(base, Math.min(received ?? base, this.#sent))
    // What told it may be lost, and the rest of the credit with that.
    this.#toldHeldUp = -1
    this.flush()
  }

  /** Gives it up, and tells the browser why. */
  breakOff(why: HalibutError): void {
    if (this.isOver) return
    this.#events.failed(why)
    this.discard()
  }

  /** Gives it up: the agent’s content is thrown away. Idempotent. */
  discard(): void {
    if (this.isOver) return
    this.#end()
    this.#source.discard()
  }

  #take(chunk: Uint8Array): Promise<void> | undefined {
    const state = this.#state
    if (state.at !== 'flowing') throw givenUp()
    state.digest?.hash.update(chunk)
    this.#kept.put(chunk)
    if (this.#kept.end - this.#sent >= contentBytes && this.#isAttached) this.#send(state, false)
    // The chunks of one turn of the event loop share a frame.
    if (this.#kept.end > this.#sent) {
      state.turn ??= setImmediate(() => {
        state.turn = undefined
        this.flush()
      })
    }
    if (this.#wantsMore) return undefined
    return new Promise((resolve, reject) => {
      state.release = { resolve, reject }
    })
  }

  /** More than it may send, so that a credit finds something and the agent’s connection never stands still for it. */
  get #wantsMore(): boolean {
    return this.#kept.end < this.#window.reach + gatewayLimits.readAheadBytes
  }

  /** How far it may send. */
  get #most(): number {
    return Math.min(this.#kept.end, this.#granted, this.#window.reach)
  }

  /** Sends what may be sent; without `withTail` whole frames only, since more is about to come. */
  #send(state: Flowing, withTail: boolean): void {
    const most = this.#most
    if (this.#sent < most) this.#events.together(() => this.#sendUntil(most, withTail))
    if (most < this.#kept.end && most - this.#sent < contentBytes && !this.#isShort) this.#awaitCredit(state)
  }

  #sendUntil(most: number, withTail: boolean): void {
    while (this.#sent < most) {
      const { offset, length } = this.#kept.at(this.#sent)
      const end = offset + length
      // A frame that is cut by the credit costs two, and a copy.
      if (most < end ? !this.#isShort : !withTail && length < contentBytes) return
      if (!this.#sendTo(Math.min(end, most), false)) return
    }
  }

  /** Whether the browser has little to go on with; else its next credit is on the way, and worth waiting for. */
  get #isShort(): boolean {
    return this.#sent - this.#window.base < streamCreditBytes / 2
  }

  /**
   * Waits for a credit that lets a whole frame go, though not for long: the browser may be one that counts its credit to the last byte. It gets
   * the rest of it then, where there is some, and hears that it holds us up: it is far away, or reads slowly.
   */
  #awaitCredit(state: Flowing): void {
    const from = this.#most
    if (this.#toldHeldUp === from) return
    state.whole ??= setTimeout(() => {
      state.whole = undefined
      if (!this.#isAttached) return
      if (this.#most === from && from <= this.#endAt(this.#sent) && this.#sendTo(from, from === this.#granted)) this.#toldHeldUp = from
      else this.#send(state, true)
    }, gatewayLimits.wholeFrameMs).unref()
  }

  /** Where the frame with the byte at `offset` ends. */
  #endAt(offset: number): number {
    const frame = this.#kept.at(offset)
    return frame.offset + frame.length
  }

  #sendTo(end: number, isHeldUp: boolean): boolean {
    const { bytes, done } = this.#kept.leave(this.id, this.#sent, end, isHeldUp)
    if (this.#events.send(bytes, done)) {
      this.#sent = end
      return true
    }
    done()
    return false
  }

  /** All that has come was sent. */
  #drained(state: Flowing): void {
    if (state.end === 'reached') {
      state.end = 'told'
      const { digest } = state
      this.#events.ended(this.#sent, digest ? { [digest.name]: digest.hash.digest('hex') } : {})
    }
    if (state.end === 'told' && this.#window.base === this.#sent) this.#end()
  }

  #giveUp(): void {
    const minutes = defaultLimits.streamUnreadMs / 60_000
    this.breakOff(new HalibutError('stream_stalled', `nobody read the download for ${minutes} minutes`, { phase: 'stream' }))
  }

  /** The one way out of every state. */
  #end(): void {
    const state = this.#state
    this.#state = { at: 'over' }
    if (state.at === 'flowing') {
      clearTimeout(state.unread)
      clearTimeout(state.whole)
      clearImmediate(state.turn)
      state.release?.reject(givenUp())
    }
    this.#kept.drop(Number.POSITIVE_INFINITY)
    this.#window.close()
    this.#events.over()
  }
}

function givenUp(): HalibutError {
  return new HalibutError('stream_failed', 'the download was given up', { phase: 'stream' })
}
