import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { conformanceDocument, conformanceTable, findConformanceTests, missingRows } from '../../scripts/conformance.ts'
import { replaceBetween } from '../../scripts/document.ts'

test('every row of the conformance table is shown by a test', () => {
  expect(missingRows(findConformanceTests())).toEqual([])
})

test('the conformance table of HALIBUT.md is up to date (npm run conformance writes it)', () => {
  const document = readFileSync(conformanceDocument, 'utf8')
  expect(replaceBetween(document, 'conformance', conformanceTable(findConformanceTests()))).toBe(document)
})
