import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { innerNames } from '../scripts/inner-names.ts'

const run = promisify(execFile)
const repository = resolve(import.meta.dirname, '../..')
const kibibyte = 1024
let folder = ''
let tarball = ''

/** Packs what the build has made. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-package-'))
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: join(repository, 'client-sdk'),
  })
  const [packed] = JSON.parse(stdout) as [{ filename: string }]
  tarball = join(folder, packed.filename)
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the main entry is one file of at most 14 KiB when compressed', () => {
  const text = readFileSync(join(repository, 'client-sdk/lib/index.js'))
  expect(text.includes('import ')).toBe(false)
  expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThanOrEqual(14 * kibibyte)
})

test('what is shortened in it is no member that users, the platform or the gateway see', () => {
  const isSeen = new RegExp(`\\b(${innerNames.join('|')})\\??[:(]`, 'g')
  const seen = [
    ...['agent-calls', 'client', 'errors', 'options', 'state', 'websocket'].map(name => `client-sdk/lib/types/client/${name}.d.ts`),
    ...['messages', 'method-types', 'protocol'].map(name => `schemas/src/wire/${name}.ts`),
  ]
  expect(seen.flatMap(file => readFileSync(join(repository, file), 'utf8').match(isSeen) ?? [])).toEqual([])
  const platform = [
    WebSocket,
    AbortSignal,
    Blob,
    ReadableStream,
    Response,
    URL,
    Map,
    Set,
    Promise,
    Uint8Array,
    DataView,
    Date,
    RegExp,
    Error,
  ]
  expect(platform.flatMap(({ prototype }) => innerNames.filter(name => name in prototype))).toEqual([])
})

test('the exports resolve to modules and to their types', async () => {
  const bytes = new Uint8Array(readFileSync(tarball))
  const analysis = await checkPackage(createPackageFromTarballData(bytes))
  // For CommonJS there is nothing: the package is for browsers and Node 20.
  const problems = analysis.types
    ? analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM' && kind !== 'NoResolution')
    : ['no types']
  expect(problems).toEqual([])
  const { messages, pkg } = await publint({ pkgDir: join(repository, 'client-sdk'), pack: false, strict: true })
  expect(messages.map(message => formatMessage(message, pkg ?? {}))).toEqual([])
})

const program = `import { createClient, type Download, GatewayError } from '@halibut-gateway/client'
import { dataStream, int64, method, service } from '@halibut-gateway/client/contract'
import { createTestGateway } from '@halibut-gateway/client/testing'

const calculator = service('ICalculator', {
  Add: method([['a', int64], ['b', int64]], int64),
  Copy: method([['content', dataStream]], dataStream),
})
const gateway = createTestGateway()
gateway.agent('web-1').service(calculator, { Add: (a, b) => a + b, Copy: content => content })
const client = createClient({ url: 'http://test', webSocket: gateway.webSocket })
const remote = client.agent('web-1').service(calculator)
const sum: bigint = await remote.Add(1n, 2n)
const copy: Download = (await remote.Copy(new Uint8Array([1, 2, 3])))!
// @ts-expect-error text is no number
const wrong = await remote.Add('1', 2n).catch((error: unknown) => error instanceof GatewayError && error.kind)
console.log(sum, (await copy.bytes()).length, wrong)
client.close()
`

test.each(['bundler', 'node16'] as const)(
  'an empty project compiles and runs it, resolved as %s',
  async resolution => {
    const project = join(folder, resolution)
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', version: '1.0.0', type: 'module', private: true }))
    writeFileSync(join(project, 'program.ts'), program)
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: resolution === 'bundler' ? 'esnext' : 'node16',
          moduleResolution: resolution,
          target: 'es2022',
          lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'],
          strict: true,
          exactOptionalPropertyTypes: true,
          types: [],
        },
        files: ['program.ts'],
      }),
    )
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project })
    await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', project])
    const { stdout } = await run(process.execPath, [join(project, 'program.js')], { cwd: project })
    expect(stdout.trim()).toBe('3n 3 invalid_params')
  },
  60_000,
)
