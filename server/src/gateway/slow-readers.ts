import { gatewayLimits } from '../base/limits.ts'

/** The text of one session in its socket. */
export interface SlowReader {
  /** Whether its browser has taken something since this was asked last, if only a part of a text. */
  hasMoved(): boolean
  /** Its browser has taken nothing for too long: the socket is given up. */
  stalled(): void
}

const { allOutboxBytes, readerStallMs } = gatewayLimits

/**
 * The text of all sessions that waits in their sockets, and whose browsers are behind. One that takes nothing for `readerStallMs` loses its
 * socket; where all together keep more than `allOutboxBytes` waiting, those that have taken nothing for longest lose theirs at once.
 */
export class SlowReaders {
  /** Those that are behind, and when by `performance.now()` each took something last, or fell behind; the longest ago first. */
  readonly #behind = new Map<SlowReader, number>()
  #bytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** Bytes that wait in sockets now. */
  get bytes(): number {
    return this.#bytes
  }

  get isFull(): boolean {
    return this.#bytes > allOutboxBytes
  }

  put(bytes: number): void {
    this.#bytes += bytes
  }

  took(bytes: number): void {
    this.#bytes -= bytes
  }

  /** Much waits for this one, and it has just taken something, or was not behind before. */
  moved(reader: SlowReader): void {
    this.#behind.delete(reader)
    this.#behind.set(reader, performance.now())
    this.#timer ??= setTimeout(this.#look, readerStallMs)
  }

  /** Little waits for it, or it has no socket any more. */
  caughtUp(reader: SlowReader): void {
    if (!this.#behind.delete(reader) || this.#behind.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Where too much waits, the slowest give way; those that are taking something only where nobody else is left. */
  makeRoom(): void {
    for (const reader of [...this.#behind.keys()]) {
      if (!this.isFull) return
      if (reader.hasMoved()) this.moved(reader)
      else reader.stalled()
    }
    for (const [reader] of this.#behind) {
      if (!this.isFull) return
      reader.stalled()
    }
  }

  readonly #look = (): void => {
    this.#timer = undefined
    const now = performance.now()
    for (const [reader, movedMs] of this.#behind) {
      const leftMs = movedMs + readerStallMs - now
      if (leftMs > 0) {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(this.#look, Math.ceil(leftMs))
        return
      }
      // It may be at a long text, of which it is only known when the whole has gone.
      if (reader.hasMoved()) this.moved(reader)
      else reader.stalled()
    }
  }
}
