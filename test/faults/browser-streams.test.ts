import { expect, test } from 'vitest'
import { moveThroughCuts } from '../support/facade-cuts.ts'
import { flowBesideStopped, readSlowly, uploadBig } from '../support/facade-streams.ts'

const mebibyte = 1024 * 1024

test('a download and an upload survive cuts of the WebSocket byte for byte', async () => {
  expect(await moveThroughCuts(24 * mebibyte, 8, 1)).toContain('digests equal')
})

test('a slow reader and one that stops disturb no other call and get everything in the end', async () => {
  expect(await readSlowly(16 * mebibyte, mebibyte, 1_500)).toContain('digests equal')
})

test('beside 16 stopped readers the 17th data stream flows', async () => {
  await flowBesideStopped(16, 2 * mebibyte)
})

test('a long upload leaves the gateway’s memory flat', async () => {
  expect(await uploadBig(128 * mebibyte)).toContain('digest equal')
})
