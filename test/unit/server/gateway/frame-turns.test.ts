import { expect, test } from 'vitest'
import { FrameTurns } from '../../../../server/src/gateway/frame-turns.ts'

function createTurns() {
  const told: string[] = []
  return { told, turns: new FrameTurns({ pause: () => void told.push('pause'), resume: () => void told.push('resume') }) }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

test('a socket rests after many frames until others had their turn, and again after as many', async () => {
  const { told, turns } = createTurns()
  for (let round = 1; round <= 3; round++) {
    for (let i = 1; i < 64; i++) turns.took(0)
    expect(told).toHaveLength(2 * round - 2)
    // What was read with the last one comes behind it, and does not count.
    for (let i = 0; i < 1_000; i++) turns.took(1_000)
    expect(told).toHaveLength(2 * round - 1)
    await turn()
    expect(told.slice(-2)).toEqual(['pause', 'resume'])
  }
})

test('so it does after much text', async () => {
  const { told, turns } = createTurns()
  turns.took(65_535)
  expect(told).toEqual([])
  turns.took(1)
  expect(told).toEqual(['pause'])
  await turn()
  expect(told).toEqual(['pause', 'resume'])
})
