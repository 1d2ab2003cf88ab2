import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type ConnectionOptions, connect, createServer as createTlsServer, type SecureVersion, type TLSSocket } from 'node:tls'
import type { TlsIdentity } from '../../server/src/socket/secure-context.ts'

/**
 * A scripted peer on a real TLS socket, which knows nothing of the protocol: it sends the bytes it is told to and waits for the bytes it
 * is told to. Both roles, each disposable with `await using`.
 */
export interface RawPeer extends AsyncDisposable {
  readonly socket: TLSSocket
  /** Every byte received so far, also those read already. */
  readonly received: Buffer
  /** The sizes of the pieces in which they came: one piece a TLS record, as a rule. */
  readonly pieces: readonly number[]
  /** SHA-1 thumbprint of the certificate the other side presented. */
  readonly peerThumbprint: string | undefined
  readonly ended: boolean
  /** One TLS write; resolves when the system has taken it. */
  write(bytes: Uint8Array | string): Promise<void>
  /**
   * Waits until the unread bytes contain `mark`, and takes them up to its end; or until the function says how many to take (`true`: all).
   * Rejects at the end of input.
   */
  readUntil(mark: string | ((unread: Buffer) => boolean | number)): Promise<Buffer>
  readExactly(length: number): Promise<Buffer>
  /** What is left until the other side ends or resets. */
  readToEnd(): Promise<Buffer>
  /** Waits for something else to happen, and throws when the other side sent anything unread before that. */
  expectSilence(until: Promise<unknown>): Promise<void>
  /** Stop and go on taking bytes from the socket. */
  pause(): void
  resume(): void
  /** Orderly end of our side. */
  end(): void
  /** Ends without ceremony. */
  destroy(): void
  /** RST. */
  reset(): void
  /** Resolves when the socket is gone: with its error, if there was one. */
  readonly closed: Promise<Error | undefined>
}

export interface RawDialOptions {
  /** Default: none is presented. */
  readonly certificate?: TlsIdentity
  readonly host?: string
  /** The address from which it is dialled. */
  readonly localAddress?: string | undefined
  readonly serverName?: string
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  /** Further options of `tls.connect`. */
  readonly tls?: ConnectionOptions
}

/** Dials a listener of ours. */
export async function dialRaw(port: number, options: RawDialOptions = {}): Promise<RawPeer> {
  const { certificate, host = '127.0.0.1', serverName, minVersion, maxVersion } = options
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(certificate && { cert: certificate.certificatePem, key: certificate.keyPem }),
    ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
    ...(serverName !== undefined && { servername: serverName }),
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
    ...options.tls,
  })
  await once(socket, 'secureConnect')
  socket.setNoDelay(true)
  return rawPeer(socket, undefined)
}

export interface RawListenOptions {
  readonly certificate: TlsIdentity
  readonly host?: string
  /** Default 0. */
  readonly port?: number
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
  /** Runs for each connection; a rejection is rethrown when the listener is disposed. Or take connections by `accept`. */
  readonly onConnection?: (peer: RawPeer, index: number) => void | Promise<void>
}

export interface RawListener extends AsyncDisposable {
  readonly port: number
  /** All connections that came through TLS, oldest first. */
  readonly connections: readonly RawPeer[]
  /** SNI of each connection, '' where none was sent. */
  readonly serverNames: readonly string[]
  /** The next connection that nobody has accepted; waits for one. */
  accept(): Promise<RawPeer>
  close(): Promise<void>
}

