import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { longLinesOf, sentencesOf } from '../../support/prose.ts'

const repository = resolve(import.meta.dirname, '../../..')
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: repository, encoding: 'utf8' }).trim().split('\n')

test.each(documents)('%s has one sentence a line, or lines of at most 100 columns', file => {
  expect(longLinesOf(readFileSync(join(repository, file), 'utf8'))).toEqual([])
})

const long = 'words and more words '.repeat(5).trim()

test('a long line with two sentences is found, and so is a sentence that is broken after a long line', () => {
  expect(longLinesOf(`${long}. Another one.\n`)).toEqual([`1: ${long}. Another one.`])
  expect(longLinesOf(`# Heading\n\nShort. ${long}\ngoes on.\n`)).toHaveLength(1)
  expect(longLinesOf(`- an item\n  ${long}.\n`)).toHaveLength(1)
  expect(longLinesOf(`1. **Lead.** ${long}:\n   \`x\` ${long}.\n   Short. Shorter.\n`)).toEqual([])
  expect(longLinesOf(`| ${long}. ${long}. |\n\n\`\`\`text\n${long}. ${long}.\n\`\`\`\n`)).toEqual([])
})

test('code is one word of a sentence', () => {
  expect(sentencesOf('- Says `a. B` once. `Then` it ends. (Or not.) 8,000 times.')).toEqual([
    '- Says `a. B` once.',
    '`Then` it ends.',
    '(Or not.)',
    '8,000 times.',
  ])
})
