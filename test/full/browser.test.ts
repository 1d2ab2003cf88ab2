import { test } from 'vitest'
import { moveThroughCuts } from '../support/facade-cuts.ts'
import { fuzzSocket } from '../support/facade-fuzz.ts'
import { readSlowly, uploadBig } from '../support/facade-streams.ts'
import { runInMemory, runOverSockets } from '../support/run-schedules.ts'
import { stopReading } from '../support/stopped-readers.ts'

const mebibyte = 1024 * 1024

test('256 MiB each way through 50 random cuts of the WebSocket', async ({ task }) => {
  task.meta.figures = await moveThroughCuts(256 * mebibyte, 50, 7)
})

test('1 GiB to a reader of 1 MB/s and to one that stops, for 20 s each, then to the end', async ({ task }) => {
  task.meta.figures = await readSlowly(1024 * mebibyte, 1_000_000, 20_000)
})

test('an upload of 5 GiB through gateway to agent', async ({ task }) => {
  task.meta.figures = await uploadBig(5 * 1024 * mebibyte)
})

test('60 s of mutated frames on the socket', async ({ task }) => {
  task.meta.figures = await fuzzSocket(60_000, 3)
})

test('10,000 random schedules of calls, cancels, credits, cuts, resumes and restarts', async ({ task }) => {
  task.meta.figures = await runInMemory(10_000)
})

test('400 of them over real sockets and a real agent', async ({ task }) => {
  task.meta.figures = await runOverSockets(400)
})

test('20 browsers that ask for 12 answers of 800 kB each and read none', async ({ task }) => {
  task.meta.figures = await stopReading(20, 12)
})
