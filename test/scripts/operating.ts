import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exitCodes } from '../../server/src/cli/exit-codes.ts'
import { settingsTable } from '../../server/src/settings/show.ts'
import { replaceBetween } from './document.ts'

/** Writes the tables of OPERATING.md that are made of the code; a test holds them to it. */
const path = resolve(import.meta.dirname, '../../server/OPERATING.md')

/** The document as it should be. */
export function operatingDocument(document: string): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`)
  const codes = ['| code | what it says |', '| --- | --- |', ...rows].join('\n')
  return replaceBetween(replaceBetween(document, 'settings', settingsTable()), 'exit-codes', codes)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(path, operatingDocument(readFileSync(path, 'utf8')))
