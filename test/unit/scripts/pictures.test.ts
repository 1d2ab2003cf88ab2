import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { looks } from '../../support/page-looks.ts'
import { mostPictureBytes, pictureName, themes, widths } from '../../support/pictures.ts'

const folder = resolve(import.meta.dirname, '../../e2e/screenshots')

test('each page and state is kept as a picture in each theme and width, and nothing else is, in 12 MB', () => {
  const kept = readdirSync(folder)
  const wanted = looks.flatMap(({ name }) => themes.flatMap(theme => widths.map(([width]) => pictureName(name, theme, width))))
  expect(kept.toSorted()).toEqual(wanted.toSorted())
  const bytes = kept.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)
  expect(bytes).toBeLessThanOrEqual(mostPictureBytes)
})

test('no two looks have one name, and what goes on from another stands after it', () => {
  const names = looks.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const [i, { after }] of looks.entries()) if (after !== undefined) expect(names.indexOf(after)).toBe(i - 1)
})
