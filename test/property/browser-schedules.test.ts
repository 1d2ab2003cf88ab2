import { expect, test } from 'vitest'
import { runInMemory, runOverSockets } from '../support/run-schedules.ts'

test('in random schedules each request is answered once and no call runs twice', async () => {
  expect(await runInMemory(600)).toContain('no call ran twice')
})

test('the same over real sockets and a real agent', async () => {
  expect(await runOverSockets(100)).toContain('no call ran twice')
})
