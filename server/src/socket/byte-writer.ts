import type { Deadlines } from './deadlines.ts'

/** What may wait in the socket before a write is told to wait. */
const highWaterBytes = 256 * 1024
/** What is given to the socket at once: TLS encrypts it whole, so this bounds the copy of a 40 MB message. */
const pieceBytes = 128 * 1024

/** Where the writer writes to: the part of a Node socket that it needs. */
export interface WriterTarget {
  write(bytes: Uint8Array): boolean
  readonly writableLength: number
}

/** The writing half of a byte channel: order, back-pressure and the deadline of a write that has to wait. */
export class ByteWriter {
  readonly #deadlines: Deadlines
  bytesWritten = 0
  /** What was accepted while the socket was full. */
  #backlog: Uint8Array[] | undefined
  #drained: Promise<void> | undefined
  #resolve: (() => void) | undefined
  #reject: ((why: unknown) => void) | undefined

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines
  }

  write(target: WriterTarget, bytes: Uint8Array, timeoutMs: number): Promise<void> | undefined {
    if (bytes.byteLength === 0) return this.#drained
    this.bytesWritten += bytes.byteLength
    if (this.#drained === undefined && bytes.byteLength <= pieceBytes) {
      target.write(bytes)
      if (target.writableLength < highWaterBytes) return undefined
    } else {
      this.#backlog ??= []
      this.#backlog.push(bytes)
      if (this.#drained !== undefined) return this.#drained
      if (this.#feed(target)) return undefined
    }
    this.#deadlines.armWrite(timeoutMs)
    this.#drained = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever forgets to wait learns of the failure at the next operation, not by the death of the process.
    this.#drained.catch(ignore)
    return this.#drained
  }

  /** The socket has passed everything on. */
  drain(target: WriterTarget, timeoutMs: number): void {
    if (this.#drained === undefined) return
    if (!this.#feed(target)) {
      this.#deadlines.armWrite(timeoutMs)
      return
    }
    this.#deadlines.disarmWrite()
    const resolve = this.#resolve
    this.#drained = this.#resolve = this.#reject = undefined
    resolve?.()
  }

  fail(why: Error): void {
    this.#backlog = undefined
    this.#deadlines.disarmWrite()
    const reject = this.#reject
    this.#drained = this.#resolve = this.#reject = undefined
    reject?.(why)
  }

  /** What waits in front of the socket; a channel that closes waits for it. */
  get pending(): Promise<void> | undefined {
    return this.#drained
  }

  /** Gives the socket what it may hold; true when nothing is left and the socket is not full. */
  #feed(target: WriterTarget): boolean {
    while (this.#backlog && target.writableLength < highWaterBytes) {
      const next = this.#backlog[0]
      if (!next) {
        this.#backlog = undefined
        break
      }
      target.write(next.byteLength > pieceBytes ? next.subarray(0, pieceBytes) : next)
      if (next.byteLength > pieceBytes) this.#backlog[0] = next.subarray(pieceBytes)
      else this.#backlog.shift()
    }
    if (this.#backlog?.length === 0) this.#backlog = undefined
    return !this.#backlog && target.writableLength < highWaterBytes
  }
}

function ignore(): void {}
