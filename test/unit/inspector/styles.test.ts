import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../../../server/inspector/src')

/** The classes that a file of styles says something about wherever they stand. */
function classesAlone(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*.*?\*\//gs, '')
  const selectors = [...text.matchAll(/^([^\s@}][^{}]*)\{/gm)].flatMap(([, all = '']) => all.split(','))
  return [...new Set(selectors.map(each => each.trim()).filter(each => /^\.[\w-]+$/.test(each)))]
}

test('no class has two meanings: what it looks like by itself stands in one file, and does not depend on what was loaded before', () => {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.css'))
  const said = files.flatMap(classesAlone)
  expect(said.length).toBeGreaterThan(200)
  expect(said.filter((each, at) => said.indexOf(each) !== at)).toEqual([])
})
