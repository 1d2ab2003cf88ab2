import { hostOf } from '../base/openings.ts'
import type { CertificateRecord, HeldMachine } from '../store/records.ts'
import type { RecordDrafts, Store } from '../store/store.ts'

/** What of a certificate was seen. */
export interface SeenCertificate {
  readonly thumbprint: string
  readonly thumbprint256: string | undefined
  /** Until when it is valid, where that was seen. */
  readonly expiresMs?: number | undefined
}

/** What of a change is used here. */
type CertificateDraft = Pick<RecordDrafts, 'certificates'>

const dayMs = 86_400_000

/** The certificates of agents, as they were seen. What people decide of them is a part of a change that is made elsewhere. */
export class AgentCertificates {
  readonly #store: Pick<Store, 'certificates' | 'change'>
  readonly #now: () => number

  constructor(store: Pick<Store, 'certificates' | 'change'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  get(thumbprint: string): CertificateRecord | undefined {
    return this.#store.certificates.get(thumbprint)
  }

  all(): readonly CertificateRecord[] {
    return this.#store.certificates.all()
  }

  /** Why a certificate is not believed that has the thumbprint of a known one: somebody has made another one with the same SHA-1. */
  whyForged({ thumbprint, thumbprint256 }: SeenCertificate): string | undefined {
    const known = this.get(thumbprint)?.thumbprint256
    if (known === undefined || thumbprint256 === undefined || known === thumbprint256) return undefined
    return `its certificate has the SHA-1 ${thumbprint} and the SHA-256 ${thumbprint256}, and not the SHA-256 ${known} that was seen with it before: it is a forged one`
  }

  /** The decision of a person that keeps a machine out which has this certificate. */
  heldAt({ thumbprint }: Pick<SeenCertificate, 'thumbprint'>, remoteAddress: string): HeldMachine | undefined {
    const { held } = this.get(thumbprint) ?? {}
    if (held === undefined) return undefined
    const host = hostOf(remoteAddress)
    return held.find(({ address }) => address === host)
  }

  /**
   * Keeps that it was seen at an agent. Only what is new is written: an agent that comes and goes writes nothing, and where several have one certificate it
   * stays with the first of them, as long as `isOf` says that it is still that one’s.
   */
  async remember(seen: SeenCertificate, agent: string, isOf: (agent: string) => boolean): Promise<void> {
    if (this.#noted(this.get(seen.thumbprint), seen, agent, isOf)) await this.#store.change(draft => this.see(draft, seen, agent, isOf))
  }

  see(draft: CertificateDraft, seen: SeenCertificate, agent: string, isOf: (agent: string) => boolean): void {
    this.#edit(draft, seen.thumbprint, known => this.#noted(known, seen, agent, isOf))
  }

  revoke(draft: CertificateDraft, thumbprint: string): void {
    this.#edit(draft, thumbprint, known => (known.revokedMs === undefined ? { ...known, revokedMs: this.#now() } : undefined))
  }

  /** Gives whether it was revoked. */
  reinstate(draft: CertificateDraft, thumbprint: string): boolean {
    return this.#edit(draft, thumbprint, known => (known.revokedMs === undefined ? undefined : { ...known, revokedMs: undefined }))
  }

  hold(draft: CertificateDraft, thumbprint: string, address: string, by: string): void {
    this.#edit(draft, thumbprint, known => {
      const others = (known.held ?? []).filter(each => each.address !== address)
      return { ...known, held: [...others, { address, heldMs: this.#now(), by }] }
    })
  }

  /** Gives whether it was held. */
  release(draft: CertificateDraft, thumbprint: string, address: string): boolean {
    return this.#edit(draft, thumbprint, known => {
      const { held = [] } = known
      const left = held.filter(each => each.address !== address)
      return left.length === held.length ? undefined : { ...known, held: left.length === 0 ? undefined : left }
    })
  }

  /** What is known of it once it was seen; `undefined`: nothing else than before. */
  #noted(
    known: CertificateRecord | undefined,
    seen: SeenCertificate,
    agent: string,
    isOf: (agent: string) => boolean,
  ): CertificateRecord | undefined {
    const lastSeenMs = this.#now()
    const { agent: before, lastSeenMs: atMs = Number.NEGATIVE_INFINITY } = known ?? {}
    const its = before !== undefined && isOf(before) ? before : agent
    const thumbprint256 = known?.thumbprint256 ?? seen.thumbprint256
    const expiresMs = known?.expiresMs ?? seen.expiresMs
    const isNew = before !== its || known?.thumbprint256 !== thumbprint256 || known?.expiresMs !== expiresMs
    if (!isNew && lastSeenMs - atMs < dayMs) return undefined
    return { id: seen.thumbprint, firstSeenMs: lastSeenMs, ...known, thumbprint256, expiresMs, agent: its, lastSeenMs }
  }

  /** Writes what `change` makes of what is known, if anything. Gives whether that was so. */
  #edit(
    { certificates }: CertificateDraft,
    thumbprint: string,
    change: (known: CertificateRecord) => CertificateRecord | undefined,
  ): boolean {
    const now = this.#now()
    const changed = change(certificates.get(thumbprint) ?? { id: thumbprint, firstSeenMs: now, lastSeenMs: now })
    if (changed) certificates.put(changed)
    return changed !== undefined
  }
}
