import { expect, test } from 'vitest'
import { moveFarAway } from '../support/far-streams.ts'

const mebibyte = 1024 * 1024

test('a data stream goes each way over a long line through cuts, with flat memory', async () => {
  expect(await moveFarAway(8 * mebibyte, { roundTripMs: 20 }, 3, 64 * mebibyte)).toContain('with 3 cuts')
})
