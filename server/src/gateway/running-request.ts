import { getEventListeners } from 'node:events'
import { facadeLimits } from '@halibut-gateway/schemas/wire'
import type { HalibutError } from '../base/errors.ts'
import type { Outbox } from './outbox.ts'
import type { CallStreamSet } from './streams/stream-table.ts'

/** Controllers of requests that ended well: a signal is what costs most of a request. */
const spare: AbortController[] = []
const maxSpare = 256

/** One request between its arrival and its end: how it is cancelled, and how many items it may send. */
export class RunningRequest {
  readonly streams: CallStreamSet
  /** Called at most once: the answer is wanted now, though the agent goes on. */
  onSkip: ((why: HalibutError) => void) | undefined
  readonly #stop: AbortController
  #begun = false
  #items = 0
  #itemCredit: number = facadeLimits.itemCredit
  #wake: (() => void) | undefined

  constructor(streams: CallStreamSet) {
    this.streams = streams
    this.#stop = spare.pop() ?? new AbortController()
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** It has ended, and nobody holds its signal any more. */
  recycle(): void {
    const { signal } = this
    if (!signal.aborted && spare.length < maxSpare && getEventListeners(signal, 'abort').length === 0) spare.push(this.#stop)
  }

  /** The request is leaving for its agent. */
  begun(): void {
    this.#begun = true
  }

  /** Gives it up, at the agent too. */
  stop(why: HalibutError): void {
    if (this.signal.aborted) return
    this.#stop.abort(why)
    this.streams.interrupt(why)
    this.#wake?.()
  }

  /** Answers it at once and lets the agent finish. What has not left yet never does. */
  skip(why: HalibutError): void {
    if (!this.#begun) this.stop(why)
    else this.onSkip?.(why)
    this.onSkip = undefined
  }

  /** The browser takes items up to this one. */
  credit(sequence: number): void {
    this.#itemCredit = Math.max(this.#itemCredit, Math.min(sequence, this.#items + facadeLimits.itemCredit))
    this.#wake?.()
  }

  /** An item was sent. */
  sent(sequence: number): void {
    this.#items = sequence
  }

  /** Resolves when there is credit for an item and the socket takes text, or the request is stopped. */
  async writable(outbox: Outbox): Promise<void> {
    while (!this.signal.aborted && !(this.#items < this.#itemCredit && outbox.writable)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
        outbox.onWritable(resolve)
      })
    }
  }
}
