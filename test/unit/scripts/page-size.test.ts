import { expect, test } from 'vitest'
import { findOversize, mostFirstBytes } from '../../scripts/page-size.ts'

const part = (name: string, bytes: number) => ({
  name,
  bytes,
  largest: [['groups/call-form.tsx', 9_000] as const, ['preact', 4_000] as const],
})
const budget = { 'first: js': 80_000, 'first: css': 10_000, editor: 50_000 }

test('parts that are as large as they may be are fine', () => {
  expect(findOversize([part('first: js', 80_000), part('first: css', 10_000), part('editor', 50_000)], budget)).toEqual([])
})

test('what has grown is named, with by how much and what it is made of', () => {
  const [problem, ...others] = findOversize([part('first: js', 80_001), part('first: css', 1), part('editor', 1)], budget)
  expect(problem).toBe('first: js has grown to 80001 bytes, 1 more than it may be. Most of it: groups/call-form.tsx (9000), preact (4000)')
  expect(others).toEqual([])
})

test('a part without a figure, a figure without a part, and a first load that is too large as a whole are told', () => {
  const problems = findOversize([part('first: js', 60_000), part('first: css', 50_000), part('charts', 1)], {
    ...budget,
    'first: css': 60_000,
  })
  expect(problems).toHaveLength(3)
  expect(problems[0]).toContain('charts has no figure')
  expect(problems[1]).toContain('editor has a figure, and is not there')
  expect(problems[2]).toBe(`the first load is 110000 bytes, ${110_000 - mostFirstBytes} more than it may be`)
})
