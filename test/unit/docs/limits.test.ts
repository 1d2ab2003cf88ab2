import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultLimits, gatewayLimits, gatewayRuntimeLimits } from '../../../server/src/base/limits.ts'

/** In the order of the document. */
const limits: [string, number | boolean][] = [defaultLimits, gatewayRuntimeLimits, gatewayLimits].flatMap(table => Object.entries(table))

test('LIMITS.md has a row for every limit, in order, with its default', () => {
  const document = readFileSync(join(import.meta.dirname, '../../../server/LIMITS.md'), 'utf8')
  const rows = [...document.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]*) \| ([^|]+) \|$/gm)].map(([, name, value, unit, why]) => ({
    name,
    value,
    unit,
    why,
  }))

  expect(rows.map(({ name, value }) => [name, value])).toEqual(limits.map(([name, value]) => [name, shown(value)]))
  for (const { name = '', unit } of rows) expect(unit, name).toBe(unitOf(name))
})

test('every limit is read by the code', () => {
  const folder = join(import.meta.dirname, '../../../server/src')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    file => file.endsWith('.ts') && !file.endsWith('limits.ts'),
  )
  const code = files.map(file => readFileSync(join(folder, file), 'utf8')).join('\n')
  expect(limits.filter(([name]) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([])
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
