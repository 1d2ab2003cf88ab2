/** The parts of Vitest's JSON report that we read. */
export interface Report {
  readonly testResults: readonly FileReport[]
}

interface FileReport {
  readonly name: string
  readonly status: 'passed' | 'failed'
  readonly message: string
  readonly assertionResults: readonly TestReport[]
}

interface TestReport {
  readonly fullName: string
  readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled'
  readonly duration?: number | null
  readonly meta?: { readonly figures?: string }
}

/** How many tests passed and failed. */
export interface Count {
  readonly passed: number
  readonly failed: number
}

/**
 * Counts a run. A test that did not run counts as failed, and so does a file that failed without a failed test of its own
 * (it did not load, or left something open). A run that ended badly for another reason counts one failure.
 */
export function count(report: Report, exitCode: number): Count {
  let passed = 0
  let failed = 0
  for (const file of report.testResults) {
    const passedHere = file.assertionResults.filter(({ status }) => status === 'passed').length
    const failedHere = file.assertionResults.length - passedHere
    passed += passedHere
    failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere
  }
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

/** The results of a run as a table for a document: each test, how it went, how long it took, and the figures it gave. */
export function resultsTable(report: Report): string {
  const rows = report.testResults.flatMap(file =>
    file.assertionResults.map(
      ({ fullName, status, duration, meta }) =>
        `| ${cell(fullName)} | ${status} | ${((duration ?? 0) / 1000).toFixed(1)} | ${cell(meta?.figures ?? '')} |`,
    ),
  )
  return ['| test | result | seconds | figures |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
