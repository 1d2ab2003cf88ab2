import { connect as connectTcp, isIP, type LookupFunction } from 'node:net'
import { connect as connectTls, rootCertificates } from 'node:tls'
import { tcpOptions } from './tcp-options.ts'

/** Where bytes are to be delivered. */
export interface DeliverOptions {
  readonly host: string
  readonly port: number
  readonly lookup: LookupFunction
  /** With it TLS is spoken, with whoever can show a certificate for `host`. `authorities`: PEM, beside those that everybody believes. */
  readonly tls?: { readonly authorities?: readonly string[] | undefined } | undefined
  readonly signal: AbortSignal
}

/** Whom to believe: the authorities that everybody does, and others (PEM). `undefined`: only the former. */
export function believedAuthorities(others: readonly string[] | undefined): string[] | undefined {
  return others && [...rootCertificates, ...others]
}

/** So long the other side is waited for to close after the last byte: it may have something against it. */
const lingerMs = 500

/** Opens a connection, writes bytes, and ends it. Resolves when they have left, and the other side had nothing against it. */
export function deliver(content: Uint8Array, { host, port, lookup, tls, signal }: DeliverOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const tcp = tcpOptions({ host, port }, 0, lookup)
    const socket = tls
      ? connectTls({
          ...tcp,
          ...(isIP(host) === 0 && { servername: host }),
          ca: believedAuthorities(tls.authorities),
        })
      : connectTcp(tcp)
    let linger: NodeJS.Timeout | undefined
    let hasLeft = false
    const abort = (): void => void socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('it took too long'))
    signal.addEventListener('abort', abort)
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.end(content, () => {
        hasLeft = true
        linger = setTimeout(() => socket.destroy(), lingerMs)
      })
    })
    // Whatever it says is read, so that its end is seen.
    socket.resume()
    socket.once('error', reject)
    socket.once('close', hadError => {
      clearTimeout(linger)
      signal.removeEventListener('abort', abort)
      if (hasLeft && !hadError) resolve()
      else reject(new Error('the connection broke off'))
    })
  })
}
