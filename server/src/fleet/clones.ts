import { gatewayLimits } from '../base/limits.ts'
import { hostOf } from '../base/openings.ts'
import type { SubscriberEvent } from '../runtime/events.ts'

/** Machines that poll with one certificate as one agent, at the same time. */
export interface Clones {
  readonly subscription: string
  readonly thumbprint: string
  /** Where they are, those that came first at the beginning. */
  readonly addresses: readonly string[]
}

/** The living connections of an agent: from one address, as almost all are, or from several. */
type Polled =
  | { readonly at: 'one-address'; readonly address: string; count: number }
  /** `seen`: which ones. `timer`: until it is certain that the others live too. `undefined`: it is. */
  | {
      readonly at: 'several'
      readonly counts: Map<string, number>
      seen: string
      timer: ReturnType<typeof setTimeout> | undefined
      told: string
    }

/**
 * Notices two machines that poll with one certificate: living connections of one agent from several addresses of one kind (IPv4 or IPv6, since
 * one machine may use both), for longer than a connection can seem to live that does not. Several connections from one address are one machine.
 */
export class CloneWatch {
  readonly #graceMs: number
  readonly #polled = new Map<string, Polled>()
  /** Called when the addresses of an agent with several change for certain; with fewer than two where they are over. */
  readonly #onChange: (clones: Clones) => void

  constructor(onChange: (clones: Clones) => void, graceMs: number = gatewayLimits.cloneGraceMs) {
    this.#onChange = onChange
    this.#graceMs = graceMs
  }

  /** A connection of a polling agent has come. */
  came(event: SubscriberEvent): void {
    const key = keyOf(event)
    const address = hostOf(event.remoteAddress)
    const polled = this.#polled.get(key)
    if (!polled) this.#polled.set(key, { at: 'one-address', address, count: 1 })
    else if (polled.at === 'one-address' && polled.address === address) polled.count++
    else if (polled.at === 'one-address') {
      const counts = new Map([
        [polled.address, polled.count],
        [address, 1],
      ])
      this.#polled.set(key, this.#watch({ at: 'several', counts, seen: '', timer: undefined, told: '' }, event))
    } else {
      polled.counts.set(address, (polled.counts.get(address) ?? 0) + 1)
      this.#watch(polled, event)
    }
  }

  /** One is gone. */
  left(event: SubscriberEvent): void {
    const key = keyOf(event)
    const address = hostOf(event.remoteAddress)
    const polled = this.#polled.get(key)
    if (!polled) return
    if (polled.at === 'one-address') {
      if (--polled.count <= 0) this.#polled.delete(key)
      return
    }
    const left = (polled.counts.get(address) ?? 1) - 1
    if (left > 0) polled.counts.set(address, left)
    else polled.counts.delete(address)
    const [only, ...others] = polled.counts
    if (only && others.length > 0) this.#watch(polled, event)
    else {
      clearTimeout(polled.timer)
      if (only) this.#polled.set(key, { at: 'one-address', address: only[0], count: only[1] })
      else this.#polled.delete(key)
      if (polled.told !== '') this.#onChange({ ...agentOf(event), addresses: [...polled.counts.keys()] })
    }
  }

  /** Those that are certain. */
  list(): Clones[] {
    const found: Clones[] = []
    for (const [key, polled] of this.#polled) {
      if (polled.at !== 'several' || polled.told === '') continue
      const [thumbprint = '', subscription = ''] = key.split(' ')
      found.push({ subscription, thumbprint, addresses: polled.told.split(' ') })
    }
    return found
  }

  close(): void {
    for (const polled of this.#polled.values()) if (polled.at === 'several') clearTimeout(polled.timer)
    this.#polled.clear()
  }

  /** What has changed is told when it has lasted: a further connection of a machine that is there already changes nothing. */
  #watch(polled: Extract<Polled, { at: 'several' }>, event: SubscriberEvent): Polled {
    const addresses = together([...polled.counts.keys()])
    const seen = addresses.join(' ')
    if (seen === polled.seen) return polled
    polled.seen = seen
    clearTimeout(polled.timer)
    polled.timer = undefined
    if (seen === polled.told) return polled
    polled.timer = setTimeout(() => {
      polled.timer = undefined
      polled.told = seen
      this.#onChange({ ...agentOf(event), addresses })
    }, this.#graceMs)
    return polled
  }
}

/** Those of the kind of which there are several; none where one machine may have them all. */
function together(addresses: readonly string[]): string[] {
  const kinds = [addresses.filter(address => address.includes(':')), addresses.filter(address => !address.includes(':'))]
  return kinds.filter(kind => kind.length > 1).flat()
}

function agentOf({ subscription, thumbprint }: SubscriberEvent): Omit<Clones, 'addresses'> {
  return { subscription, thumbprint }
}

function keyOf({ subscription, thumbprint }: SubscriberEvent): string {
  return `${thumbprint} ${subscription}`
}
