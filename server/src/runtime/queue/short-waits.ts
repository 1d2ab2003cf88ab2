import { timerMs } from '../../base/timer.ts'

/**
 * One timer for many short waits, of which nearly all are over at once: it looks back when it fires, in the place of being set and cleared with
 * each. For the row “direct call to a polling agent”, whose processor time a call falls by 4 % with it.
 */
export class ShortWaits {
  readonly #onTimeout: () => void
  #timer: NodeJS.Timeout | undefined
  #begun = 0

  /** `onTimeout`: a wait has passed. Also called where it was over before, and no other has begun. */
  constructor(onTimeout: () => void) {
    this.#onTimeout = onTimeout
  }

  /** A wait begins, and passes after `waitMs` at least and twice that at most. */
  begin(waitMs: number): void {
    this.#begun++
    this.#timer ??= setTimeout(this.#fired, timerMs(waitMs), waitMs, this.#begun)
  }

  /** None will pass that has begun. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #fired = (waitMs: number, since: number): void => {
    this.#timer = undefined
    if (this.#begun === since) this.#onTimeout()
    else this.#timer = setTimeout(this.#fired, timerMs(waitMs), waitMs, this.#begun)
  }
}
