import { expect, test } from 'vitest'
import { runInMemory, runOverSockets } from '../support/run-schedules.ts'

/** Hundreds of schedules, one after another: half of the usual time on an idle machine. Milliseconds. */
const timeout = 120_000

test('in random schedules each request is answered once and no call runs twice', { timeout }, async () => {
  expect(await runInMemory(600)).toContain('no call ran twice')
})

test('the same over real sockets and a real agent', { timeout }, async () => {
  expect(await runOverSockets(100)).toContain('no call ran twice')
})
