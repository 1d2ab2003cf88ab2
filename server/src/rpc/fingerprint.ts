import { createHash } from 'node:crypto'
import { isStreamHandle } from '@halibut-gateway/schemas/wire'

/** The same for the same JSON: the order of keys, and the numbers of data streams, do not matter. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('base64')
}

/** Objects become what no array, text or other object becomes; minus zero is a double where zero is an integer. */
function canonical(value: unknown): unknown {
  if (Object.is(value, -0)) return { zero: '-0' }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(canonical)
  if (isStreamHandle(value)) return { stream: value.length ?? null }
  const entries = Object.entries(value).map(([key, each]): [string, unknown] => [key, canonical(each)])
  return { entries: entries.sort(([a], [b]) => (a < b ? -1 : 1)) }
}
