import { HalibutError } from './errors.ts'

/** How many connections may be on their way to saying who they are. */
export interface OpeningLimits {
  readonly maxUnidentifiedConnections: number
  readonly maxUnidentifiedConnectionsPerAddress: number
  /** So long none is ended for the sake of another. */
  readonly unidentifiedGraceMs: number
}

interface Opening {
  readonly network: string
  readonly since: number
  readonly giveWay: (why: HalibutError) => void
}

/**
 * The accepted connections of which nobody knows whose they are, on all ports: from TCP on until the certificate that they present is
 * one of those trusted. There is room for so many, and for fewer from one address. Where there is none, the one that has been there
 * longest gives way to the newcomer, if it has had its time; else the newcomer is turned away.
 */
export class Openings {
  readonly #limits: OpeningLimits
  /** In the order in which they came, as the sets are. */
  readonly #all = new Map<object, Opening>()
  readonly #byNetwork = new Map<string, Set<object>>()

  constructor(limits: OpeningLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#all.size
  }

  /**
   * Lets one more in, from this end point (`host:port`). `giveWay` ends it.
   * @throws {HalibutError} `connection_limit`: there is no room.
   */
  enter(connection: object, endPoint: string, giveWay: (why: HalibutError) => void): void {
    const { maxUnidentifiedConnections, maxUnidentifiedConnectionsPerAddress } = this.#limits
    const network = networkOf(endPoint)
    const near = this.#byNetwork.get(network)
    if (near && near.size >= maxUnidentifiedConnectionsPerAddress) {
      this.#makeRoom(near, `${near.size} connections from ${network} have not said who they are (maxUnidentifiedConnectionsPerAddress)`)
    }
    if (this.#all.size >= maxUnidentifiedConnections) {
      this.#makeRoom(this.#all, `${this.#all.size} connections have not said who they are (maxUnidentifiedConnections)`)
    }
    this.#all.set(connection, { network, since: performance.now(), giveWay })
    const there = this.#byNetwork.get(network)
    if (there) there.add(connection)
    else this.#byNetwork.set(network, new Set([connection]))
  }

  /** It is known, or gone. Idempotent. */
  leave(connection: object): void {
    const opening = this.#all.get(connection)
    if (!opening) return
    this.#all.delete(connection)
    const near = this.#byNetwork.get(opening.network)
    near?.delete(connection)
    if (near?.size === 0) this.#byNetwork.delete(opening.network)
  }

  #makeRoom(among: Set<object> | Map<object, Opening>, message: string): void {
    const why = new HalibutError('connection_limit', message, { phase: 'identify' })
    const [longest] = among.keys()
    const opening = longest && this.#all.get(longest)
    if (!opening || performance.now() - opening.since < this.#limits.unidentifiedGraceMs) throw why
    this.leave(longest)
    opening.giveWay(why)
  }
}

/** The address of an end point; of IPv6 the network of 64 bits, since who has one has all of it. */
export function networkOf(endPoint: string): string {
  const address = endPoint.slice(0, endPoint.lastIndexOf(':')).replace(/^\[|\]$|%.*$/g, '')
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)
  if (mapped) return mapped[1] as string
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('::')
  const left = before.split(':').filter(group => group !== '')
  const right = after?.split(':').filter(group => group !== '') ?? []
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
