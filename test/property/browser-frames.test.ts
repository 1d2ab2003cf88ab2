import { expect, test } from 'vitest'
import { fuzzSocket } from '../support/facade-fuzz.ts'

test('mutated frames end calls and sockets, never the gateway', async () => {
  expect(await fuzzSocket(4_000, 1)).toContain('honest calls answered')
})
