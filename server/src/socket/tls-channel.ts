import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ByteChannel, CertificateNames, Peer } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { Deadlines } from './deadlines.ts'
import { formatEndPoint, toHalibutError } from './errno.ts'
import { namesOf, type PeerCertificate } from './thumbprint.ts'

/** A TLS socket whose handshake is done, and what the channel over it needs to know. */
export interface TlsChannelOptions {
  readonly socket: TLSSocket
  /** The TCP socket underneath, where we have it; it can be reset. */
  readonly raw?: Socket | undefined
  readonly role: Peer['role']
  /** That of the peer, if it presented any. */
  readonly certificate: PeerCertificate | undefined
  /** Bytes come by {@link TlsChannel.receive} instead of `data` events. */
  readonly pushed?: boolean
  readonly receiveTimeoutMs: number
  readonly sendTimeoutMs: number
}

const defaultGraceMs = 1_000

/**
 * The byte channel over a TLS socket. When the peer ends its side, what it sent can still be read and what we wrote is still sent; then
 * the socket is closed (a Halibut peer that has ended its side is gone, spec §3.2).
 */
export class TlsChannel implements ByteChannel {
  readonly peer: Peer
  receiveTimeoutMs: number
  sendTimeoutMs: number
  readonly #reader: ByteReader
  readonly #writer: ByteWriter
  readonly #deadlines: Deadlines
  readonly #pushed: boolean
  #closed: Promise<void> | undefined
  #tellClosed: (() => void) | undefined
  #socket: TLSSocket | undefined
  #raw: Socket | undefined
  #failure: Error | 'closed' | undefined
  #closing: Promise<void> | undefined

