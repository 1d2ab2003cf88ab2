import { constants } from 'node:zlib'
import {
  Z_DEFAULT_STRATEGY,
  ZStream,
  zlibDeflate,
  zlibDeflateInit2,
  zlibDeflateReset,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako'
import type { StepStatus, ZlibSteps } from './zlib-steps.ts'

/** Raw DEFLATE: no header, and the largest window. */
const windowBits = -15
const memoryLevel = 8
const deflated = 8

/** zlib in JavaScript, for a Node whose own cannot be driven step by step: some ten times slower, and right. */
class PortableZlib implements ZlibSteps {
  readonly #stream: ZStream
  readonly #run: (stream: ZStream, flush: Flush) => number
  readonly #reset: (stream: ZStream) => number

  constructor(stream: ZStream, run: (stream: ZStream, flush: Flush) => number, reset: (stream: ZStream) => number) {
    this.#stream = stream
    this.#run = run
    this.#reset = reset
  }

  get unusedInput(): number {
    return this.#stream.avail_in
  }

  get unusedOutput(): number {
    return this.#stream.avail_out
  }

  step(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): StepStatus {
    const stream = this.#stream
    Object.assign(stream, { input, next_in: at, avail_in: length, output, next_out: outputAt, avail_out: room })
    const result = this.#run(stream, flush as Flush)
    if (result === constants.Z_STREAM_END) return 'ok'
    if (result !== constants.Z_OK && result !== constants.Z_BUF_ERROR) return 'corrupt'
    return flush === constants.Z_FINISH && stream.avail_out > 0 ? 'incomplete' : 'ok'
  }

  reset(): void {
    this.#reset(this.#stream)
  }

  close(): void {
    // Nothing but memory is held.
  }
}

type Flush = Parameters<typeof zlibInflate>[1]

export function portableInflater(): ZlibSteps {
  const stream = new ZStream()
  zlibInflateInit2(stream, windowBits)
  return new PortableZlib(stream, zlibInflate, zlibInflateReset)
}

export function portableDeflater(): ZlibSteps {
  const stream = new ZStream()
  zlibDeflateInit2(stream, constants.Z_BEST_SPEED, deflated, windowBits, memoryLevel, Z_DEFAULT_STRATEGY)
  return new PortableZlib(stream, zlibDeflate, zlibDeflateReset)
}
