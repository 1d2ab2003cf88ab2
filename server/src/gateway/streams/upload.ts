import { createHash, type Hash } from 'node:crypto'
import { type FrameHeader, facadeLimits } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { DigestName } from '../../rpc/call-streams.ts'
import { type ByteSink, DataStream, type Spool } from '../../runtime/data-streams.ts'
import type { SessionWindows } from './session-windows.ts'
import { StreamWindow } from './stream-window.ts'

/** What an upload tells. */
export interface UploadEvents {
  /** The browser may send the bytes before `offset`, and need not keep those before `acknowledged`. */
  credit(offset: number, acknowledged: number): void
  /** Nothing more is wanted of it: it was taken whole, or has failed. */
  over(): void
}

/** Why a frame breaks the rules. */
export type FrameRefusal = 'credit_exceeded' | undefined

const { chunkBytes } = facadeLimits
const { readAheadBytes, wholeFrameMs: farMs } = gatewayLimits
/** A credit is sent for this much more: a little less than a frame of 64 KiB, so that each such frame brings one. */
const creditStepBytes = 60 * 1024
/**
 * Smaller contents are copied into blocks that they share. A view would keep the whole of what the socket read at once, up to 64 KiB, for
 * whatever part of that this upload is; and a browser that sends single bytes would make us keep an object for each.
 */
const smallBytes = 32 * 1024
const blockBytes = 16 * 1024

interface Block {
  bytes: Buffer
  /** Room behind `bytes` in the same memory. */
  room: Buffer | undefined
}

/**
 * - `asked`: its content has to wait until somebody takes it
 * - `open`: content may come
 * - `taken`: it was taken whole
 * - `failed`: whoever takes it gets `why`
 */
type State =
  | { readonly at: 'asked' }
  /** `wake`: for whoever takes it and has all that came. */
  | { readonly at: 'open'; wake: (() => void) | undefined }
  | { readonly at: 'taken' }
  | { readonly at: 'failed'; readonly why: HalibutError; readonly byBrowser: boolean }

/**
 * A data stream from the browser to an agent. Credit grows with what has come, so that the way from the browser is never idle while the agent
 * takes, and waits for the agent where that is `readAheadBytes` behind: at most so much is kept, and the window, which becomes larger where
 * the browser says that it is held up, is so for `wholeFrameMs` at least, and the agent has taken all but a frame.
 */
export class Upload {
  readonly id: number
  readonly isUnasked: boolean
  readonly #events: UploadEvents
  readonly #window: StreamWindow
  readonly #blocks: Block[] = []
  #state: State
  #length: number | undefined
  #received = 0
  #taken = 0
  #ended: number | undefined
  #hash: Hash | undefined
  #digest: string | undefined
  #stream: DataStream | undefined
  #whole: Promise<void> | undefined
  #spooled: Spool | undefined
  readonly #mayWait: boolean
  /** When it was held up by the frame before, by `performance.now()`; and whether that ever took long. */
  #heldUpMs = Number.POSITIVE_INFINITY
  #isFar = false

  /**
   * `isUnasked`: its content may come at once; else it waits for the credit that is given when it is taken. `mayWait`: so does the browser, which
   * may know less than we of what is over.
   */
  constructor(
    id: number,
    length: number | undefined,
    windows: SessionWindows,
    events: UploadEvents,
    isUnasked = true,
    mayWait = !isUnasked,
  ) {
    this.id = id
    this.isUnasked = isUnasked
    this.#mayWait = mayWait
    this.#state = isUnasked ? { at: 'open', wake: undefined } : { at: 'asked' }
    this.#length = length
    this.#window = new StreamWindow(windows)
    this.#events = events
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#received
  }

  /** Known from the beginning, or once {@link spool} has taken it whole. */
  get length(): number | undefined {
    return this.#length
  }

