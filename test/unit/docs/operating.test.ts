import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { RefusalCauseSchema } from '@halibut-gateway/schemas'
import { expect, test } from 'vitest'

test('OPERATING.md says of every cause of a refusal what to do, and of no other', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../../server/OPERATING.md'), 'utf8')
  const table = text.slice(text.indexOf('<!-- causes -->'), text.indexOf('<!-- /causes -->'))
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(match => match[1])
  expect(told).toEqual(RefusalCauseSchema.anyOf.map(each => each.const))
})
