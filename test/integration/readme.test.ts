import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

const repository = join(import.meta.dirname, '../..')
const readme = readFileSync(join(repository, 'README.md'), 'utf8')

test('the README shows the example that is run here', () => {
  const example = readFileSync(join(repository, 'test/support/readme-example.ts'), 'utf8')
  expect(/```ts\n([\s\S]*?)```/.exec(readme)?.[1]).toBe(example)
})

test('the README’s example calls a real agent and prints the answer', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await import('../support/readme-example.ts')
  expect(log.mock.calls).toEqual([['Hello, Paul!']])
})

test('the README has the two commands', () => {
  expect(readme.split('\n')).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']))
})
