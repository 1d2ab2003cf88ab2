import { test } from 'vitest'
import { moveFarAway } from '../support/far-streams.ts'

const mebibyte = 1024 * 1024

test('256 MiB each way at 100 ms through 20 cuts of the line', async ({ task }) => {
  task.meta.figures = await moveFarAway(256 * mebibyte, { roundTripMs: 100, bytesPerSecond: 50e6 }, 20, 64 * mebibyte)
})
