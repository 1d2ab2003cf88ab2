import { Turns } from '../base/turns.ts'

/** What can be read from, or not for a while. */
export interface PausableSocket {
  pause(): void
  resume(): void
}

/** So many frames of one browser are taken before everybody else has a turn. */
export const turnFrames = 64
/** Or so many bytes of text. */
export const turnTextBytes = 64 * 1024

/**
 * Node reads from a socket for as long as there is something, up to 2 MiB at once: tens of thousands of small frames, which is more than a
 * second of work for which all others would wait. So the socket of a browser that sends much is let rest for the others’ turn.
 */
export class FrameTurns {
  readonly #socket: PausableSocket
  #frames = 0
  #textBytes = 0
  #resting = false

  constructor(socket: PausableSocket) {
    this.#socket = socket
  }

  /** A frame came; `textBytes`: its length, where it holds text. What was read with it may come behind it still. */
  took(textBytes: number): void {
    if (this.#resting) return
    this.#frames++
    this.#textBytes += textBytes
    if (this.#frames < turnFrames && this.#textBytes < turnTextBytes) return
    this.#resting = true
    this.#socket.pause()
    void new Turns().next().then(this.#goOn)
  }

  readonly #goOn = (): void => {
    this.#resting = false
    this.#frames = 0
    this.#textBytes = 0
    this.#socket.resume()
  }
}
