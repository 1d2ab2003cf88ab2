import { HalibutError } from '../base/errors.ts'
import { Fifo, type Linked } from '../base/fifo.ts'
import { networkOf, type Openings } from '../base/openings.ts'
import { timerMs } from '../base/timer.ts'
import { timedOut, toHalibutError } from './errno.ts'
import { HandshakePace, type UnderWay } from './handshake-pace.ts'

/** How many accepted connections may wait, and how long those may that say nothing. */
export interface HandshakeLineLimits {
  readonly maxWaitingConnections: number
  readonly maxWaitingConnectionsPerAddress: number
  /** For the first byte, where it is waited for; then once more from the beginning of the handshake to its end. 0 or less: no limit. */
  readonly acceptTimeoutMs: number
  /** Where the line is half full, the first byte has only so long. */
  readonly unidentifiedGraceMs: number
}

/** A connection that waits. */
export interface Waiting {
  /** `host:port` */
  readonly endPoint: string
  /** Listens for its first byte, of which the line is to be told. */
  listen(): void
  /** Its turn: it has a place among the openings, and reads what has come. */
  begin(place: Place): void
  /** Its time is over, or it gives way. It leaves the line and the openings itself. */
  drop(why: HalibutError): void
}

/** How long beginnings may go on in one turn of the event loop: one RSA handshake, several with elliptic curves. */
const beginMs = 1
/** Where none may begin, the pace is asked again after so long. */
const heldMs = 1
/**
 * Turns in a row that leave the time to accepting. Node accepts one connection a turn, and where many come at once what the system keeps for us
 * overflows: whoever is lost there tries again after seconds. Accepting so many takes about as long as one handshake.
 */
const acceptTurns = 8
/** Of those whose turn it is, every so many-th comes from an address that is not known, if one waits. */
const strangersTurn = 8
/** After one that is likely to be in vain the line rests from their like for so many times as long: with what it costs later they have a tenth of the time. */
const restAfterWaste = 15
/** Silent connections that are looked at to find one that gives way. */
const silentLooks = 16

/** One address, as long as something of it waits. */
class Lane implements Linked<Lane> {
  before: Lane | undefined
  after: Lane | undefined
  list: Fifo<Lane> | undefined
  readonly network: string
  /** Those that may have said something, the oldest first. */
  readonly ready = new Fifo<Place>()
  count = 0

  constructor(network: string) {
    this.network = network
  }
}

/** One that waits, or whose handshake is under way: all that it costs, beside its socket. */
class Place implements UnderWay<Place> {
  before: Place | undefined
  after: Place | undefined
  list: Fifo<Place> | undefined
  readonly lane: Lane
  readonly owner: Waiting
  /** Since when its first byte is waited for. */
  silentSinceMs = 0
  begunMs = 0
  /** Its first byte is here. */
  isHeard = false

  constructor(lane: Lane, owner: Waiting) {
    this.lane = lane
    this.owner = owner
  }
}

export type { Place }

/**
 * The accepted connections, on all ports, whose TLS handshake has not begun. TCP is accepted at once; then a connection waits
 * until it is its turn: addresses take turns, those that are known before others, each with its oldest connection first, as long as there is
 * room among the {@link Openings}. An address from which most was in vain lately has its turn whenever all of them together have had no more than a tenth
 * of the time. Where most of that is taken, a connection whose turn it is waits on until its first byte has come: whoever
 * says nothing holds nobody up. Nobody listens for that byte before: TLS keeps 10 KiB more for each connection whose first bytes are handed to it.
 *
 * The pace is that of the event loop: in each of its turns handshakes are begun for a millisecond, as long as the {@link HandshakePace} allows.
 * Where others have much to do turns are long and fewer are begun; where a peer is far away many are under way. What is accepted is a fleet; what finds no place in the line, a flood.
 */
export class HandshakeLine {
  readonly openings: Openings
  readonly #limits: HandshakeLineLimits
  readonly #lanes = new Map<string, Lane>()
  /** Those that have said nothing, the oldest first. */
  readonly #silent = new Fifo<Place>()
  /** Addresses of which something is ready. */
  readonly #known = new Fifo<Lane>()
  readonly #strangers = new Fifo<Lane>()
  /** From whom most was in vain lately. */
  readonly #wasteful = new Fifo<Lane>()
  /** So long none of theirs begins. */
  #restUntilMs = 0
  /** When the handshake began that began last, if it is one of theirs. */
  #wastefulSinceMs: number | undefined
  /** The same, but all their places among the openings are taken. */
  readonly #full = new Fifo<Lane>()
  #size = 0
  #silence: NodeJS.Timeout | undefined
  #retry: NodeJS.Timeout | undefined
  #retryAtMs = 0
  readonly #pace = new HandshakePace<Place>()
  /** While it runs, the pace allows no other handshake; until one is through. */
  #held: NodeJS.Timeout | undefined
  #isTurnAhead = false
  #askedMs = 0
  #turnBeganMs = 0
  #begun = 0
  #hasAccepted = false
  #acceptTurns = 0

