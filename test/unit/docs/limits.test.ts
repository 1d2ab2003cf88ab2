import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultLimits } from '../../../server/src/base/limits.ts'

test('LIMITS.md has a row for every limit, in order, with its default', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../server/LIMITS.md'), 'utf8')
  const rows = [...document.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$/gm)].map(([, name, value, unit, why]) => ({
    name,
    value,
    unit,
    why,
  }))

  expect(rows.map(({ name, value }) => [name, value])).toEqual(Object.entries(defaultLimits).map(([name, value]) => [name, shown(value)]))
  for (const { name = '', unit } of rows) expect(unit, name).toBe(unitOf(name))
})

function shown(value: number | boolean): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : String(value)
}

function unitOf(name: string): string {
  if (name.endsWith('Ms')) return 'ms'
  if (/Bytes(InFlight)?$/.test(name)) return 'bytes'
  if (name.endsWith('Chars')) return 'characters'
  return ''
}
