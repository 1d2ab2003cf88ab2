import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import type { Openings } from '../base/openings.ts'
import { timerMs } from '../base/timer.ts'
import { codeOf, formatEndPoint, lostInHandshake, osText, timedOut, toHalibutError } from './errno.ts'
import { type TlsIdentity, tlsVersions, usable } from './secure-context.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'
import { withoutBrackets } from './tcp-options.ts'
import { thumbprintsOfPeer } from './thumbprint.ts'
import { TlsChannel } from './tls-channel.ts'

export interface ListenOptions {
  /** Default: every address, IPv6 and IPv4 (IPv4 alone where the machine has no IPv6). */
  readonly host?: string | undefined
  /** 0: any free one. */
  readonly port: number
  readonly certificate: TlsIdentity
  /** Milliseconds from the accepted connection to the end of the TLS handshake; 0 or less: no limit. */
  readonly handshakeTimeoutMs: number
  /** TCP keep-alive after this idle time; 0 or less: none. */
  readonly keepAliveIdleMs: number
  /** The channels’ first timeouts. */
  readonly receiveTimeoutMs: number
  readonly sendTimeoutMs: number
  /** Where a connection has its place until TLS is through; who finds none is reset. */
  readonly openings: Openings
  /** A peer came through TLS, with a certificate or without one. The channel is the receiver’s to close. */
  readonly onConnection: (channel: ByteChannel) => void
  /** A caller was dropped before TLS was through, or the system could not accept one (`remoteAddress` is '' then). */
  readonly onRejected?: ((remoteAddress: string, error: HalibutError) => void) | undefined
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Stops accepting and drops unfinished handshakes. Channels that were handed over stay with their owner. */
  close(): Promise<void>
}

/**
 * Accepts TLS connections. Every peer is asked for a certificate, and none is judged here (spec §1.4).
 * @throws {HalibutError} `listen_failed` with the address, the reason and what to do; `certificate_invalid`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { certificate, handshakeTimeoutMs, keepAliveIdleMs, receiveTimeoutMs, sendTimeoutMs, openings, onRejected } = options
  // By remote end point: a TLSSocket doesn’t tell which TCP socket it stands on, and that one is needed for a reset.
  const handshaking = new Map<string, Handshake>()

  const tls = usable(() => createTlsServer({ ...tlsVersions, cert: certificate.certificatePem, key: certificate.keyPem, ...peerCheck }))
  tls.on('secureConnection', socket => {
    const handshake = handshaking.get(remoteEndPoint(socket))
    if (!handshake) {
      socket.on('error', ignore).destroy()
      return
    }
    settle(handshake)
    const certificate = socket.getPeerX509Certificate()
    const channel = new TlsChannel({
      socket,
      raw: handshake.raw,
      role: 'acceptor',
      thumbprints: certificate && thumbprintsOfPeer(certificate),
      pushed: readIntoSharedBuffer(socket),
      receiveTimeoutMs,
      sendTimeoutMs,
    })
    options.onConnection(channel)
  })
  tls.on('tlsClientError', (error, socket) => {
    // Node destroys the socket itself, and `close` below reports. A caller that went away has no address any more, and needs no words.
    const handshake = handshaking.get(remoteEndPoint(socket))
    if (handshake) handshake.error = toHalibutError(error, 'handshake')
  })

  const server = createServer(
    { noDelay: true, keepAlive: keepAliveIdleMs > 0, keepAliveInitialDelay: Math.max(0, keepAliveIdleMs) },
    raw => {
      const address = remoteEndPoint(raw)
      // The TLS socket tells the same error; without a listener here a late reset would end the process.
      raw.on('error', ignore)
      if (!begin(raw, address)) return
      // No session is ever resumed: the key of each ticket is gone before its owner can come back. Turning tickets off instead makes
      // OpenSSL keep every session, 4 KiB for each connection, and still send the tickets of TLS 1.3.
      tls.setTicketKeys(freshTicketKeys())
      tls.emit('connection', raw)
    },
  )
  await start(server, options)
  // Out of file handles and the like: one caller is lost, the listener is not.
  server.on('error', error => onRejected?.('', toHalibutError(error, 'connect')))
  const bound = server.address()
  if (!bound || typeof bound === 'string') throw new HalibutError('listen_failed', 'the listening socket has no address')
  return { host: bound.address, port: bound.port, close }

  /** False: there is no place for it. */
  function begin(raw: Socket, address: string): boolean {
    const handshake: Handshake = {
      raw,
      address,
      timer: handshakeTimeoutMs > 0 ? setTimeout(expire, timerMs(handshakeTimeoutMs)) : undefined,
      onClose() {
        settle(handshake)
        onRejected?.(address, handshake.error ?? lostInHandshake())
      },
    }
    try {
      openings.enter(raw, address, drop)
    } catch (why) {
      clearTimeout(handshake.timer)
      raw.resetAndDestroy()
      onRejected?.(address, toHalibutError(why, 'handshake'))
      return false
    }
    handshaking.set(address, handshake)
    raw.once('close', handshake.onClose)
    return true

    function expire(): void {
      drop(timedOut('read', { phase: 'tls' }))
    }

    function drop(why: HalibutError): void {
      handshake.error = why
      raw.resetAndDestroy()
    }
  }

  function settle({ raw, address, timer, onClose }: Handshake): void {
    clearTimeout(timer)
    raw.off('close', onClose)
    handshaking.delete(address)
    openings.leave(raw)
  }

  async function close(): Promise<void> {
    server.close()
    for (const { raw } of [...handshaking.values()]) {
      const gone = once(raw, 'close')
      raw.resetAndDestroy()
      await gone
    }
  }
}

