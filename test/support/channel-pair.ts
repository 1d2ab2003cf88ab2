import type { ByteChannel, CertificateNames, Peer } from '../../server/src/base/byte-channel.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import { ByteReader } from '../../server/src/socket/byte-reader.ts'
import { ByteWriter, type WriterTarget } from '../../server/src/socket/byte-writer.ts'
import { Deadlines } from '../../server/src/socket/deadlines.ts'
import { toHalibutError } from '../../server/src/socket/errno.ts'

/** What goes wrong in one direction, after so many bytes of it. */
export interface ChannelFaults {
  /** The input ends, and the connection with it. */
  readonly cutAfter?: number
  /** The connection is reset: both sides lose what is under way. */
  readonly resetAfter?: number
  /** Nothing more comes through. */
  readonly stallAfter?: number
  /** Each byte arrives by itself. */
  readonly dribble?: boolean
}

export interface ChannelPairOptions {
  readonly toDialler?: ChannelFaults
  readonly toAcceptor?: ChannelFaults
  /** Default 10,000 each. */
  readonly receiveTimeoutMs?: number
  readonly sendTimeoutMs?: number
  readonly diallerPeer?: Partial<Peer>
  readonly acceptorPeer?: Partial<Peer>
}

export interface ChannelPair extends AsyncDisposable {
  readonly dialler: MemoryChannel
  readonly acceptor: MemoryChannel
}

/** Two connected byte channels in memory. Bytes arrive in a later turn, in pieces of at most 16 KiB. */
export function channelPair(options: ChannelPairOptions = {}): ChannelPair {
  const dialler = new MemoryChannel('dialler', options, options.diallerPeer)
  const acceptor = new MemoryChannel('acceptor', options, options.acceptorPeer)
  dialler.join(acceptor, new Link(dialler, acceptor, options.toAcceptor ?? {}))
  acceptor.join(dialler, new Link(acceptor, dialler, options.toDialler ?? {}))
  return {
    dialler,
    acceptor,
    async [Symbol.asyncDispose]() {
      dialler.destroy()
      acceptor.destroy()
      await Promise.all([dialler.closed, acceptor.closed])
    },
  }
}

