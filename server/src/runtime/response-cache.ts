import { HalibutError } from '../base/errors.ts'

/**
 * Answers of methods that their contract marks cacheable (spec §12): in memory, absolute expiry, an entry is not overwritten before it
 * expires, null answers are not kept. Bounded by entries.
 */
export class ResponseCache {
  readonly #entries = new Map<string, { readonly value: unknown; readonly until: number }>()
  static readonly #maxEntries = 10_000

  get(key: string): unknown {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.until > Date.now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  put(key: string, value: unknown, seconds: number): void {
    if (value === null || value === undefined || this.get(key) !== undefined) return
    if (this.#entries.size >= ResponseCache.#maxEntries) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, { value, until: Date.now() + seconds * 1_000 })
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** The key of a call. Throws for an argument that cannot be part of one, before anything is sent. */
export function cacheKey(endpointUri: string, service: string, method: string, args: readonly unknown[]): string {
  return `${endpointUri}:${service}:${method}:${args.length === 0 ? '0' : args.map(keyPart).join(':')}`
}

function keyPart(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value) || value instanceof Set) return `[${[...value].map(keyPart).join(',')}]`
  const type =
    typeof value === 'bigint'
      ? 'System.Int64'
      : typeof value === 'number'
        ? 'System.Double'
        : typeof value === 'boolean'
          ? 'System.Boolean'
          : 'System.Object'
  throw new HalibutError('invalid_argument', `Parameter of type ${type} cannot be used as a cache key.`, { phase: 'request' })
}
