import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { SeriesHistogram, Tally } from '../../../../server/src/telemetry/tally.ts'

test('what was added by two names is counted by both', () => {
  const tally = new Tally<string, string>()
  for (const [a, b] of ['xy', 'xz', 'xy', 'yy']) tally.add(a as string, b as string)
  expect([...tally]).toEqual([
    ['x', 'y', 2],
    ['x', 'z', 1],
    ['y', 'y', 1],
  ])
})

test('a histogram by series writes what prom-client’s own writes', async () => {
  const options = { name: 'test_seconds', help: 'A test', labelNames: ['a'] as const, buckets: [0.5, 1, 2] }
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('x', 'y'), fc.constantFrom(0, 0.25, 0.5, 0.75, 1, 2, 2.5))), async observed => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const own = new SeriesHistogram({ ...options, registers: [ours] })
      const plain = new Histogram({ ...options, registers: [theirs] })
      const series = new Map<string, ReturnType<typeof own.series>>()
      for (const [a, value] of observed) {
        plain.observe({ a }, value)
        const each = series.get(a) ?? own.series({ a })
        series.set(a, each)
        each.observe(value)
      }
      const lines = async (registry: Registry) => (await registry.metrics()).split('\n').map(line => [...line].toSorted().join(''))
      expect(new Set(await lines(ours))).toEqual(new Set(await lines(theirs)))
    }),
    { numRuns: 50 },
  )
})
