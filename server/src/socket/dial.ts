import type { X509Certificate } from 'node:crypto'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { ByteChannel } from '../base/byte-channel.ts'
import { HalibutError, type PresentedCertificate } from '../base/errors.ts'
import { formatTimeSpan } from '../base/time-span.ts'
import { awaitSocket, cancelled } from './await-socket.ts'
import type { Destinations } from './destinations.ts'
import { lostInHandshake, timedOut, toHalibutError } from './errno.ts'
import { openTunnel, type ProxyOptions } from './proxy-tunnel.ts'
import { secureContextOf, type TlsIdentity } from './secure-context.ts'
import { filledPart, sharedReadBuffer } from './shared-read-buffer.ts'
import { tcpOptions, withoutBrackets } from './tcp-options.ts'
import { factsOfPeer, namesOf, subjectText, type Thumbprints } from './thumbprint.ts'
import { TlsChannel } from './tls-channel.ts'

export interface DialOptions {
  /** Where the TCP connection goes (or the proxy’s tunnel): a name, or an address; IPv6 with or without brackets. */
  readonly host: string
  readonly port: number
  /** The name TLS asks for. Default `host`; addresses are never sent (spec §1.4). */
  readonly serverName?: string | undefined
  /** What we present. Without it no certificate is offered (discovery). */
  readonly certificate?: TlsIdentity | undefined
  readonly proxy?: ProxyOptions | undefined
  /** Where connections may go, the proxy’s too. Default: anywhere. */
  readonly destinations?: Destinations | undefined
  /** The endpoint’s URI as messages print it. */
  readonly uri: string
  /** Compared to the letter, as .NET does; 64 digits are compared with the SHA-256. Without it any certificate will do (discovery). */
  readonly expectedThumbprint?: string | undefined
  /** A further one that is as good. */
  readonly nextThumbprint?: string | undefined
  /** Hears of the certificate that the peer presents, whatever it is. */
  readonly onPresented?: ((certificate: PresentedCertificate) => void) | undefined
  /** Milliseconds; 0 or less: no limit. */
  readonly connectTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** For each read of the proxy’s answer. Default 15,000. */
  readonly proxyResponseTimeoutMs?: number | undefined
  /** The channel’s first timeouts. */
  readonly receiveTimeoutMs: number
  readonly sendTimeoutMs: number
  /** TCP keep-alive after this idle time; 0 or less: none. */
  readonly keepAliveIdleMs: number
  /** Ends the dial at any step. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens TCP (through the proxy where there is one) and TLS to an endpoint, checks the pinned thumbprint, and gives the channel. Nothing has
 * been written to it.
 * @throws {HalibutError} `connect_refused`, `connect_timeout`, `host_not_found`, `connect_failed`, `proxy_failed`, `tls_failed`,
 * `connection_lost` or `io_timeout` (in the handshake), `thumbprint_mismatch`, `cancelled`, `certificate_invalid`, `invalid_argument`.
 */
export async function dial(options: DialOptions): Promise<ByteChannel> {
  const { signal, uri, connectTimeoutMs } = options
  if (signal?.aborted) throw cancelled(signal)
  if (!Number.isInteger(options.port) || options.port < 1 || options.port > 65_535) {
    throw new HalibutError('invalid_argument', `${uri}: port ${options.port} is not between 1 and 65535`, { endpoint: uri })
  }
  try {
    checkDestination(options)
    return await (options.proxy ? dialThrough(options.proxy, options) : dialDirectly(options))
  } catch (error) {
    throw toHalibutError(error, 'connect').with({ endpoint: uri })
  }

  function dialThrough(proxy: ProxyOptions, { host, port, proxyResponseTimeoutMs }: DialOptions): Promise<ByteChannel> {
    return openTunnel({
      proxy,
      target: { host: withoutBrackets(host), port },
      lookup: options.destinations?.lookupFor(proxy.port),
      connectTimeoutMs,
      connectTimedOut: () => connectTimedOut('the timeout ', connectTimeoutMs),
      responseTimeoutMs: proxyResponseTimeoutMs,
      signal,
    }).then(tunnel => secure(connect({ ...tlsConnectOptions(options), socket: tunnel }), tunnel, undefined, options))
  }
}

/** Throws where that can be told before a name is resolved. What a proxy makes of a name cannot be known here. */
export function checkDestination({ host, port, proxy, destinations }: Pick<DialOptions, 'host' | 'port' | 'proxy' | 'destinations'>): void {
  if (proxy) destinations?.checkHost(proxy.host, proxy.port, 'us')
  destinations?.checkHost(host, port, proxy ? 'a proxy' : 'us')
}

async function dialDirectly(options: DialOptions): Promise<ByteChannel> {
  const { connectTimeoutMs, signal } = options
  // Set once TLS is through; no application data can come before.
  const receiver: { channel?: TlsChannel } = {}
  const socket = connect({
    ...tcpOptions(options, connectTimeoutMs, options.destinations?.lookupFor(options.port)),
    ...tlsConnectOptions(options),
    onread: {
      buffer: sharedReadBuffer,
      callback(length: number) {
        receiver.channel?.receive(filledPart(length))
        return true
      },
    },
  } as ConnectionOptions)
  let secured: Promise<ByteChannel> | undefined
  await awaitSocket({
    socket,
    event: 'connect',
    succeed: () => {
      secured = secure(socket, undefined, receiver, options)
      // Listened to below; until then its failure is nobody’s.
      secured.catch(() => undefined)
    },
    timeoutMs: connectTimeoutMs,
    timedOut: () => connectTimedOut('the timeout ', connectTimeoutMs),
    failed: error => connectFailed(error, connectTimeoutMs),
    signal,
  })
  return secured ?? Promise.reject(lostInHandshake())
}

/** The TLS handshake on a connected socket, and the pin check at its end. */
function secure(
  socket: TLSSocket,
  raw: Socket | undefined,
  receiver: { channel?: TlsChannel } | undefined,
  options: DialOptions,
): Promise<ByteChannel> {
  // The option of the same name is not passed on by tls.connect.
  socket.setNoDelay(true)
  if (options.keepAliveIdleMs > 0) socket.setKeepAlive(true, options.keepAliveIdleMs)
  return awaitSocket({
    socket,
    event: 'secureConnect',
    succeed: () => {
      // Once: Node forgets a dialled socket’s certificate after it has been asked for.
      const certificate = socket.getPeerX509Certificate()
      const facts = certificate && factsOfPeer(certificate)
      if (certificate && facts) options.onPresented?.(presentedBy(certificate, facts))
      checkPin(certificate, facts, options)
      const { receiveTimeoutMs, sendTimeoutMs } = options
      const pushed = receiver !== undefined
      const channel = new TlsChannel({ socket, raw, role: 'dialler', certificate: facts, pushed, receiveTimeoutMs, sendTimeoutMs })
      if (receiver) receiver.channel = channel
      return channel
    },
    timeoutMs: options.handshakeTimeoutMs,
    timedOut: () => timedOut('read', { phase: 'tls' }),
    failed: handshakeFailed,
    signal: options.signal,
  })
}

/** How TLS is asked for: any certificate will do here, what it must be is checked after. */
export function tlsConnectOptions(options: Pick<DialOptions, 'host' | 'serverName' | 'certificate'>): ConnectionOptions {
  const name = withoutBrackets(options.serverName ?? options.host)
  return {
    secureContext: secureContextOf(options.certificate),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(isIP(name) === 0 && { servername: name }),
  }
}

/** The only authentication there is (spec §1.5); nothing has been written yet. */
function checkPin(
  certificate: X509Certificate | undefined,
  thumbprints: Thumbprints | undefined,
  { expectedThumbprint, nextThumbprint, uri }: DialOptions,
): void {
  if (expectedThumbprint === undefined) return
  const actual = (expectedThumbprint.length === 64 ? thumbprints?.thumbprint256 : thumbprints?.thumbprint) ?? ''
  if (expectedThumbprint === actual || nextThumbprint === actual) return
  const subject = certificate ? subjectText(certificate) : ''
  const names = certificate && namesOf(certificate)
  const isMadeByAnother = names !== undefined && names.issuer !== names.subject
  const about = names ? ` ('${names.subject}', made by ${isMadeByAnother ? `'${names.issuer}'` : 'itself'})` : ''
  throw new HalibutError(
    'thumbprint_mismatch',
    `the certificate of ${uri} has the thumbprint ${actual === '' ? 'of nothing: there is none' : actual}${about}, but ${expectedThumbprint}${nextThumbprint === undefined ? ' is' : ` and ${nextThumbprint} are`} pinned`,
    {
      phase: 'tls',
      presented: certificate && thumbprints && presentedBy(certificate, thumbprints),
      ...(isMadeByAnother && {
        advice:
          'look for a proxy that looks into TLS on the way, and let the connection pass it untouched; pin another certificate only if the agent’s was really replaced',
      }),
      dotnetType: 'Halibut.Transport.UnexpectedCertificateException',
      dotnetMessage: `The server at ${uri} presented an unexpected security certificate. We expected the server to present a certificate with the thumbprint '${expectedThumbprint}'. Instead, it presented a certificate with a thumbprint of '${actual}' and subject '${subject}'. This usually happens when the client has been configured to expect the server to have the wrong certificate, or when the certificate on the server has been regenerated and the client has not been updated. It may also happen if someone is performing a man-in-the-middle attack on the remote server, or if a proxy server is intercepting requests. Please check the certificate used on the server, and verify that the client has been configured correctly.`,
    },
  )
}

function presentedBy(certificate: X509Certificate, { thumbprint, thumbprint256 }: Thumbprints): PresentedCertificate {
  return { thumbprint, thumbprint256, ...namesOf(certificate) }
}

/** A TCP connection that could not be opened; without an error where the socket closed. */
export function connectFailed(error: unknown, connectTimeoutMs: number): HalibutError {
  if (error === undefined) return new HalibutError('connect_failed', 'the socket was closed while it was connecting', { phase: 'connect' })
  const failure = toHalibutError(error, 'connect')
  return failure.kind === 'connect_timeout' ? connectTimedOut('', connectTimeoutMs, failure) : failure
}

/** A handshake that failed; without an error where the socket closed. */
export function handshakeFailed(error: unknown): HalibutError {
  return error === undefined ? lostInHandshake() : toHalibutError(error, 'handshake')
}

/** Ours says `within the timeout`, the operating system’s only `within` (spec §1.2). */
export function connectTimedOut(words: 'the timeout ' | '', connectTimeoutMs: number, cause?: unknown): HalibutError {
  return new HalibutError('connect_timeout', `nothing answered there within the connect timeout of ${connectTimeoutMs} ms`, {
    phase: 'connect',
    cause,
    dotnetType: 'Halibut.HalibutClientException',
    dotnetMessage: `The client was unable to establish the initial connection within ${words}${formatTimeSpan(connectTimeoutMs)}.`,
  })
}
