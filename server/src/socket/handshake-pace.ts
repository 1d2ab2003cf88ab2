import { Fifo, type Linked } from '../base/fifo.ts'

/** A handshake that has begun. */
export interface UnderWay<T extends UnderWay<T>> extends Linked<T> {
  begunMs: number
}

/** A turn of the event loop that takes longer keeps others waiting: a handshake is about a millisecond of RSA. */
const longTurnMs = 3
const leastWindow = 2
const firstWindow = 16
/** Handshakes more for each millisecond of short turns: as many as peers that are far away need are there after some tenths of a second. */
const growth = 0.5
/** Whoever has not answered in this time is far away or has stopped, and counts no more. */
const countedMs = 300
/** So often one may begin in any case. */
const leastPaceMs = 10

/**
 * How many handshakes may be under way. Each has a second half, once the peer has answered, and one turn of the event loop does them all, however
 * many have been answered. So their number grows while turns are short and halves with each that is long, as a congestion window does: few
 * are under way with peers that are near, many with those that are far away. Times are those of a monotonic clock, in milliseconds.
 */
export class HandshakePace<T extends UnderWay<T>> {
  /** The oldest first. */
  readonly #underWay = new Fifo<T>()
  #count = 0
  #window = firstWindow
  #turnMs = 0
  #begunMs = Number.NEGATIVE_INFINITY

  /** How many count. */
  get count(): number {
    return this.#count
  }

  /** A turn of the event loop in which some could begin; the one before took `tookMs`, as far as was seen. */
  turn(nowMs: number, tookMs: number): void {
    const grown = this.#window + Math.min(nowMs - this.#turnMs, longTurnMs) * growth
    this.#turnMs = nowMs
    for (let oldest = this.#underWay.first; oldest && nowMs - oldest.begunMs > countedMs; oldest = this.#underWay.first) this.ended(oldest)
    // Where few are under way, a window for many would tell of other times.
    const most = Math.max(firstWindow, 2 * this.#count)
    this.#window = tookMs > longTurnMs ? Math.max(leastWindow, this.#window / 2) : Math.min(grown, most)
  }

  /** Whether one more may begin. */
  allows(nowMs: number): boolean {
    return this.#count < Math.floor(this.#window) || nowMs - this.#begunMs >= leastPaceMs
  }

  began(handshake: T, nowMs: number): void {
    handshake.begunMs = this.#begunMs = nowMs
    this.#underWay.push(handshake)
    this.#count++
  }

  /** It is through, or gone. Idempotent. */
  ended(handshake: T): void {
    if (handshake.list !== this.#underWay) return
    this.#underWay.remove(handshake)
    this.#count--
  }
}
