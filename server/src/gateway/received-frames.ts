import { facadeLimits } from '@halibut-gateway/schemas/wire'

/** Counts the counted frames of a browser, and says in time how many have come. */
export class ReceivedFrames {
  readonly #acknowledge: (received: number) => void
  #received = 0
  #acknowledged = 0
  /** Of the frames that are not acknowledged. */
  #chars = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(acknowledge: (received: number) => void) {
    this.#acknowledge = acknowledge
  }

  get count(): number {
    return this.#received
  }

  /** One more came, with so many characters. */
  add(chars: number): void {
    this.#received++
    this.#chars += chars
    if (this.#received - this.#acknowledged >= facadeLimits.ackFrames || this.#chars >= facadeLimits.ackChars) this.#tell()
    else this.#timer ??= setTimeout(this.#onTime, facadeLimits.ackMs)
  }

  /** The browser has been told otherwise, or will be. */
  settle(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#acknowledged = this.#received
    this.#chars = 0
  }

  /** The timer runs on while frames come, so that a busy browser costs one timer in that time, not one for each acknowledgement. */
  readonly #onTime = (): void => {
    this.#timer = undefined
    if (this.#acknowledged < this.#received) this.#tell()
  }

  #tell(): void {
    this.#acknowledged = this.#received
    this.#chars = 0
    this.#acknowledge(this.#received)
  }
}
