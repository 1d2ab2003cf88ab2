import { facadeLimits } from '@halibut-gateway/schemas/wire'
import { gatewayLimits } from '../base/limits.ts'
import type { ReplayMemory } from './replay-memory.ts'
import type { SlowReader, SlowReaders } from './slow-readers.ts'

/** The little of a socket that an outbox needs. */
export interface TextSocket {
  /** `done` is called when the text has left for the network, or never will. */
  send(text: string, done: () => void): void
  /** Bytes on their way of which the network has taken nothing yet: it changes as a long text leaves. Default: not known. */
  readonly unsentBytes?: number | undefined
}

/** Who waits until more can be written. */
export interface OutboxWaiter {
  wake(): void
}

/** Whose text it is. */
export interface OutboxOwner {
  /** There is more to send, and more than `outboxBytes` wait for the socket already. */
  outboxFull(): void
  /** The socket has taken nothing for too long, or must make room for others. */
  outboxStalled(): void
  /** Nothing waits for the socket any more. */
  outboxSent(): void
}

interface Kept {
  readonly text: string
  readonly bytes: number
}

const { writableBytes } = gatewayLimits
/** About what a text takes in a socket beside itself: of small ones, more than they do. */
const frameBytes = 256

/**
 * The text frames of one session on their way to the browser. Counted ones are kept until the browser has acknowledged them, so that they
 * can be sent again on another socket (`schemas/PROTOCOL.md`, Resuming).
 */
export class Outbox implements SlowReader {
  readonly #owner: OutboxOwner
  readonly #memory: ReplayMemory
  readonly #readers: SlowReaders
  readonly #kept: Kept[] = []
  readonly #waiting = new Set<OutboxWaiter>()
  #socket: TextSocket | undefined
  #keptBytes = 0
  #sent = 0
  #acknowledged = 0
  #queuedBytes = 0
  /** Of the socket, when it moved last. */
  #unsentBytes: number | undefined

  /** `memory`: what text that is kept for a resume counts towards; `readers`: what text that waits in the socket does. */
  constructor(owner: OutboxOwner, memory: ReplayMemory, readers: SlowReaders) {
    this.#owner = owner
    this.#memory = memory
    this.#readers = readers
  }

  /** Whether text waits for the socket. */
  get isSending(): boolean {
    return this.#queuedBytes > 0
  }

  /** How many counted frames were sent. */
  get sent(): number {
    return this.#sent
  }

  /** How many of them the browser has received, as far as it has said so. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  /** False while text was dropped that the browser has not acknowledged: nobody could go on from there. */
  get complete(): boolean {
    return this.reaches(this.#acknowledged)
  }

  /** Whether the browser reads fast enough for more. */
  get writable(): boolean {
    return this.#socket !== undefined && this.#queuedBytes <= writableBytes
  }

  /** Whether everything after the first `received` counted frames is still here. */
  reaches(received: number): boolean {
    return received <= this.#sent && received >= this.#sent - this.#kept.length
  }

  attach(socket: TextSocket): void {
    this.#socket = socket
  }

  detach(): void {
    this.#socket = undefined
    this.#readers.took(this.#queuedBytes)
    this.#readers.caughtUp(this)
    this.#queuedBytes = 0
  }

  hasMoved(): boolean {
    const unsentBytes = this.#socket?.unsentBytes
    const moved = unsentBytes !== this.#unsentBytes
    this.#unsentBytes = unsentBytes
    return moved
  }

  stalled(): void {
    this.#owner.outboxStalled()
  }

  /** Sends the counted frames after the first `received` ones once more. */
  replay(received: number): void {
    this.acknowledge(received)
    for (const { text, bytes } of this.#kept) this.#put(text, bytes)
    this.#wake()
  }

  /** Sends a frame. An uncounted one is lost where no socket is. */
  send(text: string, counted: boolean): void {
    const bytes = Buffer.byteLength(text)
    if (counted) this.#keep(text, bytes)
    this.#put(text, bytes)
  }

  /** The browser has received this many counted frames. */
  acknowledge(received: number): void {
    if (received > this.#sent) return
    this.#acknowledged = Math.max(this.#acknowledged, received)
    const gone = received - (this.#sent - this.#kept.length)
    if (gone <= 0) return
    for (const { bytes } of this.#kept.splice(0, gone)) this.#release(bytes)
  }

  /** The session is over: nothing is kept any more. */
  close(): void {
    this.detach()
    for (const { bytes } of this.#kept.splice(0)) this.#release(bytes)
  }

  /** Wakes `waiter` once when more can be written, however often it asks. */
  awaitWritable(waiter: OutboxWaiter): void {
    this.#waiting.add(waiter)
  }

  /** It does not wait any more. */
  forget(waiter: OutboxWaiter): void {
    this.#waiting.delete(waiter)
  }

  #keep(text: string, bytes: number): void {
    this.#sent++
    this.#kept.push({ text, bytes })
    this.#keptBytes += bytes
    this.#memory.take(bytes)
    // What a browser that acknowledges leaves is kept in any case, so that others cannot take that from it.
    while (this.#keptBytes > (this.#memory.isFull ? facadeLimits.ackChars : facadeLimits.replayBytes)) {
      this.#release(this.#kept.shift()?.bytes ?? 0)
    }
  }

  #release(bytes: number): void {
    this.#keptBytes -= bytes
    this.#memory.giveBack(bytes)
  }

  #put(text: string, textBytes: number): void {
    const socket = this.#socket
    if (!socket) return
    const bytes = textBytes + frameBytes
    // What waits already counts, not this text: one large answer says nothing about how fast the browser reads.
    if (this.#queuedBytes > facadeLimits.outboxBytes) {
      this.#owner.outboxFull()
      return
    }
    const readers = this.#readers
    const wasBehind = this.#queuedBytes > writableBytes
    this.#queuedBytes += bytes
    readers.put(bytes)
    socket.send(text, () => this.#left(socket, bytes))
    if (!wasBehind && this.#queuedBytes > writableBytes) this.#moved()
    if (readers.isFull) readers.makeRoom()
  }

  #left(socket: TextSocket, bytes: number): void {
    if (this.#socket !== socket) return
    const readers = this.#readers
    const wasBehind = this.#queuedBytes > writableBytes
    this.#queuedBytes -= bytes
    readers.took(bytes)
    if (this.#queuedBytes > writableBytes) {
      this.#moved()
      return
    }
    if (wasBehind) readers.caughtUp(this)
    this.#wake()
    if (this.#queuedBytes === 0) this.#owner.outboxSent()
  }

  #moved(): void {
    this.#unsentBytes = this.#socket?.unsentBytes
    this.#readers.moved(this)
  }

  #wake(): void {
    for (const waiter of this.#waiting) waiter.wake()
    this.#waiting.clear()
  }
}
