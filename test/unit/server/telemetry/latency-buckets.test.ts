import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketCount, bucketOf, percentile, percentileError } from '../../../../server/src/telemetry/latency-buckets.ts'

function counted(times: readonly number[]): Uint32Array {
  const counts = new Uint32Array(bucketCount)
  for (const ms of times) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1
  return counts
}

/** Of all of them, by sorting. */
function exact(times: readonly number[], part: number): number {
  return times.toSorted((one, other) => one - other)[Math.ceil(times.length * part) - 1] ?? Number.NaN
}

const time = fc.double({ min: Math.log(0.1), max: Math.log(3_600_000), noNaN: true }).map(Math.exp)

test('a percentile is at most 5 % beside the exact one, from a tenth of a millisecond to an hour', () => {
  expect(percentileError).toBeLessThan(0.05)
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), fc.constantFrom(0.5, 0.95, 0.99), (times, part) => {
      const [told, true_] = [percentile(counted(times), part) ?? Number.NaN, exact(times, part)]
      // The last digit that is told is rounded.
      expect(Math.abs(told / true_ - 1)).toBeLessThan(percentileError + 0.001)
    }),
  )
})

test('counts of any two pieces of time added up are those of both together', () => {
  fc.assert(
    fc.property(fc.array(time), fc.array(time), (one, other) => {
      const [a, b] = [counted(one), counted(other)]
      expect(a.map((count, i) => count + (b[i] ?? 0))).toEqual(counted([...one, ...other]))
    }),
  )
})

test('what is shorter or longer than is told, or no time at all, is counted at the ends, and of nothing there is no percentile', () => {
  for (const ms of [0, -1, 0.1, Number.NaN]) expect(bucketOf(ms)).toBe(0)
  for (const ms of [4_000_000, 1e12, Number.POSITIVE_INFINITY]) expect(bucketOf(ms)).toBe(bucketCount - 1)
  expect(percentile(counted([0.01]), 0.5)).toBe(0.1)
  expect(percentile(counted([1e9]), 0.5)).toBe(3_600_000)
  expect(percentile(counted([]), 0.5)).toBeUndefined()
})
