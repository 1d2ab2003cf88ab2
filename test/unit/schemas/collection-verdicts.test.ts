import { type Assertion, isEqual, type Seen, verdictsOn } from '@halibut-gateway/schemas/collection'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const answered = (value: unknown, durationMs = 10): Seen => ({ at: 'answered', value, durationMs })
const failed: Seen = { at: 'failed', kind: 'connect_refused', message: 'nobody listens', elapsedMs: 12.34 }
const value = { Items: [{ Title: 'one' }, { Title: 'two' }], Total: '12.50', Big: '9007199254740993', Nothing: null, Text: 'slept 20 ms' }

const holding: readonly Assertion[] = [
  { path: '$.Items[0]', equals: { Title: 'one' } },
  { path: '$.Total', equals: 12.5 },
  { path: '$.Big', equals: '9007199254740993' },
  { path: '$.Text', matches: '^slept \\d+ ms$' },
  { path: '$.Total', matches: '\\.50$' },
  { path: '$.Nothing', exists: true },
  { path: '$.More', exists: false },
  { path: '$.Items[*].Title', matches: '^\\w{3}$' },
  { fasterThanMs: 10.5 },
]
test.each(holding)('this holds of an answer: %j', assertion => {
  expect(verdictsOn([assertion], answered(value))).toMatchObject([{ passed: true }])
})

const broken: readonly (readonly [Assertion, object])[] = [
  [
    { path: '$.Items[0].Title', equals: 'two' },
    { path: '$.Items[0].Title', expected: '"two"', seen: '"one"' },
  ],
  [
    { path: '$.Items[*].Title', equals: 'one' },
    { path: '$.Items[1].Title', expected: '"one"', seen: '"two"' },
  ],
  [{ path: '$.Big', equals: 9007199254740992 }, { seen: '"9007199254740993"' }],
  [{ path: '$.Nothing', matches: '.*' }, { seen: 'null' }],
  [
    { path: '$.Nothing', exists: false },
    { path: '$.Nothing', expected: 'nothing', seen: 'null' },
  ],
  [
    { path: '$.Items[2].Title', equals: 1 },
    { path: '$.Items[2].Title', seen: 'nothing: $.Items has 2 items' },
  ],
  [{ path: '$.Items[0].Name', exists: true }, { seen: 'nothing: $.Items[0] has Title' }],
  [{ path: '$.Text.more', exists: true }, { seen: 'nothing: $.Text is "slept 20 ms"' }],
  [{ path: '$..Nobody', exists: true }, { seen: 'nothing' }],
  [{ fasterThanMs: 10 }, { expected: 'less than 10 ms', seen: '10 ms' }],
  [{ error: 'connect_refused' }, { expected: 'connect_refused', seen: expect.stringMatching(/^an answer, \{/) }],
  [{ path: '$.', exists: true }, { seen: expect.stringContaining('no step of a path') }],
]
test.each(broken)('this does not hold, and tells what was expected, what was there and where: %j', (assertion, told) => {
  expect(verdictsOn([assertion], answered(value))).toEqual([expect.objectContaining({ passed: false, ...told })])
})

test('a call that fails has to be one that was to fail, and then as it was to', () => {
  expect(verdictsOn([], failed)).toEqual([
    { passed: false, assertion: 'it is answered', expected: 'an answer', seen: 'connect_refused: nobody listens' },
  ])
  expect(verdictsOn([{ path: '$', exists: false }], failed).map(({ passed }) => passed)).toEqual([false, false])
  expect(verdictsOn([{ error: 'connect_refused' }, { fasterThanMs: 12.5 }], failed).map(({ passed }) => passed)).toEqual([true, true])
  expect(verdictsOn([{ error: 'deadline_exceeded' }], failed)).toMatchObject([{ passed: false, seen: 'connect_refused: nobody listens' }])
})

test('a call that was not made holds nothing', () => {
  const seen: Seen = { at: 'not_made', reason: 'no value' }
  const all: readonly Assertion[] = [{ error: 'closed' }, { fasterThanMs: 1 }, { path: '$', exists: false }]
  expect(verdictsOn(all, seen).map(each => [each.passed, each.seen])).toEqual(all.map(() => [false, 'it was not made: no value']))
})

test('a value is equal to itself in any order of its members, and to nothing else', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(isEqual(one, turned(one))).toBe(true)
      if (JSON.stringify(one) !== JSON.stringify(other) && !hasTextOfNumber(other))
        expect(isEqual(one, other)).toBe(sorted(one) === sorted(other))
    }),
  )
})

test('what is told of a value is short, however long that is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), more => {
      const [verdict] = verdictsOn([{ path: '$', exists: false }], answered(['x'.repeat(100_000), more]))
      expect(verdict?.seen.length).toBeLessThanOrEqual(200)
    }),
  )
})

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, each]) => [name, turned(each)]),
  )
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : Object.is(each, -0)
        ? '-0'
        : each,
  )
}

function hasTextOfNumber(value: unknown): boolean {
  return /"-?\d/.test(JSON.stringify(value))
}

test('patterns that take long take no longer where a path leads to many places, and where many assertions have them', () => {
  const evil = { path: '$[*]', matches: `^(?:${'a?'.repeat(50)}){20}a*$` }
  const texts = Array<string>(200).fill('a'.repeat(1_000))
  // Of one text it is known.
  expect(verdictsOn([evil], answered(texts.slice(0, 1)))).toMatchObject([{ passed: true }])
  const beganMs = performance.now()
  const verdicts = verdictsOn(Array<Assertion>(20).fill(evil), answered(texts))
  expect(performance.now() - beganMs).toBeLessThan(15_000)
  expect(verdicts).toHaveLength(20)
  for (const verdict of verdicts) expect(verdict).toMatchObject({ passed: false, seen: 'the search for the pattern takes too long' })
})
