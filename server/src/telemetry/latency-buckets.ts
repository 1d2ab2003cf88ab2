/** What is shorter is told as this; and what is longer than the other, as that. */
const leastMs = 0.1
const mostMs = 3_600_000
/** Each bucket is a tenth wider than the one before. */
const growth = 1.1

/** How far a percentile may be beside the true one, as a part of it: it is told as the geometric middle of its bucket. */
export const percentileError = Math.sqrt(growth) - 1

/** Buckets of times that grow evenly, so that those of any two pieces of time can be added up: {@link bucketOf} says which. */
export const bucketCount = Math.ceil(Math.log(mostMs / leastMs) / Math.log(growth)) + 2

const perStep = 1 / Math.log(growth)

/** The bucket of a time: 0 up to `leastMs`, the last one above `mostMs`. */
export function bucketOf(ms: number): number {
  if (!(ms > leastMs)) return 0
  return Math.min(bucketCount - 1, Math.ceil(Math.log(ms / leastMs) * perStep))
}

/** The milliseconds that a part of the counted times took at most, such as 0.5; `undefined` where none was counted. `counts`: of each bucket. */
export function percentile(counts: Uint32Array, part: number): number | undefined {
  const rank = Math.ceil(counts.reduce((sum, count) => sum + count, 0) * part)
  if (rank === 0) return undefined
  let before = 0
  const bucket = counts.findIndex(count => {
    before += count
    return before >= rank
  })
  return middleOf(bucket)
}

function middleOf(bucket: number): number {
  if (bucket === 0) return leastMs
  if (bucket === bucketCount - 1) return mostMs
  return Number((leastMs * growth ** (bucket - 0.5)).toPrecision(4))
}
