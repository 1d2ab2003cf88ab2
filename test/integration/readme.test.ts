import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'

const repository = join(import.meta.dirname, '../..')
const readme = readFileSync(join(repository, 'README.md'), 'utf8')

test('the README shows the examples that are run here', () => {
  const examples = ['readme-example.ts', 'readme-streams.ts'].map(name => readFileSync(join(repository, 'test/support', name), 'utf8'))
  expect([...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, example]) => example)).toEqual(examples)
})

test('the README’s first example calls a real agent and prints the answer', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await import('../support/readme-example.ts')
  expect(log.mock.calls).toEqual([['Hello, Paul!']])
})

test('the README’s second example keeps its certificate, and sends and reads data streams', async () => {
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

test('the README has the two commands', () => {
  expect(readme.split('\n')).toEqual(expect.arrayContaining(['npm ci && npm start', 'npm ci && npm test']))
})
