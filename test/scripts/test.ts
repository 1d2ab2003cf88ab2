import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { provideChromium } from './chromium.ts'
import { replaceBetween } from './document.ts'
import { run } from './jobs.ts'
import { machineAndDate } from './machine.ts'
import { type Count, count, type Report, resultsTable } from './report.ts'
import { providePrograms } from './system-packages.ts'

/**
 * `npm test [-- filter…]` builds, sees to a browser and to other programs, and runs the tests; `npm run test:full` runs the big ones and writes down their
 * results, `-- --only <filter…>` a part of them and writes nothing. The last line is `N passed, N failed`; the exit code is 0 only when something ran and nothing failed.
 */
const repository = resolve(import.meta.dirname, '../..')
const reportFile = resolve(repository, 'test/.results/report.json')
const fullResults = resolve(repository, 'test/full/README.md')

const full = process.argv.includes('--full')
const filters = process.argv.slice(2).filter(argument => argument !== '--full' && argument !== '--only')

const { passed, failed } = await runTests()
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = passed > 0 && failed === 0 ? 0 : 1

async function runTests(): Promise<Count> {
  process.chdir(repository)
  if ((await run('npm run --silent build')) !== 0) return { passed: 0, failed: 1 }
  const chromium = await provideChromium()
  if (chromium === undefined) console.error('There is no Chromium and none could be installed: tests that open a page will fail.')
  const missing = await providePrograms()
  if (missing.length > 0) console.error(`Missing, and not to be installed: ${missing.join(', ')}: tests that need them will fail.`)

  mkdirSync(resolve(reportFile, '..'), { recursive: true })
  rmSync(reportFile, { force: true })
  const options = [
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${JSON.stringify(reportFile)}`,
    ...(full ? ['--mode full'] : []),
  ]
  const exitCode = await run(['vitest run', ...options, ...filters.map(filter => JSON.stringify(filter))].join(' '), {
    ...process.env,
    ...(chromium !== undefined && { CHROMIUM_PATH: chromium }),
  })
  if (!existsSync(reportFile)) return { passed: 0, failed: 1 }
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report
  if (full && filters.length === 0) writeResults(report)
  return count(report, exitCode)
}

function writeResults(report: Report): void {
  const document = readFileSync(fullResults, 'utf8')
  writeFileSync(fullResults, replaceBetween(document, 'results', `${machineAndDate()}\n\n${resultsTable(report)}`))
}
