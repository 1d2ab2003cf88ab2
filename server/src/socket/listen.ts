import { createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError } from '../base/errors.ts'
import { messageOf } from '../base/message-of.ts'
import { Arrival, type ArrivalPort, endsOf, maxFirstBytes } from './arrival.ts'
import { codeOf, formatEndPoint, osText, toHalibutError } from './errno.ts'
import type { HandshakeLine } from './handshake-line.ts'
import { type TlsIdentity, tlsVersions, usable } from './secure-context.ts'
import { readIntoSharedBuffer } from './shared-read-buffer.ts'
import { withoutBrackets } from './tcp-options.ts'
import { factsOfPeer } from './thumbprint.ts'
import { freshTicketKeys } from './ticket-keys.ts'
import { TlsChannel } from './tls-channel.ts'

export interface ListenOptions {
  /** Default: every address, IPv6 and IPv4 (IPv4 alone where the machine has no IPv6). */
  readonly host?: string | undefined
  /** 0: any free one. */
  readonly port: number
  readonly certificate: TlsIdentity
  /** TCP keep-alive after this idle time; 0 or less: none. */
  readonly keepAliveIdleMs: number
  /** The channels’ first timeouts. */
  readonly receiveTimeoutMs: number
  readonly sendTimeoutMs: number
  /** Where a connection waits until its TLS handshake begins; who finds no place is reset. */
  readonly line: HandshakeLine
  /** A peer came through TLS, with a certificate or without one. The channel is the receiver’s to close. */
  readonly onConnection: (channel: ByteChannel) => void
  /** A caller was dropped before TLS was through, or the system could not accept one (`remoteAddress` is '' then). */
  readonly onRejected?: ((remoteAddress: string, error: HalibutError) => void) | undefined
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Presents another certificate in the handshakes that begin from now on. Throws `certificate_invalid`. */
  present(certificate: TlsIdentity): void
  /** Stops accepting and drops unfinished handshakes. Channels that were handed over stay with their owner. */
  close(): Promise<void>
}

/**
 * Accepts TLS connections. Every peer is asked for a certificate, and none is judged here (spec §1.4).
 * @throws {HalibutError} `listen_failed` with the address, the reason and what to do; `certificate_invalid`.
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { certificate, keepAliveIdleMs, receiveTimeoutMs, sendTimeoutMs, line, onRejected } = options
  // By both ends: a TLSSocket doesn’t tell which TCP socket it stands on, and that one is needed for a reset.
  const handshaking = new Map<string, Arrival>()
  const arrivals = new Set<Arrival>()

  const tls = usable(() => createTlsServer({ ...tlsVersions, cert: certificate.certificatePem, key: certificate.keyPem, ...peerCheck }))
  tls.on('secureConnection', socket => {
    const arrival = handshaking.get(endsOf(socket))
    if (!arrival) {
      socket.on('error', ignore).destroy()
      return
    }
    handshaking.delete(arrival.ends)
    arrival.settle()
    const certificate = socket.getPeerX509Certificate()
    const channel = new TlsChannel({
      socket,
      raw: arrival.raw,
      role: 'acceptor',
      certificate: certificate && factsOfPeer(certificate),
      pushed: readIntoSharedBuffer(socket),
      receiveTimeoutMs,
      sendTimeoutMs,
    })
    options.onConnection(channel)
  })
  tls.on('tlsClientError', (error, socket) => {
    // Node destroys the socket itself, and the arrival reports. A caller that went away has no address any more, and needs no words.
    const arrival = handshaking.get(endsOf(socket))
    if (arrival) arrival.error = toHalibutError(error, 'handshake')
  })

  const port: ArrivalPort = {
    line,
    arrivals,
    beginTls(arrival) {
      handshaking.set(arrival.ends, arrival)
      tls.setTicketKeys(freshTicketKeys())
      tls.emit('connection', arrival.raw)
    },
    onRejected(arrival, error) {
      handshaking.delete(arrival.ends)
      onRejected?.(arrival.endPoint, error)
    },
  }
  const server = createServer(
    {
      noDelay: true,
      keepAlive: keepAliveIdleMs > 0,
      keepAliveInitialDelay: Math.max(0, keepAliveIdleMs),
      // TLS reads the first bytes itself, unless the line has to hear them.
      pauseOnConnect: true,
      highWaterMark: firstRead,
    },
    raw => void new Arrival(raw, port),
  )
  await start(server, options)
  // Out of file handles and the like: one caller is lost, the listener is not.
  server.on('error', error => onRejected?.('', toHalibutError(error, 'connect')))
  const bound = server.address()
  if (!bound || typeof bound === 'string') throw new HalibutError('listen_failed', 'the listening socket has no address')
  return { host: bound.address, port: bound.port, present, close }

  function present({ certificatePem, keyPem }: TlsIdentity): void {
    usable(() => tls.setSecureContext({ ...tlsVersions, cert: certificatePem, key: keyPem }))
  }

  async function close(): Promise<void> {
    server.close()
    const gone = [...arrivals].map(({ raw }) => new Promise(resolve => raw.once('close', resolve)))
    for (const { raw } of arrivals) raw.resetAndDestroy()
    await Promise.all(gone)
  }
}

/** A connection that waits is read on, so that its end is noticed, up to more than it may say. */
const firstRead = maxFirstBytes + 1
/** What the system keeps for us of those that we have not accepted; as many as Linux lets us have. */
const backlog = 4_096

const peerCheck = {
  requestCert: true,
  rejectUnauthorized: false,
  // None: the limit is kept by us. Node’s does not end the TCP connection of a caller who says nothing, and leaves a timer with each that is there.
  handshakeTimeout: -1,
}

/** Why a port cannot be listened on, and what to do; `undefined` where it can. It is let go again at once. */
export async function whyNotListen(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  try {
    await start(server, { host, port })
    return undefined
  } catch (why) {
    return messageOf(why)
  } finally {
    server.close()
  }
}

function start(server: Server, { host, port }: Pick<ListenOptions, 'host' | 'port'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => reject(listenFailed(error, host, port))
    server.once('error', refuse)
    try {
      server.listen({ port, backlog, ...(host !== undefined && { host: withoutBrackets(host) }) }, () => {
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

function ignore(): void {}