  /** Whether the browser still believes that it is wanted: neither taken whole nor given up by the browser itself. */
  get isWanted(): boolean {
    const state = this.#state
    return state.at !== 'taken' && !(state.at === 'failed' && state.byBrowser)
  }

  /**
   * Whether it is one of those that the browser may have sent unasked and does not know yet to be over: of the last byte it hears before we
   * forget it, of an empty one it needs to hear nothing.
   */
  get isUnderWay(): boolean {
    return this.isUnasked && (this.#length ?? this.#ended) !== 0
  }

  /** Lower-case hexadecimal, once it was taken whole and where it was asked for. */
  get digest(): string | undefined {
    return this.#digest
  }

  wantDigest(name: DigestName): void {
    this.#hash ??= createHash(name)
  }

  /** As the engine takes it. The length must be known. */
  get stream(): DataStream {
    this.#stream ??= new DataStream(this.#length ?? 0, {
      stable: true,
      pump: sink => this.#pump(sink),
      discard: () => this.fail(new HalibutError('stream_failed', 'the upload was not wanted', { phase: 'stream' })),
    })
    return this.#stream
  }

  /** Takes the whole content into `spool` and learns the length. Rejects with what ends the upload, `length_required` beyond `maxBytes`. */
  spool(spool: Spool, maxBytes: number): Promise<void> {
    this.#whole ??= this.#spool(spool, maxBytes)
    return this.#whole
  }

  /** Content came. What is refused breaks the protocol. */
  receive({ offset, isHeldUp }: Pick<FrameHeader, 'offset' | 'isHeldUp'>, content: Buffer): FrameRefusal {
    if (this.#isOver) return undefined
    const end = offset + content.byteLength
    const reach = this.#state.at === 'open' ? this.#window.reach : 0
    const most = Math.min(reach, this.#length ?? this.#ended ?? Number.MAX_SAFE_INTEGER)
    if (offset !== this.#received || end > most) return 'credit_exceeded'
    const isBehind = this.#received - this.#taken > chunkBytes
    this.#received = end
    if (content.byteLength > 0) this.#keep(content)
    this.#noteHeldUp(isHeldUp)
    if (isHeldUp && this.#isFar && !isBehind && this.#window.grow(this.#creditable)) this.repeatCredit()
    else this.#giveCredit()
    this.#wake()
    return undefined
  }

  /** The browser says that there are `length` bytes. */
  end(length: number): void {
    if (this.#isOver) return
    const told = this.#length ?? this.#ended ?? Math.max(length, this.#received)
    if (length === told) this.#ended = length
    else this.fail(new HalibutError('stream_size_mismatch', `the upload has ${length} bytes, not ${told} as was told`, { phase: 'stream' }))
    this.#wake()
  }

  /** The browser gives it up. */
  giveUp(why: HalibutError): void {
    this.#leave({ at: 'failed', why, byBrowser: true })
  }

  /** Whoever was to take it is done: what was kept is thrown away. */
  close(why: HalibutError): void {
    this.fail(why)
    // Not discarded: a call that goes on for others with the same key may yet take it, and gets the reason then.
    this.#spooled?.close()
  }

  /** Breaks it off: whoever takes it gets `why`. Idempotent. */
  fail(why: HalibutError): void {
    this.#leave({ at: 'failed', why, byBrowser: false })
  }

  /** Says the credit as it is now. */
  repeatCredit(): void {
    if (this.#state.at !== 'open') return
    this.#window.moveTo(this.#creditable)
    this.#events.credit(this.#window.reach, this.#window.base)
  }

  #giveCredit(): void {
    if (this.#creditable - this.#window.base >= creditStepBytes) this.repeatCredit()
  }

  /** What we have done with. The end only once it was taken: until then the browser must count it among its data streams, as we do. */
  get #creditable(): number {
    const most = Math.min(this.#received, this.#taken + readAheadBytes)
    return most === (this.#length ?? this.#ended) ? this.#taken : most
  }

  get #isOver(): boolean {
    return this.#state.at === 'taken' || this.#state.at === 'failed'
  }

  /** One that is near is held up as well, by what is slower than the way: only one that had to wait gains by a larger window. */
  #noteHeldUp(isHeldUp: boolean): void {
    if (this.#isFar) return
    const now = performance.now()
    this.#isFar = now - this.#heldUpMs >= farMs
    this.#heldUpMs = isHeldUp ? now : Number.POSITIVE_INFINITY
  }

  #keep(content: Buffer): void {
    if (content.byteLength >= smallBytes) {
      this.#blocks.push({ bytes: content, room: undefined })
      return
    }
    const rest = content.subarray(this.#fillUp(content))
    if (rest.byteLength === 0) return
    const block = Buffer.allocUnsafeSlow(Math.max(blockBytes, rest.byteLength))
    rest.copy(block)
    this.#blocks.push({ bytes: block.subarray(0, rest.byteLength), room: block.subarray(rest.byteLength) })
  }

  /** Puts as much of it as there is room for into the last block, and gives the number of bytes. */
  #fillUp(content: Buffer): number {
    const last = this.#blocks.at(-1)
    if (!last?.room) return 0
    const { buffer, byteOffset, byteLength } = last.bytes
    const copied = content.copy(last.room)
    last.bytes = Buffer.from(buffer, byteOffset, byteLength + copied)
    last.room = last.room.subarray(copied)
    return copied
  }

  async #pump(sink: ByteSink): Promise<void> {
    if (this.#state.at === 'asked') this.#state = { at: 'open', wake: undefined }
    let mayWait = this.#mayWait
    for (;;) {
      const block = this.#blocks.shift()
      if (block) {
        this.#hash?.update(block.bytes)
        const wait = sink(block.bytes)
        if (wait) await wait
        this.#taken += block.bytes.byteLength
        this.#giveCredit()
        continue
      }
      const state = this.#state
      if (state.at === 'failed') throw state.why
      if (state.at !== 'open' || this.#taken === (this.#length ?? this.#ended)) break
      if (mayWait && this.#received === 0) {
        mayWait = false
        this.repeatCredit()
      }
      await new Promise<void>(resolve => {
        state.wake = resolve
      })
    }
    if (this.#window.base < this.#taken) this.repeatCredit()
    this.#digest = this.#hash?.digest('hex')
    this.#leave({ at: 'taken' })
  }

  async #spool(spool: Spool, maxBytes: number): Promise<void> {
    let taken = 0
    try {
      await this.#pump(chunk => {
        taken += chunk.byteLength
        if (taken > maxBytes) {
          throw new HalibutError('length_required', `an upload without a length may have ${maxBytes} bytes`, { phase: 'stream' })
        }
        return spool.write(chunk)
      })
    } catch (why) {
      spool.close()
      throw why instanceof HalibutError && why.kind === 'memory_limit' ? noRoom(why) : why
    }
    spool.end()
    this.#spooled = spool
    this.#length = taken
    this.#stream = new DataStream(taken, { pump: sink => spool.pump(sink), discard: () => spool.close() })
  }

  #wake(): void {
    const state = this.#state
    if (state.at !== 'open') return
    state.wake?.()
    state.wake = undefined
  }

  /** The one way out: nothing more is wanted of it. Idempotent. */
  #leave(end: State & { readonly at: 'taken' | 'failed' }): void {
    if (this.#isOver) return
    this.#wake()
    this.#state = end
    this.#blocks.length = 0
    this.#window.close()
    this.#events.over()
  }
}

/** The browser can do better than wait: with a length nothing is kept. */
function noRoom(why: HalibutError): HalibutError {
  return new HalibutError('length_required', `no room for an upload without a length: ${why.message}`, {
    phase: 'stream',
    advice: 'say the length of the data stream, or send it again when others without one have ended',
    cause: why,
  })
}
