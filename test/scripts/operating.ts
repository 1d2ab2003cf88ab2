import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exitCodes } from '../../server/src/cli/exit-codes.ts'
import { settingsTable } from '../../server/src/settings/show.ts'
import { replaceBetween } from './document.ts'

/** Writes the parts of OPERATING.md that are made of the code and of the files beside it; a test holds them to these. */
const server = resolve(import.meta.dirname, '../../server')
const path = resolve(server, 'OPERATING.md')
/** Files of operations that are shown whole: their names, and in which language. */
const shownFiles = [
  ['nginx', 'nginx.conf', 'nginx'],
  ['caddy', 'Caddyfile', 'text'],
  ['systemd', 'halibut-gateway.service', 'ini'],
  ['container', 'Containerfile', 'dockerfile'],
] as const

/** The document as it should be. */
export function operatingDocument(document: string): string {
  const rows = Object.values(exitCodes).map(({ code, meaning }) => `| ${code} | ${meaning} |`)
  const codes = ['| code | what it says |', '| --- | --- |', ...rows].join('\n')
  const tables = replaceBetween(replaceBetween(document, 'settings', settingsTable()), 'exit-codes', codes)
  return shownFiles.reduce((text, [place, file, language]) => {
    const content = readFileSync(resolve(server, 'operations', file), 'utf8').trimEnd()
    return replaceBetween(text, place, `\`\`\`${language}\n${content}\n\`\`\``)
  }, tables)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(path, operatingDocument(readFileSync(path, 'utf8')))
