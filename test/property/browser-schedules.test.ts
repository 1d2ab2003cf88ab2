import { expect, test } from 'vitest'
import { runInMemory, runOverSockets } from '../support/run-schedules.ts'

/** Hundreds of schedules, one after another, and thousands in `npm run test:full`; an idle machine takes a tenth of it. Milliseconds. */
const timeout = 120_000

test('in random schedules each request is answered once and no call runs twice', { timeout }, async () => {
  expect(await runInMemory(300)).toContain('no call ran twice')
})

test('the same over real sockets and a real agent', { timeout }, async () => {
  expect(await runOverSockets(50)).toContain('no call ran twice')
})
