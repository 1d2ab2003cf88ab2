import { test } from 'vitest'
import { moveBigStreams } from '../support/big-streams.ts'

test('a data stream of 5 GiB goes each way between two processes with flat memory', async ({ task }) => {
  task.meta.figures = await moveBigStreams(5 * 1024 * 1024 * 1024)
})
