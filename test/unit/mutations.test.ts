import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mutations } from '../support/mutations.ts'

const repository = join(import.meta.dirname, '../..')

test('each mutation finds its line once, and the tests that are to notice it are there', () => {
  const wrong = mutations.filter(({ file, find, tests }) => {
    const found = readFileSync(join(repository, file), 'utf8').split(find).length - 1
    return found !== 1 || tests.some(each => !existsSync(join(repository, 'test', each)))
  })
  expect(wrong.map(each => each.wrong)).toEqual([])
})
