import { HalibutError } from '../base/errors.ts'

const maxEntries = 10_000
const sweepEveryMs = 1_000

/**
 * Answers of methods that their contract marks cacheable (spec §12): in memory, absolute expiry, an entry is not overwritten before it
 * expires, null answers are not kept. At most 10,000 entries; beyond that the oldest goes.
 */
export class ResponseCache {
  readonly #entries = new Map<string, { readonly value: unknown; readonly until: number }>()
  #sweepAt = 0

  /** Entries kept, expired ones that were not swept yet among them. */
  get size(): number {
    return this.#entries.size
  }

  get(key: string): unknown {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (entry.until > performance.now()) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  put(key: string, value: unknown, seconds: number): void {
    if (value === null || value === undefined || this.get(key) !== undefined) return
    this.#sweep()
    if (this.#entries.size >= maxEntries) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    this.#entries.set(key, { value, until: performance.now() + seconds * 1_000 })
  }

  clear(): void {
    this.#entries.clear()
  }

  /** Answers that nobody asks for again would stay for ever otherwise. */
  #sweep(): void {
    const now = performance.now()
    if (now < this.#sweepAt) return
    this.#sweepAt = now + sweepEveryMs
    for (const [key, { until }] of this.#entries) if (until <= now) this.#entries.delete(key)
  }
}

/**
 * The key of a call. Throws `invalid_argument` for an argument that cannot be part of one, before anything is sent. Differs from .NET’s
 * where that gives one key to different certificates, or to different arguments: a string’s separators are escaped, and so are `''` (null’s form), `'0'` (the
 * form of no arguments) and null in a list.
 */
export function cacheKey(endpointKey: string, service: string, method: string, args: readonly unknown[]): string {
  return `${endpointKey}:${service}:${method}:${args.length === 0 ? '0' : args.map(keyPart).join(':')}`
}

function keyPart(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value === '' || value === '0' ? `\\${value}` : value.replace(/[\\:,[\]]/g, '\\$&')
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  if (Array.isArray(value) || value instanceof Set) return `[${[...value].map(itemPart).join(',')}]`
  throw new HalibutError('invalid_argument', `Parameter of type ${clrNameOf(value)} cannot be used as a cache key.`, { phase: 'request' })
}

/** Null has a form of its own here: `[null]` is not `[]`. */
function itemPart(item: unknown): string {
  return item === null || item === undefined ? '\\-' : keyPart(item)
}

/** The .NET type that the value most likely has. */
function clrNameOf(value: unknown): string {
  if (typeof value === 'bigint') return 'System.Int64'
  if (typeof value === 'number') return Number.isInteger(value) ? 'System.Int32' : 'System.Double'
  if (typeof value === 'boolean') return 'System.Boolean'
  // .NET gets to the first item before it refuses.
  if (value instanceof Uint8Array) return 'System.Byte'
  return 'System.Object'
}
