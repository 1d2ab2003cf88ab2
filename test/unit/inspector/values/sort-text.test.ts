import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortText } from '../../../../server/inspector/src/values/sort-text.ts'

function sorted(...texts: string[]): string[] {
  return texts.toSorted((one, other) => (sortText(one) < sortText(other) ? -1 : 1))
}

test('numbers in texts count as such, and case and accents do not matter', () => {
  expect(sorted('web-10', 'Web-9', 'web-1')).toEqual(['web-1', 'Web-9', 'web-10'])
  expect(sorted('zebra', 'Élan', 'eland', 'Apfel')).toEqual(['Apfel', 'Élan', 'eland', 'zebra'])
  expect(sortText('Ünïcode')).toBe(sortText('UNICODE'))
})

test('plain names stand as a collator for numbers has them', () => {
  const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
  const name = fc.tuple(fc.constantFrom('web', 'Db', 'app'), fc.nat(99_999)).map(([role, number]) => `${role}${number}`)
  fc.assert(
    fc.property(fc.array(name), names => {
      const theirs = names.toSorted(collator.compare).map(each => each.toLowerCase())
      expect(sorted(...names).map(each => each.toLowerCase())).toEqual(theirs)
    }),
  )
})
