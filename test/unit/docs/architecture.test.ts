import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const repository = resolve(import.meta.dirname, '../../..')
const document = readFileSync(join(repository, 'server/ARCHITECTURE.md'), 'utf8')
const sources = readdirSync(join(repository, 'server/src'), { recursive: true, encoding: 'utf8' }).map(file => file.replaceAll('\\', '/'))

test('every file that ARCHITECTURE.md names is there', () => {
  const named = [...document.matchAll(/`([\w/.-]+\.ts|\w+\/)`/g)].map(([, name = '']) => name.replace(/\/$/, ''))
  expect(named.length).toBeGreaterThan(50)
  const isThere = (name: string): boolean =>
    existsSync(join(repository, name)) || sources.some(file => file === name || file.endsWith(`/${name}`))
  expect(named.filter(name => !isThere(name))).toEqual([])
})

test('every place that ARCHITECTURE.md links to is there', () => {
  const linked = [...document.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path)
  expect(linked.filter(path => !existsSync(join(repository, 'server', path)))).toEqual([])
})

test('every folder of the sources has a place in ARCHITECTURE.md, and every script of the repository that is for people', () => {
  const folders = readdirSync(join(repository, 'server/src'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  expect(folders.map(({ name }) => name).filter(name => !document.includes(`\`${name}\``) && !document.includes(`${name}:`))).toEqual([])
  const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const command = (name: string): string => (name === 'test' || name === 'start' ? `npm ${name}` : `npm run ${name}`)
  expect(Object.keys(scripts).filter(name => !document.includes(command(name)))).toEqual([])
})
