import { expect, test } from 'vitest'
import { runElementBomb } from '../support/element-bomb.ts'

test('an answer of 500,000 empty documents costs its own call, while others are answered, and nothing stays', async () => {
  const limits = { maxMessageBytesInFlight: 96 * 1024 * 1024 }
  const { wireBytes, kinds, honestCalls, heldBytes } = await runElementBomb({ documents: 500_000, callers: 2, times: 1 }, limits)
  expect(wireBytes).toBeLessThan(8_000)
  expect(kinds).toEqual(['memory_limit', 'memory_limit'])
  expect(honestCalls).toBeGreaterThan(1)
  expect(heldBytes).toBe(0)
})
