import { hash } from 'node:crypto'
import { gatewayLimits } from '../base/limits.ts'
import { hostOf, networkOf } from '../base/openings.ts'
import { steadyTime } from '../base/steady-time.ts'
import { timerMs } from '../base/timer.ts'
import type { DeniedEvent } from '../runtime/events.ts'
import type { Refusal } from './refusal.ts'

/** How much is kept of those who knock. */
export interface PendingLimits {
  /** How many of them. */
  readonly pendingAgents: number
  /** Addresses of each. */
  readonly pendingAddresses: number
  /** How long one is kept that does not knock again. Milliseconds. */
  readonly pendingAgentMs: number
  /** How long one waits that a person has put off. Milliseconds. */
  readonly pendingLaterMs: number
}

/** Where somebody knocked from, without the port. */
export interface KnockAddress {
  readonly address: string
  readonly count: number
  readonly lastSeenMs: number
}

/** Somebody who knocks at the agents’ port and is turned away, until a person decides. What it says of itself is unverified, but for the thumbprints. */
export interface PendingAgent {
  /** Of the certificate and the subscription together; the same after a restart. */
  readonly id: string
  /** Changes with everything that a decision may depend on: who it is, from where it came, and what we think of it. */
  readonly version: string
  readonly knock: DeniedEvent
  readonly refusal: Refusal
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  readonly count: number
  /** The last ones. */
  readonly addresses: readonly KnockAddress[]
  /** A person wants to be asked again from then on. */
  readonly laterUntilMs: number | undefined
}

interface Entry {
  readonly id: string
  /** Whose share of the room it takes: where it came from first. */
  readonly network: string
  knock: DeniedEvent
  refusal: Refusal
  readonly firstSeenMs: number
  lastSeenMs: number
  count: number
  /** By address, the one heard of last stands last. */
  readonly addresses: Map<string, { count: number; lastSeenMs: number }>
  laterUntilMs: number | undefined
}

/**
 * Who knocks and is turned away, by certificate and subscription. There is room for so many. Where there is none, one gives way of the network
 * that has most of them: the one that knocked least often, of these the one that was heard of least lately. So a flood takes the room of its own
 * addresses, and an agent that keeps knocking outlasts those that come once. One that is not heard of any more expires.
 */
export class PendingAgents {
  readonly #limits: PendingLimits
  readonly #now: () => number
  /** The one heard of last stands last. */
  readonly #entries = new Map<string, Entry>()
  readonly #perNetwork = new Map<string, number>()
  readonly #listeners = new Set<(id: string) => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Called with one that is gone since it was not heard of any more. */
  onExpired: ((gone: PendingAgent) => void) | undefined

  constructor(limits: PendingLimits = gatewayLimits, now: () => number = steadyTime) {
    this.#limits = limits
    this.#now = now
  }

  get size(): number {
    return this.#entries.size
  }

