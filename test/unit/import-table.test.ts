import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { checkImportTable } from '../scripts/import-table.ts'

/** A repository of a few files, gone at the end of its scope. */
async function createRepository(files: Record<string, string>): Promise<{ folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'import-table-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

test('what the import table forbids is reported, and what it allows is not', async () => {
  await using repository = await createRepository({
    'schemas/src/wire/frames.ts': `import { a } from '../methods.ts'\nexport const b = a\n`,
    'schemas/src/methods.ts': 'export const a = 1\nexport type A = number\n',
    'client-sdk/src/connection.ts': `import { connect } from 'node:net'\nimport type { A } from '../../schemas/src/methods.ts'\nexport const c: A = connect.length\n`,
    'client-sdk/src/client.ts': `import { a } from '../../schemas/src/methods.ts'\nexport const d = a\n`,
    'server/src/base/errors.ts': `import { a } from '../../../schemas/src/methods.ts'\nexport const e = a\n`,
    'server/src/codec/bson.ts': `import { dial } from '../socket/dial.ts'\nexport const f = dial\n`,
    'server/src/socket/dial.ts': `import { connect } from 'node:tls'\nimport { e } from '../base/errors.ts'\nexport const dial = [connect, e]\n`,
    'server/src/runtime/runtime.ts': `import { connect } from 'node:tls'\nimport { g } from './pool.ts'\nexport const h = [connect, g]\n`,
    'server/src/runtime/pool.ts': `import { h } from './runtime.ts'\nexport const g = h\n`,
    'server/src/elsewhere/other.ts': `import { e } from '../base/errors.ts'\nexport const i = e\n`,
    'server/src/codec/types.ts': `import type { h } from '../runtime/pool.ts'\nexport type J = typeof h\n`,
  })

  const { modules, violations } = await checkImportTable(repository.folder)

  expect(modules).toBe(11)
  expect(violations).toEqual([
    'client-sdk/src: imports only what its row lists: client-sdk/src/client.ts imports schemas/src/methods.ts',
    'client-sdk/src: runs without Node: client-sdk/src/connection.ts imports net',
    'every place has a row: server/src/elsewhere/other.ts imports server/src/base/errors.ts',
    'no cycles: server/src/runtime/pool.ts imports server/src/runtime/runtime.ts',
    'only server/src/socket opens sockets: client-sdk/src/connection.ts imports net',
    'only server/src/socket opens sockets: server/src/runtime/runtime.ts imports tls',
    'schemas/src/wire: imports only what its row lists: schemas/src/wire/frames.ts imports schemas/src/methods.ts',
    'server/src/codec: imports only what its row lists: server/src/codec/bson.ts imports server/src/socket/dial.ts',
    'server/src/codec: imports only what its row lists: server/src/codec/types.ts imports server/src/runtime/pool.ts',
  ])
})

test('Fastify is seen by the gateway alone', async () => {
  const fastify = `import { fastify } from 'fastify'\nexport const a = fastify\n`
  await using repository = await createRepository({
    'node_modules/fastify/package.json': '{ "name": "fastify", "main": "fastify.js" }',
    'node_modules/fastify/fastify.js': 'exports.fastify = 1',
    'package.json': '{ "dependencies": { "fastify": "5" } }',
    'server/src/gateway/app.ts': fastify,
    'server/src/runtime/runtime.ts': fastify,
  })

  const { violations } = await checkImportTable(repository.folder)

  expect(violations).toEqual([
    'server/src/runtime: imports only what its row lists: server/src/runtime/runtime.ts imports node_modules/fastify/fastify.js',
  ])
})

test('a table that saw no module fails', async () => {
  await using repository = await createRepository({ 'schemas/src/notes.md': 'nothing to read here' })

  await expect(checkImportTable(repository.folder)).rejects.toThrow('saw no module')
})

test('the queue knows neither connections nor callers, and only two files of the runtime open connections', async () => {
  const dial = `import { dial } from '../socket/dial.ts'\nexport const a = dial\n`
  await using repository = await createRepository({
    'server/src/socket/dial.ts': 'export const dial = 1\n',
    'server/src/runtime/connections.ts': dial,
    'server/src/runtime/runtime.ts': dial,
    'server/src/runtime/queue/memory-queue.ts': `import { a } from '../connections.ts'\nexport const b = a\n`,
  })

  const { violations } = await checkImportTable(repository.folder)

  expect(violations).toEqual([
    'server/src/runtime/queue: imports only what its row lists: server/src/runtime/queue/memory-queue.ts imports server/src/runtime/connections.ts',
    'server/src/runtime: imports only what its row lists: server/src/runtime/runtime.ts imports server/src/socket/dial.ts',
  ])
})
