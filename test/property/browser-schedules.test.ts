import { expect, test } from 'vitest'
import { runInMemory, runOverSockets } from '../support/run-schedules.ts'

test('in random schedules each request ends once and no call runs twice', async () => {
  expect(await runInMemory(400)).toContain('none twice')
})

test('the same over real sockets and a real agent', async () => {
  expect(await runOverSockets(60)).toContain('none twice')
})
