import { expect, test, vi } from 'vitest'
import { stopReading } from '../support/stopped-readers.ts'

// The real time is too long to wait for, and the real budget too much to fill.
vi.mock('../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, readerStallMs: 500, allOutboxBytes: 8_000_000 } }
})

test('browsers that stop reading lose their sockets, and one that reads has all its answers meanwhile', async () => {
  expect(await stopReading(4, 12)).toContain('4 stopped readers gone')
})
