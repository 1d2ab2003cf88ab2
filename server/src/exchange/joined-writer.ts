import type { ByteChannel } from '../base/byte-channel.ts'

/** Larger pieces are written as they are: copying them costs more than a TLS record of their own. */
const joinBelowBytes = 4_096
const fullAtBytes = 16 * 1024

/**
 * Writes pieces to a channel in order and joins small ones into one write. What waits to be joined leaves at the latest at the end of the
 * turn of the event loop, so that a slow producer’s bytes are not held back. Pieces must not change after they were given.
 */
export class JoinedWriter {
  readonly #channel: ByteChannel
  #pieces: Uint8Array[] = []
  #bytes = 0
  #endOfTurn: NodeJS.Immediate | undefined
  #writing: Promise<void> | undefined

  constructor(channel: ByteChannel) {
    this.#channel = channel
  }

  /** `undefined`: taken, go on. A promise: wait for it first. */
  write(piece: Uint8Array): Promise<void> | undefined {
    if (piece.byteLength > joinBelowBytes) {
      void this.flush()
      return this.#send(piece)
    }
    if (piece.byteLength > 0) {
      this.#pieces.push(piece)
      this.#bytes += piece.byteLength
    }
    if (this.#bytes >= fullAtBytes) return this.flush()
    this.#endOfTurn ??= setImmediate(() => void this.flush())
    return this.#writing
  }

  flush(): Promise<void> | undefined {
    clearImmediate(this.#endOfTurn)
    this.#endOfTurn = undefined
    const [first, ...more] = this.#pieces
    if (first === undefined) return this.#writing
    this.#pieces = []
    this.#bytes = 0
    return this.#send(more.length === 0 ? first : Buffer.concat([first, ...more]))
  }

  #send(bytes: Uint8Array): Promise<void> | undefined {
    const earlier = this.#writing
    const pause = earlier !== undefined ? earlier.then(() => this.#channel.write(bytes)) : this.#channel.write(bytes)
    if (pause === undefined) return undefined
    this.#writing = pause
    pause.then(
      () => {
        if (this.#writing === pause) this.#writing = undefined
      },
      // Stays: whoever writes next learns of it.
      () => {},
    )
    return pause
  }
}
