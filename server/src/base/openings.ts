import { HalibutError } from './errors.ts'
import { KnownNetworks } from './known-networks.ts'
import { WastedHandshakes } from './wasted-handshakes.ts'

/** How many connections may be on their way to saying who they are. */
export interface OpeningLimits {
  readonly maxUnidentifiedConnections: number
  readonly maxUnidentifiedConnectionsPerAddress: number
  /** So long none is ended for the sake of another. */
  readonly unidentifiedGraceMs: number
  /** Addresses to be remembered from which somebody came who is trusted. */
  readonly maxKnownAddresses: number
}

interface Opening {
  readonly network: string
  readonly since: number
  readonly giveWay: (why: HalibutError) => void
}

/**
 * The accepted connections of which nobody knows whose they are, on all ports: from the beginning of their TLS handshake on until the
 * certificate that they present is one of those trusted. There is room for so many, and for fewer from one address. Where there is none,
 * the one that has been there longest gives way to the newcomer, if it has had its time; else there is no room for the newcomer.
 */
export class Openings {
  readonly #limits: OpeningLimits
  /** In the order in which they came, as the sets are. */
  readonly #all = new Map<object, Opening>()
  readonly #byNetwork = new Map<string, Set<object>>()
  readonly #known: KnownNetworks
  readonly #wasted: WastedHandshakes
  /** Called with the network of each that is known, or gone: there may be room again. */
  onLeft: ((network: string) => void) | undefined

  constructor(limits: OpeningLimits) {
    this.#limits = limits
    this.#known = new KnownNetworks(limits.maxKnownAddresses)
    this.#wasted = new WastedHandshakes(limits.maxKnownAddresses)
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

  /** In how many milliseconds there is room for one more of anybody; 0: now. It may be there sooner. */
  get fullForMs(): number {
    return this.#all.size < this.#limits.maxUnidentifiedConnections ? 0 : this.#graceLeftMs(this.#all)
  }

  /** The same for one more from this network, as far as its own places go. */
  networkFullForMs(network: string): number {
    const near = this.#byNetwork.get(network)
    return near && near.size >= this.#limits.maxUnidentifiedConnectionsPerAddress ? this.#graceLeftMs(near) : 0
  }

  /** Nearly all places are free, those of this network too. */
  isRoomy(network: string): boolean {
    const { maxUnidentifiedConnections: max, maxUnidentifiedConnectionsPerAddress: perAddress } = this.#limits
    return this.#all.size < Math.floor(max / 8) && (this.#byNetwork.get(network)?.size ?? 0) < Math.floor(perAddress / 25)
  }

  /** A connection from this end point is one of somebody whom we trust. */
  recognise(endPoint: string): void {
    const network = networkOf(endPoint)
    this.#wasted.rewarded(this.#knownOrNone(network))
    this.#known.add(network)
  }

  /** The handshake of a connection from this end point has led to nobody whom we trust, or to nothing. */
  waste(endPoint: string): void {
    this.#wasted.wasted(this.#knownOrNone(networkOf(endPoint)))
  }

  /** Whether most of what came from this network lately was in vain; of those that are not known, from all of them. */
  wastes(network: string): boolean {
    return this.#wasted.prevail(this.#knownOrNone(network))
  }

  /** Whether somebody came from this network lately whom we trust. */
  knows(network: string): boolean {
    return this.#known.has(network)
  }

  /** It is known, or gone. Idempotent. */
  leave(connection: object): void {
    const opening = this.#all.get(connection)
    if (!opening) return
    this.#all.delete(connection)
    const near = this.#byNetwork.get(opening.network)
    near?.delete(connection)
    if (near?.size === 0) this.#byNetwork.delete(opening.network)
    this.onLeft?.(opening.network)
  }

  /** Anybody can come from any number of networks: those that are not known are one. */
  #knownOrNone(network: string): string {
    return this.#known.has(network) ? network : ''
  }

  #graceLeftMs(among: Set<object> | Map<object, Opening>): number {
    const [longest] = among.keys()
    const opening = longest && this.#all.get(longest)
    return opening ? Math.max(0, opening.since + this.#limits.unidentifiedGraceMs - performance.now()) : 0
  }

  #makeRoom(among: Set<object> | Map<object, Opening>, message: string): void {
    const why = new HalibutError('connection_limit', message, { phase: 'identify' })
    const [longest] = among.keys()
    const opening = longest && this.#all.get(longest)
    if (!opening || this.#graceLeftMs(among) > 0) throw why
    this.leave(longest)
    opening.giveWay(why)
  }
}

/** The address of an end point, without brackets and zone; one of IPv4 as such, also in the form of IPv6. */
export function hostOf(endPoint: string): string {
  const address = endPoint.slice(0, endPoint.lastIndexOf(':')).replace(/^\[|\]$|%.*$/g, '')
  return /^::ffff:([\d.]+)$/i.exec(address)?.[1] ?? address
}

/** The address of an end point; of IPv6 the network of 64 bits, since who has one has all of it. */
export function networkOf(endPoint: string): string {
  const address = hostOf(endPoint)
  if (!address.includes(':')) return address
  const [before = '', after] = address.split('::')
  const left = before.split(':').filter(group => group !== '')
  const right = after?.split(':').filter(group => group !== '') ?? []
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`
}
