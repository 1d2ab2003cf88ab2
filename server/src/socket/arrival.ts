import type { Socket } from 'node:net'
import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import { formatEndPoint, lostInHandshake, timedOut, toHalibutError } from './errno.ts'
import type { HandshakeLine, Place, Waiting } from './handshake-line.ts'

/**
 * What may come before a handshake has begun: one TLS record. A caller has no more than one to send (it has to wait for the answer), and who
 * sends more wants our memory.
 */
export const maxFirstBytes = 5 + 16 * 1024 + 256

/** What an arrival asks of the port that it came to. */
export interface ArrivalPort {
  readonly line: HandshakeLine
  /** All that are there. */
  readonly arrivals: Set<Arrival>
  /** Hands the TCP connection to TLS. */
  readonly beginTls: (arrival: Arrival) => void
  /** It is gone, or has been dropped, before TLS was through. */
  readonly onRejected: (arrival: Arrival, error: HalibutError) => void
}

/**
 * ```text
 *   waiting ──▶ handshaking ──▶ over (through TLS: the socket is its channel’s)
 *      └──────────────┴───────▶ over (dropped, or gone)
 * ```
 */
type State =
  | { readonly at: 'waiting'; readonly place: Place }
  | { readonly at: 'handshaking'; readonly place: Place; readonly timer: NodeJS.Timeout | undefined }
  | { readonly at: 'over' }

const over: State = { at: 'over' }

/** The arrival of a TCP connection: so that the listeners can be the same for all, where thousands wait. */
const arrivalOf = Symbol('arrival')
type ArrivedSocket = Socket & { [arrivalOf]?: Arrival | undefined }

/** An accepted connection, from TCP until it is through TLS. */
export class Arrival implements Waiting {
  readonly raw: Socket
  /** `host:port` of the other side. */
  readonly endPoint: string
  /** Those of the connection, which no other one of its port has. */
  readonly ends: string
  /** What TLS found wrong. */
  error: HalibutError | undefined
  readonly #port: ArrivalPort
  #state: State = over
  /** What had come when it was listened to last. */
  #heardBytes = 0

  constructor(raw: Socket, port: ArrivalPort) {
    this.raw = raw
    this.#port = port
    this.endPoint = remoteEndPoint(raw)
    this.ends = endsOf(raw)
    // The TLS socket tells the same error; without a listener here a late reset would end the process.
    raw.on('error', ignore)
    try {
      this.#state = { at: 'waiting', place: port.line.enter(this) }
    } catch (why) {
      raw.resetAndDestroy()
      port.onRejected(this, toHalibutError(why, 'handshake'))
      return
    }
    port.arrivals.add(this)
    const arrived: ArrivedSocket = raw
    arrived[arrivalOf] = this
    arrived.on('close', onClose)
  }

  listen(): void {
    this.raw.on('readable', onReadable)
  }

  begin(place: Place): void {
    const { acceptTimeoutMs } = this.#port.line
    const timer = acceptTimeoutMs > 0 ? setTimeout(expire, timerMs(acceptTimeoutMs), this) : undefined
    this.#state = { at: 'handshaking', place, timer }
    // One that has gone in this turn of the event loop tells so a little later, and TLS makes something of a dead socket.
    if (!this.raw.destroyed) this.#port.beginTls(this)
  }

  drop(why: HalibutError): void {
    this.error = why
    this.raw.resetAndDestroy()
  }

  /** It is through TLS. */
  settle(): void {
    this.#end()
  }

  /** @internal What the TCP socket tells while it waits. */
  spoke(): void {
    if (this.#state.at !== 'waiting') return
    const { readableLength } = this.raw
    if (readableLength > maxFirstBytes) {
      this.drop(new HalibutError('connection_limit', `${readableLength} bytes came before the handshake had begun`, { phase: 'tls' }))
    } else if (readableLength > this.#heardBytes) {
      this.#heardBytes = readableLength
      this.#port.line.speak(this.#state.place)
    } else {
      // No byte more: that was its end, which would be told only behind what nobody reads yet.
      this.raw.destroy()
    }
  }

  /** @internal The TCP connection is gone. */
  gone(): void {
    if (this.#state.at === 'handshaking') this.#port.line.openings.waste(this.endPoint)
    this.#end()
    this.#port.onRejected(this, this.error ?? lostInHandshake())
  }

  #end(): void {
    const state = this.#state
    this.#state = over
    const { line, arrivals } = this.#port
    arrivals.delete(this)
    // The listeners stay, since to take one away costs Node more memory than to keep it.
    const arrived: ArrivedSocket = this.raw
    arrived[arrivalOf] = undefined
    if (state.at === 'waiting') line.leave(state.place)
    else if (state.at === 'handshaking') {
      clearTimeout(state.timer)
      line.ended(state.place)
      line.openings.leave(this)
    }
  }
}

function onReadable(this: ArrivedSocket): void {
  this[arrivalOf]?.spoke()
}

function onClose(this: ArrivedSocket): void {
  this[arrivalOf]?.gone()
}

function expire(arrival: Arrival): void {
  arrival.drop(timedOut('read', { phase: 'tls' }))
}

/** Both ends of a connection. A caller may use one port of its own for several addresses of ours. */
export function endsOf(socket: Socket): string {
  return `${remoteEndPoint(socket)} ${socket.localAddress ?? ''}`
}

function remoteEndPoint(socket: Socket): string {
  return formatEndPoint(socket.remoteAddress ?? '', socket.remotePort ?? 0)
}

function ignore(): void {}
