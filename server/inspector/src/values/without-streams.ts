import { Download } from '@halibut-gateway/client'

/** An answer whose data streams nobody reads: their lengths stand in their places, and the gateway need not keep them. */
export function withoutStreams(value: unknown): unknown {
  if (value instanceof Download) {
    value.cancel()
    return { dataStream: { length: value.length } }
  }
  if (Array.isArray(value)) return value.map(withoutStreams)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutStreams(each)]))
}
