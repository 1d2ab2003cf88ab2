import { expect, test } from 'vitest'
import { momentIn } from '../../../../server/inspector/src/values/audit-times.ts'

const nowMs = Date.UTC(2026, 4, 31, 18)

test('a moment is read as people write it, days and times by their own clock', () => {
  expect(momentIn('2h', nowMs)).toBe('2026-05-31T16:00:00.000Z')
  expect(momentIn(' 7d ', nowMs)).toBe('2026-05-24T18:00:00.000Z')
  expect(momentIn('2026-05-30', nowMs)).toBe(new Date(2026, 4, 30).toISOString())
  expect(momentIn('2026-05-30 09:30', nowMs)).toBe(new Date(2026, 4, 30, 9, 30).toISOString())
  expect(momentIn('2026-05-30T09:30:00Z', nowMs)).toBe('2026-05-30T09:30:00.000Z')
})

test('what is no moment is none', () => {
  for (const text of ['', 'yesterday', '2026-13-40', '31.5.2026', '123456d', '2026-05-30T99:00']) {
    expect([text, momentIn(text, nowMs)]).toEqual([text, undefined])
  }
})
