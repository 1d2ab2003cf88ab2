/** The thumbprints whose owners may connect to us (spec §10). Comparison ignores letter case; .NET accepts `Trust` in lower case. */
export class TrustStore {
  readonly #trusted = new Set<string>()
  /** Those that are believed nowhere, trusted or pinned. */
  readonly #revoked = new Set<string>()
  readonly #onRevoked: (thumbprint: string) => void

  /** `onRevoked` is called for each thumbprint that loses trust, to cut its live connections. */
  constructor(initial: readonly string[], onRevoked: (thumbprint: string) => void) {
    for (const thumbprint of initial) this.add(thumbprint)
    this.#onRevoked = onRevoked
  }

  has(thumbprint: string): boolean {
    const upper = thumbprint.toUpperCase()
    return this.#trusted.has(upper) && !this.#revoked.has(upper)
  }

  isRevoked(thumbprint: string): boolean {
    return this.#revoked.size > 0 && this.#revoked.has(thumbprint.toUpperCase())
  }

  /** It is worth nothing until it is reinstated, whoever trusts it. */
  revoke(thumbprint: string): void {
    this.#revoked.add(thumbprint.toUpperCase())
  }

  /** It is worth again what it was. */
  reinstate(thumbprint: string): void {
    this.#revoked.delete(thumbprint.toUpperCase())
  }

  add(thumbprint: string): void {
    this.#trusted.add(thumbprint.toUpperCase())
  }

  /** Its live connections stay. */
  forget(thumbprint: string): void {
    this.#trusted.delete(thumbprint.toUpperCase())
  }

  /** Its live connections are cut even where it was not in the set: they may have been let in when it was. */
  remove(thumbprint: string): void {
    const upper = thumbprint.toUpperCase()
    this.#trusted.delete(upper)
    this.#onRevoked(upper)
  }

  /** Replaces the whole set. */
  only(thumbprints: readonly string[]): void {
    const next = new Set(thumbprints.map(each => each.toUpperCase()))
    const lost = [...this.#trusted].filter(each => !next.has(each))
    this.#trusted.clear()
    for (const each of next) this.#trusted.add(each)
    for (const each of lost) this.#onRevoked(each)
  }

  list(): string[] {
    return [...this.#trusted].filter(each => !this.#revoked.has(each)).sort()
  }
}
