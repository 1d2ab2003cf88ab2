import { hostOf } from '../base/openings.ts'
import type { KeptRecords } from './kept-records.ts'

/** A certificate that an agent has shown, or that was revoked. */
export interface KnownCertificate {
  /** The thumbprint: SHA-1, upper-case hex. */
  readonly id: string
  /** SHA-256, upper-case hex: recorded at first sight and checked from then on. */
  readonly thumbprint256?: string | undefined
  /** Until when it is valid, at which the protocol does not look; recorded with it. */
  readonly expiresMs?: number | undefined
  readonly agent?: string | undefined
  readonly firstSeenMs: number
  readonly lastSeenMs: number
  /** From when on it is worth nothing. */
  readonly revokedMs?: number | undefined
  /** Machines that are not let in with it, as a person has decided where several had it. */
  readonly held?: readonly HeldMachine[] | undefined
}

/** A machine that is not let in with a certificate that another one has too. */
export interface HeldMachine {
  /** Without the port. */
  readonly address: string
  readonly heldMs: number
  readonly by: string
}

/** What of a certificate was seen. */
export interface SeenCertificate {
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
  /** Until when it is valid, where that was seen. */
  readonly expiresMs?: number | undefined
}

const dayMs = 86_400_000

/** The certificates of agents, as they were seen. */
export class AgentCertificates {
  readonly #kept: KeptRecords<KnownCertificate>
  readonly #now: () => number
  /** Of each that is being changed the end of that: the next change of it begins with what is there then, so that none is undone by what it did not see. */
  readonly #changes = new Map<string, Promise<unknown>>()

  constructor(kept: KeptRecords<KnownCertificate>, now: () => number) {
    this.#kept = kept
    this.#now = now
  }

  get(thumbprint: string): KnownCertificate | undefined {
    return this.#kept.get(thumbprint)
  }

  all(): readonly KnownCertificate[] {
    return this.#kept.all()
  }

  /** Why a certificate is not believed that has the thumbprint of a known one: somebody has made another one with the same SHA-1. */
  whyForged({ thumbprint, thumbprint256 }: SeenCertificate): string | undefined {
    const known = this.#kept.get(thumbprint)?.thumbprint256
    if (known === undefined || thumbprint256 === undefined || known === thumbprint256) return undefined
    return `its certificate has the SHA-1 ${thumbprint} and the SHA-256 ${thumbprint256}, and not the SHA-256 ${known} that was seen with it before: it is a forged one`
  }

  /** The decision of a person that keeps a machine out which has this certificate. */
  heldAt({ thumbprint }: Pick<SeenCertificate, 'thumbprint'>, remoteAddress: string): HeldMachine | undefined {
    const { held } = this.#kept.get(thumbprint) ?? {}
    if (held === undefined) return undefined
    const host = hostOf(remoteAddress)
    return held.find(({ address }) => address === host)
  }

  /** Only what is new: an agent that comes and goes writes nothing. */
  async remember({ thumbprint, thumbprint256, expiresMs }: SeenCertificate, agent: string): Promise<void> {
    await this.#change(thumbprint, known => {
      const now = this.#now()
      const isWhole = known.thumbprint256 !== undefined && (known.expiresMs !== undefined || expiresMs === undefined)
      if (known.agent === agent && isWhole && now - known.lastSeenMs < dayMs) return undefined
      const facts = { thumbprint256: known.thumbprint256 ?? thumbprint256, expiresMs: known.expiresMs ?? expiresMs }
      return { ...known, ...facts, agent, lastSeenMs: now }
    })
  }

  async revoke(thumbprint: string): Promise<void> {
    await this.#change(thumbprint, known => ({ ...known, revokedMs: known.revokedMs ?? this.#now() }))
  }

  /** Gives whether it was revoked. */
  reinstate(thumbprint: string): Promise<boolean> {
    return this.#change(thumbprint, known => (known.revokedMs === undefined ? undefined : { ...known, revokedMs: undefined }))
  }

  async hold(thumbprint: string, address: string, by: string): Promise<void> {
    await this.#change(thumbprint, known => {
      const others = (known.held ?? []).filter(each => each.address !== address)
      return { ...known, held: [...others, { address, heldMs: this.#now(), by }] }
    })
  }

  /** Gives whether it was held. */
  release(thumbprint: string, address: string): Promise<boolean> {
    return this.#change(thumbprint, known => {
      const { held = [] } = known
      const left = held.filter(each => each.address !== address)
      return left.length === held.length ? undefined : { ...known, held: left.length === 0 ? undefined : left }
    })
  }

  /** Keeps what `change` makes of what is known. Gives whether that was anything else. */
  #change(thumbprint: string, change: (known: KnownCertificate) => KnownCertificate | undefined): Promise<boolean> {
    const make = async (): Promise<boolean> => {
      const now = this.#now()
      const changed = change(this.#kept.get(thumbprint) ?? { id: thumbprint, firstSeenMs: now, lastSeenMs: now })
      if (changed) await this.#kept.put(changed)
      return changed !== undefined
    }
    const done = this.#changes.get(thumbprint)?.then(make) ?? make()
    const end = done
      .catch(() => undefined)
      .finally(() => {
        if (this.#changes.get(thumbprint) === end) this.#changes.delete(thumbprint)
      })
    this.#changes.set(thumbprint, end)
    return done
  }
}
