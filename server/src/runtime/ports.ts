import { OptionKinds } from '../base/argument.ts'
import type { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { Openings } from '../base/openings.ts'
import { formatEndPoint } from '../socket/errno.ts'
import { HandshakeLine } from '../socket/handshake-line.ts'
import { type Listener, listen } from '../socket/listen.ts'
import type { Acceptor } from './acceptor.ts'
import { type Certificate, checkCertificate } from './certificates.ts'
import type { LogWriter } from './event-log.ts'
import type { EventHub } from './events.ts'
import type { OwnCertificates } from './own-certificates.ts'

/** A port that accepts connections. */
export interface RuntimeListener {
  readonly host: string
  readonly port: number
  /** Presents another certificate of ours from now on; connections that are there stay. Throws `certificate_invalid`. */
  present(certificate: Certificate): void
  /** Stops accepting; connections that are there stay. */
  close(): Promise<void>
}

/** Where to accept connections. */
export interface ListenOptions {
  /** Default 0: any free one. */
  readonly port?: number | undefined
  /** The address to bind. Default: all of this machine’s. */
  readonly host?: string | undefined
  /** What is presented there. Default: the certificate that the runtime is known by. */
  readonly certificate?: Certificate | undefined
}

const listenOptionKinds = new OptionKinds<ListenOptions>({ port: 'number', host: 'text', certificate: 'any' })

/** What {@link Ports} need. */
export interface PortsOptions {
  readonly limits: Limits
  readonly own: OwnCertificates
  readonly openings: Openings
  readonly acceptor: Acceptor
  readonly events: EventHub
  readonly log: LogWriter
}

/** The ports on which a runtime accepts connections. */
export class Ports {
  readonly #options: PortsOptions
  /** One for all ports. */
  readonly #line: HandshakeLine
  readonly #listeners = new Set<Listener>()
  #closed: HalibutError | undefined

  constructor(options: PortsOptions) {
    this.#options = options
    this.#line = new HandshakeLine(options.limits, options.openings)
  }

  async open(options: ListenOptions): Promise<RuntimeListener> {
    listenOptionKinds.check(options, 'the options of listen()')
    const { host, port = 0 } = options
    const { limits, own, acceptor, events, log } = this.#options
    let { certificate = own.first } = options
    checkCertificate(certificate)
    let name = ''
    const listener = await listen({
      host,
      port,
      certificate,
      keepAliveIdleMs: limits.tcpKeepAliveIdleMs,
      receiveTimeoutMs: limits.tcpClientReceiveTimeoutMs,
      sendTimeoutMs: limits.tcpClientSendTimeoutMs,
      line: this.#line,
      onConnection: channel => {
        if (this.#closed) channel.destroy(this.#closed)
        else void acceptor.accept(channel, name, { own: certificate.thumbprint, port: listener.port })
      },
      onRejected: (remoteAddress, error) => {
        log(name, 'ErrorInInitialisation', `${remoteAddress}: ${error.message}`, error)
        events.emit('connectionRejected', { remoteAddress, error })
      },
    })
    name = `listen://${formatEndPoint(listener.host, listener.port)}`
    if (this.#closed) {
      await listener.close()
      throw this.#closed
    }
    this.#listeners.add(listener)
    log(name, 'ListenerStarted', 'Listener started')
    return {
      host: listener.host,
      port: listener.port,
      present: next => {
        checkCertificate(next)
        listener.present(next)
        certificate = next
      },
      close: async () => {
        if (!this.#listeners.delete(listener)) return
        await listener.close()
        log(name, 'ListenerStopped', 'Listener stopped')
      },
    }
  }

  /** Accepts nothing any more, not on a port that is being opened either. */
  async close(why: HalibutError): Promise<void> {
    this.#closed = why
    const listeners = [...this.#listeners]
    this.#listeners.clear()
    await Promise.all(listeners.map(listener => listener.close()))
  }
}
