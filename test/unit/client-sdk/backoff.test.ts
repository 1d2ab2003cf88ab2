import { expect, test } from 'vitest'
import { backoffDelayMs } from '../../../client-sdk/src/backoff.ts'

const options = { firstMs: 250, maxMs: 15_000 }

test('the longest wait doubles with each attempt, up to the longest of all', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1_000, Number.MAX_SAFE_INTEGER].map(attempt => backoffDelayMs(attempt, options, () => 1))
  expect(longest).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000])
})

test('clients spread out between half of it and all of it', () => {
  expect([0, 0.5, 1].map(random => backoffDelayMs(3, options, () => random))).toEqual([500, 750, 1_000])
  expect(backoffDelayMs(3, { firstMs: 0, maxMs: 0 }, () => 1)).toBe(0)
})
