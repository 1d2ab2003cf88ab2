import { expect, test } from 'vitest'
import { Turns } from '../../../../server/src/base/turns.ts'

/** Keeps the loop busy. */
function work(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('many that work at the same time have one slice between two turns of the event loop', async () => {
  let slices = 0
  let done = 0
  const worker = async (): Promise<void> => {
    const turns = new Turns()
    for (let i = 0; i < 4; i++) {
      work(9)
      slices++
      await turns.take()
    }
    done++
  }
  const workers = Array.from({ length: 5 }, worker)
  while (done < workers.length) {
    const before = slices
    await new Promise<void>(resolve => setTimeout(resolve))
    expect(slices - before).toBeLessThanOrEqual(2)
  }
  await Promise.all(workers)
  expect(slices).toBe(20)
})

test('short work goes on without a turn', () => {
  expect(new Turns().take()).toBeUndefined()
})
