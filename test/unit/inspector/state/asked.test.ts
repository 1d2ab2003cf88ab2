import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAsked } from '../../../../server/inspector/src/state/asked.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function create() {
  const answers: { resolve(value: number): void; reject(why: Error): void }[] = []
  const asked = createAsked(() => new Promise<number>((resolve, reject) => answers.push({ resolve, reject })), 100)
  return { asked, answers }
}

const settle = () => vi.advanceTimersByTimeAsync(0)

test('it is asked once at a time, however often that is wanted, and once more where it was wanted meanwhile', async () => {
  const { asked, answers } = create()
  asked.again()
  asked.again()
  asked.again()
  expect(answers).toHaveLength(1)
  answers[0]?.resolve(1)
  await settle()
  expect([asked.value.value, answers.length]).toEqual([1, 1])
  await vi.advanceTimersByTimeAsync(100)
  expect(answers).toHaveLength(2)
  answers[1]?.resolve(2)
  await settle()
  expect(asked.value.value).toBe(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(answers).toHaveLength(2)
})

test('right after an answer it is not asked again before its pause is over', async () => {
  const { asked, answers } = create()
  asked.again()
  answers[0]?.resolve(1)
  await settle()
  asked.again()
  await vi.advanceTimersByTimeAsync(99)
  expect(answers).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(answers).toHaveLength(2)
  asked.close()
})

test('what went wrong is told beside the last answer, until there is another one', async () => {
  const { asked, answers } = create()
  const why = new Error('no')
  for (const outcome of [1, why, 2]) {
    asked.again()
    await vi.advanceTimersByTimeAsync(100)
    if (outcome instanceof Error) answers.at(-1)?.reject(outcome)
    else answers.at(-1)?.resolve(outcome)
    await settle()
    expect([asked.value.value, asked.problem.value]).toEqual(outcome instanceof Error ? [1, why] : [outcome, undefined])
  }
  await vi.advanceTimersByTimeAsync(100)
})

test('what comes after nobody looks any more is dropped', async () => {
  const { asked, answers } = create()
  asked.again()
  asked.close()
  answers[0]?.resolve(1)
  await settle()
  asked.again()
  expect([asked.value.value, answers.length]).toEqual([undefined, 1])
})