/** Listens for a dialler of ours. Every TCP connection that is still open is ended when it is disposed. */
export async function listenRaw(options: RawListenOptions): Promise<RawListener> {
  const { certificate, onConnection, minVersion, maxVersion } = options
  const connections: RawPeer[] = []
  const serverNames: string[] = []
  const unaccepted: RawPeer[] = []
  const waiting: ((peer: RawPeer) => void)[] = []
  const raws = new Map<string, Socket>()
  const scripts: Promise<void>[] = []
  const tls = createTlsServer({
    cert: certificate.certificatePem,
    key: certificate.keyPem,
    requestCert: true,
    rejectUnauthorized: false,
    ...(minVersion && { minVersion }),
    ...(maxVersion && { maxVersion }),
  })
  tls.on('tlsClientError', () => undefined)
  tls.on('secureConnection', socket => {
    const peer = rawPeer(socket, raws.get(String(socket.remotePort)))
    const index = connections.push(peer) - 1
    serverNames.push((socket as TLSSocket & { servername?: string | false }).servername || '')
    if (onConnection) {
      const script = Promise.resolve(onConnection(peer, index))
      script.catch(() => undefined)
      scripts.push(script)
      return
    }
    const taker = waiting.shift()
    if (taker) taker(peer)
    else unaccepted.push(peer)
  })
  const server = createServer({ noDelay: true }, raw => {
    const key = String(raw.remotePort)
    raws.set(key, raw)
    raw.once('close', () => raws.delete(key)).on('error', () => undefined)
    tls.emit('connection', raw)
  })
  server.listen(options.port ?? 0, options.host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }

  async function close(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    if (server.listening) server.close()
    for (const raw of raws.values()) raw.destroy()
    await closed
  }

  return {
    port,
    connections,
    serverNames,
    accept() {
      const peer = unaccepted.shift()
      return peer ? Promise.resolve(peer) : new Promise(resolve => waiting.push(resolve))
    },
    close,
    async [Symbol.asyncDispose]() {
      await close()
      await Promise.all(scripts)
    },
  }
}

function rawPeer(socket: TLSSocket, raw: Socket | undefined): RawPeer {
  const chunks: Buffer[] = []
  const pieces: number[] = []
  let taken = 0
  let ended = false
  let failure: Error | undefined
  let wake: (() => void)[] = []
  const changed = (): void => {
    const sleepers = wake
    wake = []
    for (const sleeper of sleepers) sleeper()
  }
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    pieces.push(chunk.length)
    changed()
  })
  socket.on('end', () => {
    ended = true
    changed()
  })
  socket.on('error', error => {
    failure = error
  })
  const closed = new Promise<Error | undefined>(resolve => {
    socket.once('close', () => {
      ended = true
      changed()
      resolve(failure)
    })
  })
  const received = (): Buffer => Buffer.concat(chunks)
  const unread = (): Buffer => received().subarray(taken)
  const take = (length: number): Buffer => {
    const bytes = unread().subarray(0, length)
    taken += length
    return bytes
  }
  const change = (): Promise<void> => new Promise(resolve => wake.push(resolve))
  const describe = (): string => JSON.stringify(unread().subarray(0, 200).toString('latin1'))
  const certificate = socket.getPeerX509Certificate()

  const peer: RawPeer = {
    socket,
    get received() {
      return received()
    },
    pieces,
    peerThumbprint: certificate?.fingerprint.replaceAll(':', ''),
    get ended() {
      return ended
    },
    write: bytes => new Promise((resolve, reject) => socket.write(bytes, error => (error ? reject(error) : resolve()))),
    async readUntil(mark) {
      for (;;) {
        const have = unread()
        if (typeof mark !== 'string') {
          const found = mark(have)
          if (found !== false) return take(found === true ? have.length : found)
        } else {
          const at = have.indexOf(mark, 0, 'latin1')
          if (at >= 0) return take(at + mark.length)
        }
        if (ended)
          throw new Error(`the input ended before ${typeof mark === 'string' ? JSON.stringify(mark) : 'that'}; unread: ${describe()}`)
        await change()
      }
    },
    async readExactly(length) {
      while (unread().length < length) {
        if (ended) throw new Error(`the input ended before ${length} bytes; unread: ${describe()}`)
        await change()
      }
      return take(length)
    },
    async readToEnd() {
      while (!ended) await change()
      return take(unread().length)
    },
    async expectSilence(until) {
      await until
      if (unread().length > 0) throw new Error(`expected silence, but received ${describe()}`)
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset() {
      if (raw) {
        raw.resetAndDestroy()
        return
      }
      // A dialled TLS socket cannot be reset by a public function; see tls-channel.ts.
      const handle = (socket as unknown as { _handle: { _parent: { close(done: () => void): void; reset(done: () => void): void } } })
        ._handle._parent
      handle.close = done => handle.reset(done)
      socket.destroy()
    },
    closed,
    async [Symbol.asyncDispose]() {
      socket.destroy()
      await closed
    },
  }
  return peer
}