  constructor(options: TlsChannelOptions) {
    const { socket } = options
    this.#socket = socket
    this.#raw = options.raw
    this.#pushed = options.pushed ?? false
    this.peer = describePeer(options)
    this.receiveTimeoutMs = options.receiveTimeoutMs
    this.sendTimeoutMs = options.sendTimeoutMs
    this.#deadlines = new Deadlines(this)
    this.#reader = new ByteReader(this, this.#deadlines)
    this.#writer = new ByteWriter(this.#deadlines)
    const owned: OwnedSocket = socket
    owned[channelOf] = this
    owned.on('close', onClose).on('error', onError).on('end', onEnd).on('drain', onDrain)
    if (!this.#pushed) owned.on('data', onData)
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

  /** Made for who asks: of an idle connection nobody does. */
  get closed(): Promise<void> {
    this.#closed ??= this.#socket
      ? new Promise(resolve => {
          this.#tellClosed = resolve
        })
      : Promise.resolve()
    return this.#closed
  }

  /** Takes bytes; a view that is not `owned` is valid only during the call. */
  receive(bytes: Buffer, owned = false): void {
    this.#reader.push(bytes, owned)
  }

  /** @internal What the socket tells. */
  socketEvent(event: 'close' | 'end' | 'drain'): void {
    switch (event) {
      case 'close':
        this.#socketGone()
        this.#tellClosed?.()
        break
      case 'end':
        this.#reader.end()
        // Node now sends what was written and closes; a peer that doesn’t take it must not hold the socket for ever.
        if (this.#writer.pending === undefined) this.#deadlines.armWrite(this.sendTimeoutMs)
        break
      case 'drain':
        if (this.#socket) this.#writer.drain(this.#socket, this.sendTimeoutMs)
    }
  }

  /** @internal The socket broke. */
  socketFailed(error: Error): void {
    this.#fail(toHalibutError(error, 'read'), true)
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
    const socket = this.#socket
    if (this.#failure !== undefined || !socket?.writable || this.#closing !== undefined) return Promise.reject(this.#notWritable())
    return this.#writer.write(socket, bytes, this.sendTimeoutMs)
  }

  close(graceMs: number = defaultGraceMs): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  destroy(why?: Error): void {
    this.#fail(why ?? closedByUs, false)
  }

  certificateNames(): CertificateNames | undefined {
    const certificate = this.#socket?.getPeerX509Certificate()
    return certificate && namesOf(certificate)
  }

  cipher(): string | undefined {
    return this.#socket?.getCipher()?.standardName
  }

  /** @internal The reader’s wish: no bytes for now. */
  pause(): void {
    this.#socket?.pause()
  }

  /** @internal The reader’s wish: bytes again. */
  resume(): void {
    this.#socket?.resume()
  }

  async #close(graceMs: number): Promise<void> {
    const socket = this.#socket
    if (!socket) return
    // What waits will get nothing any more, but what was written is on its way.
    this.#reader.fail(closedByUs, false)
    const hurry = setTimeout(() => this.#fail(closedByUs, false), graceMs)
    try {
      await this.#writer.pending?.catch(() => undefined)
      // Input that nobody reads would turn our orderly end into a reset, so it is read and dropped until the peer has ended too.
      this.resume()
      socket.end()
      await this.closed
    } finally {
      clearTimeout(hurry)
    }
  }

  /** The first failure counts. One that the peer caused leaves what it had sent before to be read. */
  #fail(why: Error, byPeer: boolean): void {
    const socket = this.#socket
    if (socket && !this.#failure) {
      this.#failure = why
      this.#deadlines.stop()
      this.#reader.fail(why, byPeer)
      this.#writer.fail(why)
      reset(socket, this.#raw)
    } else if (!byPeer) this.#reader.fail(this.#failure instanceof Error ? this.#failure : why, false)
  }

  #socketGone(): void {
    this.#deadlines.stop()
    this.#failure ??= 'closed'
    this.#reader.end()
    if (this.#failure === 'closed') this.#writer.fail(this.#notWritable())
    this.#socket = this.#raw = undefined
  }

  #notWritable(): Error {
    if (this.#failure instanceof Error) return this.#failure
    return this.#closing !== undefined ? closedByUs : toHalibutError(brokenPipe, 'write')
  }
}

/** The channel over a socket: so that the listeners can be the same for all, where a fleet is idle they are most of a connection. */
const channelOf = Symbol('channel')
type OwnedSocket = TLSSocket & { [channelOf]?: TlsChannel }

function onClose(this: OwnedSocket): void {
  this[channelOf]?.socketEvent('close')
}

function onError(this: OwnedSocket, error: Error): void {
  this[channelOf]?.socketFailed(error)
}

function onEnd(this: OwnedSocket): void {
  this[channelOf]?.socketEvent('end')
}

function onDrain(this: OwnedSocket): void {
  this[channelOf]?.socketEvent('drain')
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[channelOf]?.receive(chunk, true)
}

/** For a socket that reads into a buffer of its own; the view is valid only during the call. */
export function receiveView(socket: TLSSocket, view: Buffer): void {
  const owned: OwnedSocket = socket
  owned[channelOf]?.receive(view)
}

const brokenPipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE', syscall: 'write' })

/** One for all channels: every connection ends with it, and where it was made would tell nobody anything. */
const closedByUs = new HalibutError('connection_lost', 'The connection was closed on this side.', {
  dotnetType: 'System.ObjectDisposedException',
})

/** Ends the TCP connection with RST, as .NET does (spec §1.3, §10.2), so that the peer learns of it at once. */
function reset(socket: TLSSocket, raw: Socket | undefined): void {
  if (raw && !raw.destroyed && !raw.writableEnded) {
    // The TLS socket follows when this one has closed. Destroying it in the same turn would free OpenSSL’s state under its own feet
    // where we are called from inside the handshake, and the process would die of it.
    // Where our side has been ended already, libuv refuses to reset, and Node would then lose the handle without closing it.
    if (socket.writableEnded) raw.destroy()
    else raw.resetAndDestroy()
    return
  }
  if (!raw && !socket.writableEnded) resetOnClose(socket)
  socket.destroy()
}

/**
 * `resetAndDestroy` refuses TLS sockets, and a dialled one has no TCP socket of its own, only a TCP handle below the TLS handle: what
 * closes that handle is replaced by what resets it. Where Node should change inside, an ordinary close remains.
 */
function resetOnClose(socket: TLSSocket): void {
  const handle = (socket as unknown as { _handle?: { _parent?: TcpHandle } })._handle?._parent
  const resetHandle = handle?.reset
  if (handle && typeof resetHandle === 'function') handle.close = done => resetHandle.call(handle, done)
}

interface TcpHandle {
  close(done?: () => void): void
  reset?(done?: () => void): void
}

function describePeer({ socket, role, certificate }: TlsChannelOptions): Peer {
  return {
    remoteAddress: formatEndPoint(socket.remoteAddress ?? '', socket.remotePort ?? 0),
    role,
    thumbprint: certificate?.thumbprint,
    thumbprint256: certificate?.thumbprint256,
    expiresMs: certificate?.expiresMs,
    protocol: socket.getProtocol() ?? '',
  }
}
