import type { X509Certificate } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { HalibutError, PresentedCertificate } from '../base/errors.ts'
import { awaitSocket } from './await-socket.ts'
import type { Destinations } from './destinations.ts'
import { checkDestination, connectFailed, connectTimedOut, handshakeFailed, tlsConnectOptions } from './dial.ts'
import { timedOut as readTimedOut } from './errno.ts'
import { openTunnel, type ProxyOptions } from './proxy-tunnel.ts'
import type { TlsIdentity } from './secure-context.ts'
import { tcpOptions, withoutBrackets } from './tcp-options.ts'
import { namesOf, thumbprintsOf } from './thumbprint.ts'

/** Where to look, and for how long. */
export interface ExamineOptions {
  readonly host: string
  readonly port: number
  /** The name TLS asks for. Default `host`. */
  readonly serverName?: string
  /** The HTTP proxy on the way. Default: none. */
  readonly proxy?: ProxyOptions | undefined
  /** What we present. Default: nothing. */
  readonly certificate?: TlsIdentity | undefined
  /** Where connections may go, the proxy’s too. Default: anywhere. */
  readonly destinations?: Destinations | undefined
  /** Of TCP, and of TLS. Milliseconds. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** The certificate that somebody presents. */
export interface CertificateFacts extends PresentedCertificate {
  readonly isSelfSigned: boolean
  readonly notBefore: Date
  readonly notAfter: Date
}

/** What TLS told. */
export interface TlsFacts {
  readonly protocol: string
  readonly certificate: CertificateFacts | undefined
}

/** Opens TCP and lets go again; gives the address that answered: the agent’s, or that of the proxy. Throws as `dial` does. */
export async function examineTcp(options: ExamineOptions): Promise<string> {
  const socket = await openTcp(options)
  const address = socket.remoteAddress ?? options.host
  socket.destroy()
  return address
}

/** Opens TLS and lets go again, whatever the certificate is. Throws as `dial` does. */
export async function examineTls(options: ExamineOptions): Promise<TlsFacts> {
  const raw = await openTcp(options)
  const { host, serverName = host, certificate, timeoutMs, signal } = options
  const socket = connectTls({ ...tlsConnectOptions({ host, serverName, certificate }), socket: raw })
  try {
    return await awaitSocket({
      socket,
      event: 'secureConnect',
      succeed: () => {
        const presented = socket.getPeerX509Certificate()
        return { protocol: socket.getProtocol() ?? '', certificate: presented && factsOf(presented) }
      },
      timeoutMs,
      timedOut: () => readTimedOut('read', { phase: 'tls' }),
      failed: handshakeFailed,
      signal,
    })
  } finally {
    socket.destroy()
    raw.destroy()
  }
}

const heardBytes = 200

/** The first line of what somebody says who does not speak TLS: unasked, or to a line of HTTP. Never throws; empty where nothing is said. */
export async function overhear(options: ExamineOptions): Promise<string> {
  const socket = await openTcp(options).catch(() => undefined)
  if (!socket) return ''
  let heard = ''
  const isHeard = new Promise<void>(resolve => {
    socket.on('error', () => resolve()).once('close', () => resolve())
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      if (heard.includes('\n') || heard.length > heardBytes) resolve()
    })
  })
  // That of a proxy comes paused.
  socket.resume().write('GET / HTTP/1.0\r\n\r\n')
  let timer: ReturnType<typeof setTimeout> | undefined
  const isLate = new Promise<void>(resolve => {
    timer = setTimeout(resolve, options.timeoutMs)
  })
  await Promise.race([isHeard, isLate])
  clearTimeout(timer)
  socket.destroy()
  const [line = ''] = heard.slice(0, heardBytes).split('\n')
  return line.replaceAll(/[^\x20-\x7e]+/g, ' ').trim()
}

async function openTcp(options: ExamineOptions): Promise<Socket> {
  const { host, port, proxy, destinations, timeoutMs, signal } = options
  const timedOut = (): HalibutError => connectTimedOut('the timeout ', timeoutMs)
  checkDestination(options)
  if (proxy) {
    const target = { host: withoutBrackets(host), port }
    const lookup = destinations?.lookupFor(proxy.port)
    const times = { connectTimeoutMs: timeoutMs, connectTimedOut: timedOut, responseTimeoutMs: timeoutMs }
    return openTunnel({ proxy, target, lookup, ...times, signal })
  }
  const socket = connectTcp(tcpOptions(options, timeoutMs, destinations?.lookupFor(port)))
  return awaitSocket({
    socket,
    event: 'connect',
    succeed: () => socket,
    timeoutMs,
    timedOut,
    failed: error => connectFailed(error, timeoutMs),
    signal,
  })
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    ...thumbprintsOf(certificate.raw),
    ...namesOf(certificate),
    isSelfSigned: certificate.verify(certificate.publicKey),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  }
}