  constructor(limits: HandshakeLineLimits, openings: Openings) {
    this.#limits = limits
    this.openings = openings
    openings.onLeft = network => this.#onLeft(network)
  }

  get acceptTimeoutMs(): number {
    return this.#limits.acceptTimeoutMs
  }

  /** How many wait. */
  get size(): number {
    return this.#size
  }

  /**
   * One more was accepted.
   * @throws {HalibutError} `connection_limit`: there is no room for it.
   */
  enter(owner: Waiting): Place {
    const network = networkOf(owner.endPoint)
    this.#makeRoom(network)
    let lane = this.#lanes.get(network)
    if (!lane) {
      lane = new Lane(network)
      this.#lanes.set(network, lane)
    }
    const place = new Place(lane, owner)
    lane.count++
    this.#size++
    this.#hasAccepted = true
    this.#stand(place)
    return place
  }

  /** Its first bytes are here. */
  speak(place: Place): void {
    place.isHeard = true
    if (place.list !== this.#silent) return
    this.#stand(place)
    this.#endWatch()
  }

  /** It waits for its turn. */
  #stand(place: Place): void {
    const { lane } = place
    lane.ready.push(place)
    if (!lane.list) this.#queue(lane)
    this.#continue()
  }

  /** It waits for its first byte. */
  #listenTo(place: Place): void {
    place.silentSinceMs = performance.now()
    this.#silent.push(place)
    this.#watchSilence()
    place.owner.listen()
  }

  /** It begins, or is gone. Idempotent. */
  leave(place: Place): void {
    const { lane, list } = place
    if (list !== lane.ready && list !== this.#silent) return
    list.remove(place)
    this.#size--
    lane.count--
    if (!lane.ready.first) lane.list?.remove(lane)
    if (lane.count === 0) this.#lanes.delete(lane.network)
    this.#endWatch()
    if (!this.#isReady && !this.#full.first) {
      clearTimeout(this.#retry)
      this.#retry = undefined
    }
  }

  /** The handshake is through that it had begun, or it is gone. Idempotent. */
  ended(place: Place): void {
    this.#pace.ended(place)
  }

  #makeRoom(network: string): void {
    const { maxWaitingConnections: max, maxWaitingConnectionsPerAddress: perAddress } = this.#limits
    const near = this.#lanes.get(network)?.count ?? 0
    if (2 * this.#size >= max || 2 * near >= perAddress) this.#endSilence(this.#limits.unidentifiedGraceMs)
    const left = this.#lanes.get(network)?.count ?? 0
    if (left >= perAddress) throw tooMany(`${left} connections from ${network} wait for their handshake (maxWaitingConnectionsPerAddress)`)
    if (this.#size >= max && this.openings.knows(network)) this.#endStranger()
    if (this.#size >= max) throw tooMany(`${this.#size} connections wait for their handshake (maxWaitingConnections)`)
  }

  /** A full line is a flood: of those from addresses that are not known one gives way, the one whose turn would come last. */
  #endStranger(): void {
    const lane = [this.#wasteful.last, this.#strangers.last, this.#full.last].find(each => each && !this.openings.knows(each.network))
    const place = lane?.ready.last ?? this.#silentStranger()
    if (!place) return
    this.leave(place)
    place.owner.drop(tooMany('a known address needs its place in the line of those that wait for their handshake (maxWaitingConnections)'))
  }

  /** The one that has said nothing for longest. Known addresses seldom are silent: a few are looked at, and not a line of thousands. */
  #silentStranger(): Place | undefined {
    let place = this.#silent.first
    for (let i = 0; place && i < silentLooks; i++, place = place.after) if (!this.openings.knows(place.lane.network)) return place
    return undefined
  }

  /** Drops those that have said nothing for so long. */
  #endSilence(ms: number): void {
    const now = performance.now()
    for (let place = this.#silent.first; place && now - place.silentSinceMs >= ms; place = this.#silent.first) {
      this.leave(place)
      place.owner.drop(timedOut('read', { phase: 'tls' }))
    }
  }

  /** One timer for all: the one that has been silent for longest is the first whose time is over. */
  #watchSilence(): void {
    const { acceptTimeoutMs } = this.#limits
    const { first } = this.#silent
    if (this.#silence || !first || acceptTimeoutMs <= 0) return
    const leftMs = Math.max(1, Math.ceil(first.silentSinceMs + acceptTimeoutMs - performance.now()))
    this.#silence = setTimeout(() => {
      this.#silence = undefined
      this.#endSilence(acceptTimeoutMs)
      this.#watchSilence()
    }, timerMs(leftMs))
  }

  #endWatch(): void {
    if (this.#silent.first) return
    clearTimeout(this.#silence)
    this.#silence = undefined
  }

  get #isReady(): boolean {
    return [this.#known, this.#strangers, this.#wasteful].some(({ first }) => first !== undefined)
  }

  #queue(lane: Lane): void {
    const { network } = lane
    if (this.openings.wastes(network)) this.#wasteful.push(lane)
    else if (this.openings.knows(network)) this.#known.push(lane)
    else this.#strangers.push(lane)
  }

  #onLeft(network: string): void {
    const lane = this.#lanes.get(network)
    if (lane && lane.list === this.#full) this.#queue(lane)
    this.#continue()
  }

  #continue(): void {
    if (this.#isTurnAhead || !this.#isReady) return
    this.#isTurnAhead = true
    this.#askedMs = performance.now()
    setImmediate(this.#takeTurn)
  }

  readonly #takeTurn = (): void => {
    this.#isTurnAhead = false
    const now = performance.now()
    this.#pace.turn(now, now - this.#askedMs)
    if (this.#hasAccepted && this.#acceptTurns < acceptTurns) {
      this.#hasAccepted = false
      this.#acceptTurns++
      this.#continue()
      return
    }
    this.#hasAccepted = false
    this.#acceptTurns = 0
    this.#turnBeganMs = now
    this.#beginNext()
  }

  readonly #beginNext = (): void => {
    while (this.#listenToNext()) {
      if (performance.now() - this.#turnBeganMs < beginMs) continue
      this.#continue()
      return
    }
    if (!this.#isReady) return
    const now = performance.now()
    if (!this.#pace.allows(now)) {
      this.#held ??= setTimeout(this.#release, heldMs)
      return
    }
    const next = this.#next()
    if (!next) {
      // Else they wait for room, of which the line is told.
      const restMs = this.#restUntilMs - now
      if (this.#wasteful.first && restMs > 0) this.#held ??= setTimeout(this.#release, Math.max(heldMs, restMs))
      return
    }
    this.#wastefulSinceMs = this.openings.wastes(next.lane.network) ? now : undefined
    this.leave(next)
    this.#pace.began(next, now)
    this.#begin(next)
    // TLS takes what has come in the next tick: what that costs is known after it.
    process.nextTick(this.#goOn)
  }

  /** Has whoever is next wait on, where it has to be heard; costs no handshake, so the pace is not asked. */
  #listenToNext(): boolean {
    const lane = this.#nextLane
    const first = lane?.ready.first
    if (!lane || !first || !this.#mustBeHeard(first)) return false
    this.#listenTo(first)
    if (!lane.ready.first) lane.list?.remove(lane)
    return true
  }

  get #nextLane(): Lane | undefined {
    const { first: wasteful } = this.#wasteful
    if (wasteful && performance.now() >= this.#restUntilMs) return wasteful
    const strangersFirst = this.#begun % strangersTurn === strangersTurn - 1
    return (strangersFirst && this.#strangers.first) || this.#known.first || this.#strangers.first
  }

  #mustBeHeard({ isHeard, lane }: Place): boolean {
    return !isHeard && !this.openings.isRoomy(lane.network)
  }

  #begin(place: Place): void {
    const { owner } = place
    try {
      this.openings.enter(owner, owner.endPoint, why => owner.drop(why))
    } catch (why) {
      // Where the limits leave no place to anybody.
      this.#pace.ended(place)
      owner.drop(toHalibutError(why, 'handshake'))
      return
    }
    owner.begin(place)
  }

  readonly #release = (): void => {
    this.#held = undefined
    this.#continue()
  }

  readonly #goOn = (): void => {
    const now = performance.now()
    if (this.#wastefulSinceMs !== undefined) this.#restUntilMs = now + restAfterWaste * (now - this.#wastefulSinceMs)
    if (now - this.#turnBeganMs < beginMs) this.#beginNext()
    else this.#continue()
  }

  /** The one whose turn it is, if there is room for it. */
  #next(): Place | undefined {
    const fullForMs = this.openings.fullForMs
    if (fullForMs > 0) {
      this.#tryAgainIn(fullForMs)
      return undefined
    }
    for (;;) {
      const lane = this.#nextLane
      if (!lane) return undefined
      lane.list?.remove(lane)
      const lacksRoomMs = this.openings.networkFullForMs(lane.network)
      if (lacksRoomMs > 0) {
        this.#full.push(lane)
        this.#tryAgainIn(lacksRoomMs)
        continue
      }
      const { first } = lane.ready
      if (first && this.#mustBeHeard(first)) {
        this.#listenTo(first)
        if (lane.ready.first) this.#queue(lane)
        this.#continue()
        return undefined
      }
      // Behind all others, with what it has left.
      if (first?.after) this.#queue(lane)
      this.#begun++
      return first
    }
  }

  /** When the one that has been among the openings for longest has to give way. */
  #tryAgainIn(ms: number): void {
    const atMs = performance.now() + ms
    if (this.#retry && this.#retryAtMs < atMs + 1) return
    clearTimeout(this.#retry)
    this.#retryAtMs = atMs
    this.#retry = setTimeout(
      () => {
        this.#retry = undefined
        for (let lane = this.#full.shift(); lane; lane = this.#full.shift()) this.#queue(lane)
        this.#continue()
      },
      timerMs(Math.ceil(ms)),
    )
  }
}

function tooMany(message: string): HalibutError {
  return new HalibutError('connection_limit', message, { phase: 'tls' })
}
