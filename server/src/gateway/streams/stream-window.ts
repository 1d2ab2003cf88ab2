import { streamCreditBytes, streamWindowBytes } from '@halibut-gateway/schemas/wire'
import type { SessionWindows } from './session-windows.ts'

/**
 * How far the sender of a data stream may be ahead of its receiver. The receiver grants by it, and a sender that has to keep what is not
 * acknowledged bounds by its own what it uses of that. It begins with `streamCreditBytes`, doubles where somebody says that it holds the data
 * stream up, up to `streamWindowBytes`, and halves where the others need some of it. What was granted is never taken back: a window that has become
 * smaller stands still until the receiver has come after.
 */
export class StreamWindow {
  readonly #windows: SessionWindows
  #base = 0
  #reach: number = streamCreditBytes
  #bytes: number = streamCreditBytes
  #grownAt = 0
  #taken = 0

  constructor(windows: SessionWindows) {
    this.#windows = windows
  }

  /** The receiver has done with the bytes before this. */
  get base(): number {
    return this.#base
  }

  /** The sender may send the bytes before this. */
  get reach(): number {
    return this.#reach
  }

  /** The receiver has done with the bytes before `base`; one that lies before the last does nothing. */
  moveTo(base: number): void {
    this.#base = Math.max(this.#base, base)
    this.#settle()
    // One step at a time: whether it is enough shows when the receiver has come after.
    if (this.#bytes > streamCreditBytes && this.#reach - this.#base <= this.#bytes && this.#windows.isShort(this.#taken)) {
      this.#bytes /= 2
      this.#settle()
    }
    this.#reach = Math.max(this.#reach, this.#base + this.#bytes)
  }

  /**
   * It holds its data stream up, whose receiver has done with the bytes before `base`: doubles it where it may, once for each half of it that
   * was done with, so that whoever takes nothing has no more of it, whatever is said. True where it has become larger.
   */
  grow(base: number): boolean {
    const bytes = 2 * this.#bytes
    const more = bytes - streamCreditBytes - this.#taken
    if (bytes > streamWindowBytes || base - this.#grownAt < this.#bytes / 2) return false
    if (more > 0) {
      if (!this.#windows.take(more, this.#taken)) return false
      this.#taken += more
    }
    this.#bytes = bytes
    this.#grownAt = base
    this.moveTo(base)
    return true
  }

  /** Its data stream is over. Idempotent. */
  close(): void {
    this.#give(this.#taken)
  }

  /** Gives back what is neither granted nor wanted any more. */
  #settle(): void {
    this.#give(this.#taken + streamCreditBytes - Math.max(this.#bytes, this.#reach - this.#base))
  }

  #give(bytes: number): void {
    this.#taken -= bytes
    this.#windows.give(bytes)
  }
}
