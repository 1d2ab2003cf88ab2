import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatTimeSpan, formatTimeSpanTicks, parseTimeSpan, parseTimeSpanTicks } from '../../../../server/src/base/time-span.ts'

describe('a TimeSpan text', () => {
  test.each([
    [0, '00:00:00'],
    [60_000, '00:01:00'],
    [1_500, '00:00:01.5000000'],
    [0.0001, '00:00:00.0000001'],
    [86_400_000, '1.00:00:00'],
    [-5_000, '-00:00:05'],
    [-90_061_001, '-1.01:01:01.0010000'],
  ])('of %d ms is %s', (ms, text) => {
    expect(formatTimeSpan(ms)).toBe(text)
    expect(parseTimeSpan(text)).toBe(ms)
  })

  test.each([
    ['1:2', 3_720_000],
    ['2', 172_800_000],
    ['-2', -172_800_000],
    ['00:00:01.5', 1_500],
    [' 00:00:01 ', 1_000],
  ])('%s is read too', (text, ms) => {
    expect(parseTimeSpan(text)).toBe(ms)
  })

  test.each(['', 'x', '24:00:00', '00:60:00', '00:00:60', '1:', '00:00:00.12345678', '1.2', '99999999.00:00:00', '--1', 'PT1S'])(
    '%j is none',
    text => {
      expect(parseTimeSpanTicks(text)).toBeUndefined()
      expect(parseTimeSpan(text)).toBeUndefined()
    },
  )

  test('goes to both ends of the range', () => {
    expect(formatTimeSpanTicks(2n ** 63n - 1n)).toBe('10675199.02:48:05.4775807')
    expect(formatTimeSpanTicks(-(2n ** 63n))).toBe('-10675199.02:48:05.4775808')
    expect(parseTimeSpanTicks('-10675199.02:48:05.4775808')).toBe(-(2n ** 63n))
    expect(parseTimeSpanTicks('10675199.02:48:05.4775808')).toBeUndefined()
  })

  test('any number of ticks comes back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), ticks => {
        expect(parseTimeSpanTicks(formatTimeSpanTicks(ticks))).toBe(ticks)
      }),
    )
  })
})