const ticketKeysBytes = 48
/** Random bytes are taken many at a time: asking for a few is most of what they cost. */
const ticketKeys = Buffer.alloc(ticketKeysBytes * 64)
let ticketKeysUsed = ticketKeys.length

function freshTicketKeys(): Buffer {
  if (ticketKeysUsed === ticketKeys.length) {
    randomFillSync(ticketKeys)
    ticketKeysUsed = 0
  }
  ticketKeysUsed += ticketKeysBytes
  return ticketKeys.subarray(ticketKeysUsed - ticketKeysBytes, ticketKeysUsed)
}

/** An accepted connection on its way through TLS. */
interface Handshake {
  readonly raw: Socket
  readonly address: string
  readonly timer: NodeJS.Timeout | undefined
  readonly onClose: () => void
  error?: HalibutError
}

const peerCheck = {
  requestCert: true,
  rejectUnauthorized: false,
  // The limit is kept by us: Node’s does not end the TCP connection of a caller who says nothing.
  handshakeTimeout: 0x7fffffff,
}

function start(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => reject(listenFailed(error, host, port))
    server.once('error', refuse)
    try {
      server.listen({ port, ...(host !== undefined && { host: withoutBrackets(host) }) }, () => {
        server.off('error', refuse)
        resolve()
      })
    } catch (error) {
      refuse(error)
    }
  })
}

function listenFailed(error: unknown, host: string | undefined, port: number): HalibutError {
  const code = codeOf(error)
  const where = formatEndPoint(host === undefined ? '::' : withoutBrackets(host), port)
  const advice = listenAdvice(error)
  const reason = code === 'ERR_SOCKET_BAD_PORT' ? 'a port is a whole number from 0 to 65535' : code === '' ? String(error) : osText(code)
  return new HalibutError('listen_failed', `cannot listen on ${where}: ${reason}${advice ? `; ${advice}` : ''}`, {
    cause: error,
    dotnetType: 'System.Net.Sockets.SocketException',
    advice,
  })
}

/** What to do where a port could not be listened on, as far as the error tells. */
export function listenAdvice(error: unknown): string | undefined {
  return adviceOfCodes[codeOf(error)]
}

const adviceOfCodes: Readonly<Record<string, string>> = {
  EADDRINUSE: 'choose another port, or end the process that uses it',
  EACCES: 'choose a port above 1023, or give the process the right to use this one',
  EADDRNOTAVAIL: 'choose an address of this machine, or leave it out to listen on all',
  EAFNOSUPPORT: 'choose an address of this machine, or leave it out to listen on all',
  ENOTFOUND: 'correct the host name, or give an address of this machine',
  EAI_AGAIN: 'correct the host name, or give an address of this machine',
  ERR_SOCKET_BAD_PORT: 'choose such a port, or 0 for any free one',
}

function remoteEndPoint(socket: Socket): string {
  return formatEndPoint(socket.remoteAddress ?? '', socket.remotePort ?? 0)
}

function ignore(): void {}
