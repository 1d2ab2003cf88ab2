import { endOfInput } from '../base/end-of-input.ts'
import { HalibutError } from '../base/errors.ts'
import type { Deadlines } from './deadlines.ts'

/** What lies unread before the source is asked to pause. */
const pauseAboveBytes = 64 * 1024

/** What the reader asks of the channel around it. */
export interface ReaderHost {
  receiveTimeoutMs: number
  /** Stop or go on handing bytes to `push`. Some more may still arrive after a pause. */
  pause(): void
  resume(): void
  /** An operation failed: the channel is unusable from now on. */
  destroy(why: Error): void
}

interface Transfer {
  remaining: number
  readonly sink: (chunk: Buffer) => Promise<void> | undefined
  readonly resolve: () => void
  readonly reject: (why: unknown) => void
  /** The sink has asked for a pause. */
  busy: boolean
}

/**
 * The reading half of a byte channel: what has arrived and is not read, and the one operation that waits for more. It knows no socket;
 * bytes come in by `push`, `end` and `fail`.
 */
export class ByteReader {
  readonly #host: ReaderHost
  readonly #deadlines: Deadlines
  bytesRead = 0
  // Mostly there is nothing unread, or one chunk: the list exists only beyond that.
  #first: Buffer | undefined
  #rest: Buffer[] | undefined
  #unreadBytes = 0
  #paused = false
  #ended = false
  #failure: Error | undefined
  #resolve: ((bytes: Buffer | undefined) => void) | undefined
  #reject: ((why: unknown) => void) | undefined
  #transfer: Transfer | undefined

  constructor(host: ReaderHost, deadlines: Deadlines) {
    this.#host = host
    this.#deadlines = deadlines
  }