  /** Those that wait, the one heard of last at the end. */
  list(): PendingAgent[] {
    return [...this.#entries.values()].map(entry => this.#view(entry))
  }

  get(id: string): PendingAgent | undefined {
    const entry = this.#entries.get(id)
    return entry && this.#view(entry)
  }

  ids(): string[] {
    return [...this.#entries.keys()]
  }

  /** Somebody has knocked. Gives what is known of it now. */
  note(knock: DeniedEvent, refusal: Refusal): PendingAgent {
    const id = idOf(knock)
    const now = this.#now()
    const entry = this.#entries.get(id) ?? this.#enter(id, knock, refusal, now)
    Object.assign(entry, { knock, refusal, lastSeenMs: now, count: entry.count + 1 })
    this.#noteAddress(entry, hostOf(knock.remoteAddress), now)
    // Set anew, it stands last.
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    this.#arm()
    this.#tell(id)
    return this.#view(entry)
  }

  /** A person wants to be asked later. Gives what is known of it then; `undefined`: it is not there. */
  later(id: string, forMs: number = this.#limits.pendingLaterMs): PendingAgent | undefined {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    entry.laterUntilMs = this.#now() + forMs
    this.#tell(id)
    return this.#view(entry)
  }

  /** Forgets one. It is back when it knocks again. */
  remove(id: string): boolean {
    const entry = this.#entries.get(id)
    if (!entry) return false
    this.#entries.delete(id)
    const left = (this.#perNetwork.get(entry.network) ?? 1) - 1
    if (left > 0) this.#perNetwork.set(entry.network, left)
    else this.#perNetwork.delete(entry.network)
    this.#arm()
    this.#tell(id)
    return true
  }

  /** Calls `listener` with the id of each that came, changed or is gone; gives a function that ends this. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#entries.clear()
    this.#perNetwork.clear()
  }

  #enter(id: string, knock: DeniedEvent, refusal: Refusal, now: number): Entry {
    if (this.#entries.size >= this.#limits.pendingAgents) this.#makeRoom()
    const network = networkOf(knock.remoteAddress)
    this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1)
    return { id, network, knock, refusal, firstSeenMs: now, lastSeenMs: now, count: 0, addresses: new Map(), laterUntilMs: undefined }
  }

  /** Looks at all of them, which are few. */
  #makeRoom(): void {
    const most = Math.max(...this.#perNetwork.values())
    let least: Entry | undefined
    for (const entry of this.#entries.values()) {
      if (this.#perNetwork.get(entry.network) === most && (!least || entry.count < least.count)) least = entry
    }
    if (least) this.remove(least.id)
  }

  #noteAddress({ addresses }: Entry, address: string, now: number): void {
    const count = (addresses.get(address)?.count ?? 0) + 1
    addresses.delete(address)
    addresses.set(address, { count, lastSeenMs: now })
    const [oldest] = addresses.keys()
    if (addresses.size > this.#limits.pendingAddresses && oldest !== undefined) addresses.delete(oldest)
  }

  #view(entry: Entry): PendingAgent {
    const { id, knock, refusal, firstSeenMs, lastSeenMs, count } = entry
    const addresses = [...entry.addresses].map(([address, seen]) => ({ address, ...seen }))
    const laterUntilMs = entry.laterUntilMs !== undefined && entry.laterUntilMs > this.#now() ? entry.laterUntilMs : undefined
    const version = versionOf(knock, refusal, addresses)
    return { id, version, knock, refusal, firstSeenMs, lastSeenMs, count, addresses, laterUntilMs }
  }

  /** One timer for all: the one that was heard of least lately stands first. */
  #arm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const [first] = this.#entries.values()
    if (!first) return
    this.#timer = setTimeout(() => this.#expire(), timerMs(Math.max(0, first.lastSeenMs + this.#limits.pendingAgentMs - this.#now())))
    this.#timer.unref()
  }

  #expire(): void {
    const before = this.#now() - this.#limits.pendingAgentMs
    for (const entry of [...this.#entries.values()]) {
      if (entry.lastSeenMs > before) break
      const gone = this.#view(entry)
      this.remove(entry.id)
      this.onExpired?.(gone)
    }
    this.#arm()
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id)
  }
}

/** Whoever presents no certificate is known by its address alone. */
function idOf({ thumbprint256, thumbprint, subscription, role, remoteAddress }: DeniedEvent): string {
  const certificate = thumbprint256 ?? thumbprint ?? `none ${hostOf(remoteAddress)}`
  return digest([certificate, subscription ?? role ?? '']).slice(0, 16)
}

function versionOf(
  { thumbprint, thumbprint256, subject, issuer, role, subscription }: DeniedEvent,
  { cause, agent, expected }: Refusal,
  addresses: readonly KnockAddress[],
): string {
  const hosts = addresses.map(({ address }) => address).sort()
  return digest([thumbprint, thumbprint256, subject, issuer, role, subscription, cause, agent, expected, hosts]).slice(0, 12)
}

function digest(facts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(facts), 'hex')
}
