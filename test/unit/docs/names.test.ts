import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type MethodEntry, methods } from '@halibut-gateway/schemas'
import { facadeLimits, rightTable, ticketsPath } from '@halibut-gateway/schemas/wire'
import { expect, test } from 'vitest'
import { defaultLimits, gatewayLimits } from '../../../server/src/base/limits.ts'
import { SettingsSchema } from '../../../server/src/settings/schema.ts'

const repository = resolve(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(join(repository, file), 'utf8')
const documents = ['README.md', ...['OPERATING', 'METRICS', 'SECURITY', 'LIMITS'].map(name => `server/${name}.md`)].concat(
  ['PROTOCOL', 'REST', 'SAVED-CALLS'].map(name => `schemas/${name}.md`),
)

const entries: readonly MethodEntry[] = Object.values(methods)
const routes = [`POST ${ticketsPath}`, ...entries.flatMap(({ http }) => (http === undefined ? [] : [http.replace(' ', ' /api/v1')]))]
const patterns = routes.map(route => new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`))
/** The last three are OpenTelemetry’s. */
const known = new Set([...Object.keys(methods), ...Object.keys(rightTable), 'rpc.system', 'rpc.service', 'rpc.method'])
const families = new Set(Object.keys(methods).map(name => name.split('.')[0]))
const times = new Set([defaultLimits, gatewayLimits, facadeLimits, SettingsSchema.properties].flatMap(table => Object.keys(table)))
/** Members of messages, and of answers, that are no limits. */
const members = new Set(['timeoutMs', 'queueTimeoutMs', 'retryAfterMs', 'queuedMs', 'durationMs'])

test.each(documents)('every method, path, right and limit that %s names is there', file => {
  const text = read(file)
  const asked = [...text.matchAll(/\b(?:GET|POST|PUT|PATCH|DELETE) \/api\/v1\/[\w/.{}-]*[\w}]/g)].map(([route]) => route)
  expect(asked.filter(route => !patterns.some(pattern => pattern.test(route)))).toEqual([])
  const named = [...text.matchAll(/`(([a-z]+)\.([a-z]+))`/gi)].filter(([, , family, last]) => families.has(family) && last !== 'ts')
  expect(named.map(([, name = '']) => name).filter(name => !known.has(name))).toEqual([])
  const limits = [...text.matchAll(/`([a-z]+[A-Z]\w*(?:Ms|Bytes|Chars))`/g)].map(([, name = '']) => name)
  expect(limits.filter(name => !times.has(name) && !members.has(name))).toEqual([])
})

test('every link of these documents leads to a file, and to a heading of it', () => {
  const headings = (file: string): string[] =>
    [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\d_ -]/gu, '')
        .replaceAll(' ', '-'),
    )
  const lost = documents.flatMap(file =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].filter(([, path = '', heading]) => {
      const linked = path === '' ? file : join(dirname(file), path)
      return !existsSync(join(repository, linked)) || (heading !== undefined && !headings(linked).includes(heading))
    }),
  )
  expect(lost.map(([link]) => link)).toEqual([])
})

test('README.md leads to every document of the gateway and of what it speaks', () => {
  const all = ['server', 'schemas'].flatMap(folder => readdirSync(join(repository, folder)).map(name => `${folder}/${name}`))
  const text = read('README.md')
  expect(all.filter(file => file.endsWith('.md') && file !== 'schemas/README.md' && !text.includes(`](${file})`))).toEqual([])
})
