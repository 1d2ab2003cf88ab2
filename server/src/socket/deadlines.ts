import { timerMs } from '../base/timer.ts'
import { timedOut } from './errno.ts'

/**
 * The two deadlines of a channel (one read and one write may wait at a time) on one timer. Arming costs a look at the clock: a timer that
 * fires early is set again for the rest, and none runs while nothing with a limit has waited lately. It never keeps the process alive;
 * the socket does that.
 */
export class Deadlines {
  readonly #channel: { destroy(why: Error): void }
  #readAt = Number.POSITIVE_INFINITY
  #writeAt = Number.POSITIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #timerMs = 0
  #firesAt = Number.POSITIVE_INFINITY
  #stopped = false

  /** `channel`: destroyed with `io_timeout` when one passes. */
  constructor(channel: { destroy(why: Error): void }) {
    this.#channel = channel
  }

  /** From now the read may wait `ms`; 0 or less: for ever. */
  armRead(ms: number): void {
    this.#readAt = this.#due(ms)
  }

  disarmRead(): void {
    this.#readAt = Number.POSITIVE_INFINITY
  }

  /** From now the write may wait `ms`; 0 or less: for ever. */
  armWrite(ms: number): void {
    this.#writeAt = this.#due(ms)
  }

  disarmWrite(): void {
    this.#writeAt = Number.POSITIVE_INFINITY
  }

  /** Ends both for good. */
  stop(): void {
    this.#stopped = true
    this.#readAt = this.#writeAt = this.#firesAt = Number.POSITIVE_INFINITY
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #due(ms: number): number {
    // Whoever still takes what had come before has nothing to wait for.
    if (this.#stopped || !(ms > 0) || ms === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY
    const now = performance.now()
    if (now + ms < this.#firesAt) this.#schedule(ms, now)
    return now + ms
  }

  #schedule(ms: number, now: number): void {
    const delay = timerMs(Math.ceil(ms))
    this.#firesAt = now + delay
    if (this.#timer && this.#timerMs === delay) {
      this.#timer.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#timerMs = delay
    this.#timer = setTimeout(fire, delay, this).unref()
  }

  /** @internal The timer’s turn. */
  check(): void {
    this.#firesAt = Number.POSITIVE_INFINITY
    const next = Math.min(this.#readAt, this.#writeAt)
    if (next === Number.POSITIVE_INFINITY) return
    const now = performance.now()
    // Half a millisecond early is on time: timers count whole milliseconds.
    if (next - now > 0.5) this.#schedule(next - now, now)
    else this.#channel.destroy(timedOut(this.#readAt <= this.#writeAt ? 'read' : 'write'))
  }
}

function fire(deadlines: Deadlines): void {
  deadlines.check()
}
