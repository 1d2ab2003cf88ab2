import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type ConformanceRow, conformanceRows } from '../support/conformance-rows.ts'
import { replaceBetween } from './document.ts'

/** Which tests show a row: `file: name`, without the id. */
export type ConformanceTests = Partial<Record<ConformanceRow, { readonly file: string; readonly name: string }[]>>

const repository = resolve(import.meta.dirname, '../..')
/** The document that holds the table. */
export const conformanceDocument = join(repository, 'server/HALIBUT.md')

const testName = /\(\s*(['"`])([TICMDRQLPK]\d\d) (.*?)\1/g

/** Finds the tests whose names begin with a row's id, by reading the sources of the tests. */
export function findConformanceTests(folder: string = join(repository, 'test')): ConformanceTests {
  const found: ConformanceTests = {}
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.test.ts'))
  for (const file of files.toSorted()) {
    for (const [, , row = '', name = ''] of readFileSync(join(folder, file), 'utf8').matchAll(testName)) {
      if (!isRow(row)) throw new Error(`${file}: ${row} is no row of the conformance table`)
      const tests = found[row] ?? []
      tests.push({ file: file.replaceAll('\\', '/'), name })
      found[row] = tests
    }
  }
  return found
}

/** The rows that no test shows. */
export function missingRows(found: ConformanceTests): ConformanceRow[] {
  return rows().filter(row => found[row] === undefined)
}

/** The table for the document: row, what it demands, and the tests that show it. */
export function conformanceTable(found: ConformanceTests): string {
  const lines = rows().map(row => {
    const tests = (found[row] ?? []).map(({ file, name }) => `\`${file}\`: ${escapeCell(name)}`)
    return `| ${row} | ${escapeCell(conformanceRows[row])} | ${tests.join('<br>')} |`
  })
  return ['| row | what | shown by (below `test/`) |', '| --- | --- | --- |', ...lines].join('\n')
}

function rows(): ConformanceRow[] {
  return Object.keys(conformanceRows).filter(isRow)
}

function isRow(text: string): text is ConformanceRow {
  return Object.hasOwn(conformanceRows, text)
}

/** Names are shown as the source has them, but for what a table cell cannot hold. */
function escapeCell(text: string): string {
  return text.replaceAll('\\', '').replaceAll('|', '\\|').replaceAll('<', '&lt;')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findConformanceTests()
  writeFileSync(conformanceDocument, replaceBetween(readFileSync(conformanceDocument, 'utf8'), 'conformance', conformanceTable(found)))
  const missing = missingRows(found)
  if (missing.length > 0) {
    console.error(`no test shows ${missing.join(', ')}`)
    process.exitCode = 1
  }
}