  /** Takes bytes that arrived. `owned` says that they stay as they are after the call; else what isn’t consumed at once is copied. */
  push(bytes: Buffer, owned: boolean): void {
    if (this.#failure) return
    this.bytesRead += bytes.length
    let left = bytes
    if (this.#transfer && !this.#transfer.busy && !this.#first) {
      const length = Math.min(this.#transfer.remaining, bytes.length)
      this.#hand(this.#transfer, length === bytes.length ? bytes : bytes.subarray(0, length))
      if (length === bytes.length || this.#failure) return
      left = bytes.subarray(length)
    }
    const kept = owned ? left : Buffer.from(left)
    const resolve = this.#resolve
    if (resolve) {
      this.#stopWaiting()
      resolve(kept)
      return
    }
    this.#append(kept)
    if (this.#unreadBytes > pauseAboveBytes || this.#transfer?.busy) this.#pause()
  }

  /** The input has ended; what lies unread can still be read. */
  end(): void {
    if (this.#ended || this.#failure) return
    this.#ended = true
    const resolve = this.#resolve
    this.#stopWaiting()
    resolve?.(undefined)
    if (this.#transfer && !this.#transfer.busy) this.#host.destroy(endOfInput())
  }

  /**
   * No more will come, because of `why`: what waits is rejected with it. `keepUnread`: what has arrived can still be read first (the peer
   * answered, and then reset the connection).
   */
  fail(why: Error, keepUnread: boolean): void {
    if (!keepUnread) this.#drop()
    if (this.#ended && keepUnread) return
    this.#failure ??= why
    const reject = this.#reject
    this.#stopWaiting()
    reject?.(this.#failure)
    const transfer = this.#transfer
    if (transfer && !(transfer.busy && keepUnread)) {
      this.#transfer = undefined
      transfer.reject(this.#failure)
    }
  }

  read(): Buffer | undefined | Promise<Buffer | undefined> {
    const first = this.#shift()
    if (first) {
      this.#resumeBelowLimit()
      return first
    }
    if (this.#failure) return Promise.reject(this.#failure)
    if (this.#ended) return undefined
    if (this.#resolve || this.#transfer) return Promise.reject(alreadyReading())
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#wait()
    })
  }

  unread(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#unreadBytes += bytes.length
    if (this.#first) {
      this.#rest ??= []
      this.#rest.unshift(this.#first)
    }
    this.#first = bytes
  }

  readInto(length: number, sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
    if (length <= 0) return Promise.resolve()
    if (this.#resolve || this.#transfer) return Promise.reject(alreadyReading())
    return new Promise((resolve, reject) => {
      this.#transfer = { remaining: length, sink, resolve, reject, busy: false }
      this.#continue()
    })
  }

  /** Hands over what lies unread, then waits for more. */
  #continue(): void {
    for (let transfer = this.#transfer; transfer && !transfer.busy; transfer = this.#transfer) {
      const chunk = this.#shift()
      if (!chunk) {
        if (this.#failure) this.#finish(transfer, this.#failure)
        else if (this.#ended) this.#host.destroy(endOfInput())
        else this.#wait()
        return
      }
      if (chunk.length > transfer.remaining) {
        this.unread(chunk.subarray(transfer.remaining))
        this.#hand(transfer, chunk.subarray(0, transfer.remaining))
      } else this.#hand(transfer, chunk)
    }
    this.#resumeBelowLimit()
  }

  #hand(transfer: Transfer, view: Buffer): void {
    transfer.remaining -= view.length
    let pending: Promise<void> | undefined
    try {
      pending = transfer.sink(view)
    } catch (error) {
      this.#breakOff(transfer, error)
      return
    }
    if (pending !== undefined) {
      transfer.busy = true
      this.#deadlines.disarmRead()
      if (transfer.remaining > 0) this.#pause()
      pending.then(
        () => this.#sinkReady(transfer),
        error => this.#breakOff(transfer, error),
      )
    } else if (transfer.remaining === 0) this.#finish(transfer)
    else this.#deadlines.armRead(this.#host.receiveTimeoutMs)
  }

  #sinkReady(transfer: Transfer): void {
    if (this.#transfer !== transfer) return
    transfer.busy = false
    if (transfer.remaining === 0) {
      this.#finish(transfer)
      this.#resumeBelowLimit()
    } else this.#continue()
  }

  #finish(transfer: Transfer, why?: Error): void {
    this.#transfer = undefined
    this.#deadlines.disarmRead()
    if (why) transfer.reject(why)
    else transfer.resolve()
  }

  /** The sink failed: the rest of the transfer is still to come, so the connection is out of step. */
  #breakOff(transfer: Transfer, error: unknown): void {
    if (this.#transfer !== transfer) return
    this.#transfer = undefined
    this.#deadlines.disarmRead()
    transfer.reject(error)
    this.#host.destroy(
      error instanceof Error ? error : new HalibutError('stream_failed', `the reader of a data stream failed: ${String(error)}`),
    )
  }

  #wait(): void {
    this.#deadlines.armRead(this.#host.receiveTimeoutMs)
    this.#resumeBelowLimit()
  }

  #stopWaiting(): void {
    this.#resolve = this.#reject = undefined
    this.#deadlines.disarmRead()
  }

  #append(bytes: Buffer): void {
    this.#unreadBytes += bytes.length
    if (!this.#first) this.#first = bytes
    else if (this.#rest) this.#rest.push(bytes)
    else this.#rest = [bytes]
  }

  #shift(): Buffer | undefined {
    const first = this.#first
    if (!first) return undefined
    this.#unreadBytes -= first.length
    this.#first = this.#rest?.shift()
    if (this.#rest?.length === 0) this.#rest = undefined
    return first
  }

  #drop(): void {
    this.#first = this.#rest = undefined
    this.#unreadBytes = 0
  }

  #pause(): void {
    if (this.#paused || this.#ended || this.#failure) return
    this.#paused = true
    this.#host.pause()
  }

  #resumeBelowLimit(): void {
    if (!this.#paused || this.#unreadBytes > pauseAboveBytes / 2 || this.#transfer?.busy) return
    this.#paused = false
    if (!this.#failure) this.#host.resume()
  }
}

function alreadyReading(): HalibutError {
  return new HalibutError('internal_error', 'a read is waiting already; a channel has one reader at a time')
}