/** One end of a pair. It behaves as the TLS channel does (one contract test holds both to that). */
export class MemoryChannel implements ByteChannel {
  readonly peer: Peer
  readonly certificateNames = (): CertificateNames | undefined =>
    this.peer.thumbprint === undefined || this.peer.role === 'dialler'
      ? undefined
      : { subject: `CN=${this.peer.thumbprint}`, issuer: `CN=${this.peer.thumbprint}` }
  readonly cipher = (): string | undefined => (this.#failure === undefined ? 'TLS_AES_256_GCM_SHA384' : undefined)
  receiveTimeoutMs: number
  sendTimeoutMs: number
  readonly closed: Promise<void>
  /** Every write made on this end, as it was made. */
  readonly writes: Buffer[] = []
  readonly #reader: ByteReader
  readonly #writer: ByteWriter
  readonly #deadlines: Deadlines
  #other: MemoryChannel | undefined
  #out: Link | undefined
  #in: Link | undefined
  #failure: Error | 'closed' | undefined
  #ending = false
  #closing: Promise<void> | undefined
  #gone: () => void = () => undefined

  constructor(role: Peer['role'], options: ChannelPairOptions, peer: Partial<Peer> = {}) {
    this.peer = {
      remoteAddress: role === 'dialler' ? '127.0.0.1:10933' : '127.0.0.1:50000',
      role,
      thumbprint: (role === 'dialler' ? 'A' : 'B').repeat(40),
      thumbprint256: (role === 'dialler' ? 'A' : 'B').repeat(64),
      protocol: 'TLSv1.3',
      ...peer,
    }
    this.receiveTimeoutMs = options.receiveTimeoutMs ?? 10_000
    this.sendTimeoutMs = options.sendTimeoutMs ?? 10_000
    this.#deadlines = new Deadlines(this)
    this.#reader = new ByteReader(this, this.#deadlines)
    this.#writer = new ByteWriter(this.#deadlines)
    this.closed = new Promise(resolve => {
      this.#gone = resolve
    })
  }

  get bytesRead(): number {
    return this.#reader.bytesRead
  }

  get bytesWritten(): number {
    return this.#writer.bytesWritten
  }

  get failure(): Error | 'closed' | undefined {
    return this.#failure
  }

  read(): Buffer | undefined | Promise<Buffer | undefined> {
    return this.#reader.read()
  }

  unread(bytes: Buffer): void {
    this.#reader.unread(bytes)
  }

  readInto(length: number, sink: (chunk: Buffer) => Promise<void> | undefined): Promise<void> {
    return this.#reader.readInto(length, sink)
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined || this.#ending || !this.#out) return Promise.reject(this.#notWritable())
    this.writes.push(Buffer.from(bytes))
    return this.#writer.write(this.#out, bytes, this.sendTimeoutMs)
  }

  close(graceMs = 1_000): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  destroy(why: Error = closedHere()): void {
    const first = this.#fail(why, false)
    if (first) this.#other?.inputReset()
  }

  pause(): void {
    if (this.#in) this.#in.paused = true
  }

  resume(): void {
    if (!this.#in) return
    this.#in.paused = false
    this.#in.schedule()
  }

  /** @internal */
  join(other: MemoryChannel, out: Link): void {
    this.#other = other
    this.#out = out
    other.#in = out
  }

  /** @internal The link brings bytes. */
  receive(view: Buffer): void {
    this.#reader.push(view, false)
  }

  /** @internal The other side has ended, so ours is ended once what was written is through. */
  inputEnded(): void {
    if (this.#failure !== undefined) return
    this.#reader.end()
    this.#end()
    if (this.#out?.finished) this.#finish()
  }

  /** @internal */
  inputReset(): void {
    this.#fail(toHalibutError(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }), 'read'), true)
  }

  /** @internal The link is empty. */
  drained(): void {
    if (this.#out) this.#writer.drain(this.#out, this.sendTimeoutMs)
  }

  /** @internal Both directions have ended. */
  outputEnded(): void {
    if (this.#in?.finished) this.#finish()
  }

  async #close(graceMs: number): Promise<void> {
    if (this.#failure !== undefined) return this.closed
    this.#reader.fail(closedHere(), false)
    const hurry = setTimeout(() => this.destroy(closedHere()), graceMs)
    await this.#writer.pending?.catch(() => undefined)
    this.resume()
    this.#end()
    await this.closed
    clearTimeout(hurry)
  }

  #end(): void {
    if (this.#ending) return
    this.#ending = true
    this.#out?.end()
  }

  #finish(): void {
    if (this.#failure !== undefined) return
    this.#failure = 'closed'
    this.#leave()
  }

  #fail(why: Error, byPeer: boolean): boolean {
    if (this.#failure !== undefined) {
      if (!byPeer) this.#reader.fail(this.#failure instanceof Error ? this.#failure : why, false)
      return false
    }
    this.#failure = why
    this.#reader.fail(why, byPeer)
    this.#writer.fail(why)
    this.#out?.drop()
    this.#leave()
    return true
  }

  #leave(): void {
    this.#deadlines.stop()
    queueMicrotask(this.#gone)
  }

  #notWritable(): Error {
    if (this.#failure instanceof Error) return this.#failure
    if (this.#closing !== undefined) return closedHere()
    return toHalibutError(Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' }), 'write')
  }
}

/** One direction: what was written and has not arrived. */
class Link implements WriterTarget {
  paused = false
  finished = false
  writableLength = 0
  readonly #from: MemoryChannel
  readonly #to: MemoryChannel
  readonly #faults: ChannelFaults
  readonly #queue: Uint8Array[] = []
  /** Filled anew for each delivery, so that whoever keeps a view notices. */
  readonly #shared = Buffer.alloc(16 * 1024)
  #delivered = 0
  #scheduled = false
  #ended = false

  constructor(from: MemoryChannel, to: MemoryChannel, faults: ChannelFaults) {
    this.#from = from
    this.#to = to
    this.#faults = faults
    this.schedule()
  }

  write(bytes: Uint8Array): boolean {
    this.#queue.push(bytes)
    this.writableLength += bytes.byteLength
    this.schedule()
    return this.writableLength < 16 * 1024
  }

  end(): void {
    this.#ended = true
    this.schedule()
  }

  drop(): void {
    this.#queue.length = 0
    this.writableLength = 0
    this.finished = true
  }

  schedule(): void {
    if (this.#scheduled || this.finished) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#deliver()
    })
  }

  #deliver(): void {
    if (this.finished || this.#faultStruck()) return
    const next = this.#queue[0]
    if (next && !this.paused) {
      const length = Math.min(next.byteLength, this.#shared.length, this.#faults.dribble ? 1 : Number.POSITIVE_INFINITY, this.#untilFault())
      this.#shared.set(next.subarray(0, length))
      if (length === next.byteLength) this.#queue.shift()
      else this.#queue[0] = next.subarray(length)
      this.writableLength -= length
      this.#delivered += length
      this.#to.receive(this.#shared.subarray(0, length))
      this.#shared.fill(0xee)
      if (this.finished || this.#faultStruck()) return
    }
    if (this.#queue.length > 0) {
      if (!this.paused) this.schedule()
      return
    }
    this.#from.drained()
    if (this.#queue.length === 0 && this.#ended && !this.paused) {
      this.finished = true
      this.#to.inputEnded()
      this.#from.outputEnded()
    }
  }

  #untilFault(): number {
    const { cutAfter, resetAfter, stallAfter } = this.#faults
    return Math.min(...[cutAfter, resetAfter, stallAfter].map(at => (at === undefined ? Number.POSITIVE_INFINITY : at - this.#delivered)))
  }

  #faultStruck(): boolean {
    if (this.#untilFault() > 0) return false
    if (this.#faults.cutAfter === this.#delivered) {
      this.drop()
      this.#to.inputEnded()
      this.#from.inputEnded()
    } else if (this.#faults.resetAfter === this.#delivered) {
      this.#to.inputReset()
      this.#from.inputReset()
    }
    return true
  }
}

function closedHere(): HalibutError {
  return new HalibutError('connection_lost', 'The connection was closed on this side.', { dotnetType: 'System.ObjectDisposedException' })
}
