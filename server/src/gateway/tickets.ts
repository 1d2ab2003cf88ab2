import { createHash, randomBytes } from 'node:crypto'
import type { Principal } from '../access/principal.ts'
import { gatewayLimits } from '../base/limits.ts'

interface Ticket {
  readonly principal: Principal
  readonly origin: string | undefined
  readonly expiresAtMs: number
}

/** What a ticket begins with. */
export const ticketPrefix = 'hgt_'

/**
 * Tickets for one WebSocket handshake each: a page cannot set a header there, and a token that lasts should not travel as a subprotocol. A
 * ticket lives for `ticketMs`, works once, and only for the Origin that it was issued to. Kept in memory as digests only.
 */
export class Tickets {
  readonly #now: () => number
  readonly #tickets = new Map<string, Ticket>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get size(): number {
    return this.#tickets.size
  }

  /** A fresh ticket. `origin`: the Origin header of whoever asks; absent where it is no page. */
  issue(principal: Principal, origin: string | undefined): { readonly ticket: string; readonly expiresInMs: number } {
    this.#sweep()
    const ticket = `${ticketPrefix}${randomBytes(32).toString('base64url')}`
    this.#tickets.set(digest(ticket), { principal, origin, expiresAtMs: this.#now() + gatewayLimits.ticketMs })
    const [oldest] = this.#tickets.keys()
    if (this.#tickets.size > gatewayLimits.tickets && oldest !== undefined) this.#tickets.delete(oldest)
    return { ticket, expiresInMs: gatewayLimits.ticketMs }
  }

  /** Whose ticket this is. It is worth nothing afterwards, whatever the answer. */
  redeem(ticket: string, origin: string | undefined): Principal | undefined {
    const key = digest(ticket)
    const found = this.#tickets.get(key)
    this.#tickets.delete(key)
    return found && found.expiresAtMs > this.#now() && found.origin === origin ? found.principal : undefined
  }

  /** Their tickets are worth nothing any more. */
  forget(principal: Principal): void {
    for (const [key, ticket] of this.#tickets) if (ticket.principal === principal) this.#tickets.delete(key)
  }

  /** The oldest come first. */
  #sweep(): void {
    for (const [key, { expiresAtMs }] of this.#tickets) {
      if (expiresAtMs > this.#now()) return
      this.#tickets.delete(key)
    }
  }
}

/** To look a ticket up takes the same time however much of it was guessed. */
function digest(ticket: string): string {
  return createHash('sha256').update(ticket).digest('base64')
}
