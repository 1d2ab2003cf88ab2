import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { RefusalCauseSchema } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'
import { logLines } from '../../support/log-lines.ts'

const document = readFileSync(resolve(import.meta.dirname, '../../../server/OPERATING.md'), 'utf8')

test('OPERATING.md says of every cause of a refusal what to do, and of no other', () => {
  const table = document.slice(document.indexOf('<!-- causes -->'), document.indexOf('<!-- /causes -->'))
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1])
  expect(told).toEqual(RefusalCauseSchema.anyOf.map(each => each.const))
})

test('OPERATING.md says of every line of the log what it means, and of no other', () => {
  const table = document.slice(document.indexOf('<!-- log -->'), document.indexOf('<!-- /log -->'))
  const told = [...table.matchAll(/^\| (\S+) \| `(.*?)` \| \S.* \|$/gm)].map(([, level, message]) => `${level} ${message}`)
  const written = logLines().map(({ level, message }) => `${level} ${message}`)
  expect(new Set(told).size).toBe(told.length)
  expect(told.sort(), 'each line that the code writes has a row between <!-- log --> and <!-- /log -->').toEqual(
    [...new Set(written)].sort(),
  )
})
