import { expect, test } from 'vitest'
import { replaceBetween } from '../../scripts/document.ts'
import { count, type Report } from '../../scripts/report.ts'

type Status = 'passed' | 'failed' | 'skipped'

function file(status: 'passed' | 'failed', ...tests: Status[]): Report['testResults'][number] {
  return { name: 'a.test.ts', status, message: '', assertionResults: tests.map(each => ({ fullName: each, status: each })) }
}

test('tests are counted over all files', () => {
  const report: Report = { testResults: [file('passed', 'passed', 'passed'), file('failed', 'passed', 'failed')] }
  expect(count(report, 1)).toEqual({ passed: 3, failed: 1 })
})

test('a file that did not load, or left something open, counts as a failure', () => {
  expect(count({ testResults: [file('failed'), file('failed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 2 })
})

test('a test that was skipped counts as a failure', () => {
  expect(count({ testResults: [file('passed', 'passed', 'skipped')] }, 0)).toEqual({ passed: 1, failed: 1 })
})

test('a run that ended badly although every test passed counts as a failure', () => {
  expect(count({ testResults: [file('passed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 1 })
})

test('a generated part of a document is replaced between its markers, which must be there', () => {
  expect(replaceBetween('a\n<!-- x -->\nold\n<!-- /x -->\nb', 'x', 'new')).toBe('a\n<!-- x -->\nnew\n<!-- /x -->\nb')
  expect(() => replaceBetween('a', 'x', 'new')).toThrow('no place')
})
