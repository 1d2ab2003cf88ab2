import { expect, test } from 'vitest'
import { pickers } from '../../../../server/inspector/src/values/date-pickers.ts'

test('a picker shows the text that stands there, and what it picks is text of the contract', () => {
  for (const type of ['dateTime', 'dateTimeOffset']) {
    const picker = pickers[type]
    const shown = picker?.show('2030-01-02T03:04:05.678Z') ?? ''
    expect(shown).toMatch(/^20(29|30)-\d\d-\d\dT\d\d:\d\d:05$/)
    expect(picker?.pick(shown)).toBe('2030-01-02T03:04:05.000Z')
    expect(picker?.show('nonsense')).toBe('')
  }
  expect([pickers['dateOnly']?.show('2030-01-02'), pickers['dateOnly']?.show('2.1.2030')]).toEqual(['2030-01-02', ''])
  expect([pickers['timeOnly']?.show('03:04:05.678'), pickers['timeOnly']?.pick('03:04')]).toEqual(['03:04:05', '03:04:00'])
})
