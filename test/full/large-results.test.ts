import { test } from 'vitest'
import { fetchLog } from '../support/large-results.ts'

const mebibyte = 1024 * 1024

test('60,000 log entries of 100 characters', async ({ task }) => {
  task.meta.figures = await fetchLog(60_000, 100, { blockedMs: 500, growthBytes: 192 * mebibyte })
})

test('370,000 log entries, 80 MB of JSON', async ({ task }) => {
  task.meta.figures = await fetchLog(370_000, 80, { blockedMs: 500, growthBytes: 640 * mebibyte })
})
