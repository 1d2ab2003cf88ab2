import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

const repository = join(import.meta.dirname, '../..')
const readme = readFileSync(join(repository, 'README.md'), 'utf8')

test('the READMEs show the examples that are run here', () => {
  for (const [file, example] of [
    ['README.md', 'readme-example.ts'],
    ['server/README.md', 'readme-streams.ts'],
  ] as const) {
    const text = readFileSync(join(repository, file), 'utf8')
    const shown = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code)
    expect(shown, file).toEqual([readFileSync(join(repository, 'test/support', example), 'utf8')])
  }
})

test('the README’s first example calls a real agent and prints the answer', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await import('../support/readme-example.ts')
  expect(log.mock.calls).toEqual([['Hello, Paul!']])
})

test('the example of the server’s README keeps its certificate, and sends and reads data streams', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  try {
    const file = join(folder, 'identity.pem')
    vi.stubEnv('IDENTITY_FILE', file)
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    log.mockClear()
    await import('../support/readme-streams.ts')
    expect(log.mock.calls).toEqual([[5n], [24]])
    const first = await readFile(file, 'utf8')
    vi.resetModules()
    await import('../support/readme-streams.ts')
    expect(await readFile(file, 'utf8')).toBe(first)
  } finally {
    vi.unstubAllEnvs()
    await rm(folder, { recursive: true })
  }
})

test('the README has the commands of the first hour', () => {
  const commands = [
    'npm ci && npm run build',
    'export PATH="$PWD/node_modules/.bin:$PATH"',
    'halibut-gateway serve',
    'npm ci && npm start',
    'npm ci && npm test',
  ]
  expect(readme.split('\n')).toEqual(expect.arrayContaining(commands))
})
