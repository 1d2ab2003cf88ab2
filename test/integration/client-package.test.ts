import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { innerNames } from '../scripts/inner-names.ts'

const run = promisify(execFile)
const repository = resolve(import.meta.dirname, '../..')
const kibibyte = 1024
let folder = ''
let tarball = ''
let packed: readonly string[] = []

/** Packs what the build has made. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-package-'))
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: join(repository, 'client-sdk'),
  })
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }]
  tarball = join(folder, filename)
  packed = files.map(({ path }) => path)
  await createProject()
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the main entry is one file of at most 14 KiB when compressed', () => {
  const text = readFileSync(join(repository, 'client-sdk/lib/index.js'))
  expect(text.includes('import ')).toBe(false)
  expect(gzipSync(text, { level: 9 }).byteLength).toBeLessThanOrEqual(14 * kibibyte)
})

test('what is shortened in it is no member that users, the platform or the gateway see', () => {
  // A member stands at the beginning of its line; the names of control notifications are only used to look up their methods.
  const member = new RegExp(`^\\s*(readonly )?(${innerNames.join('|')})\\??[:(].*`, 'gm')
  const seen = [
    ...['agent-calls', 'client', 'errors', 'hooks', 'state', 'websocket', 'welcome'].map(
      name => `client-sdk/lib/types/client/${name}.d.ts`,
    ),
    ...['messages', 'method-types', 'protocol'].map(name => `schemas/src/wire/${name}.ts`),
    ...['agent', 'call', 'contract-types', 'json-rpc', 'methods', 'watch'].map(name => `schemas/src/${name}.ts`),
  ].flatMap(file => readFileSync(join(repository, file), 'utf8').match(member) ?? [])
  expect(seen.filter(line => !line.includes("'$/"))).toEqual([])
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

const program = `import { type AgentEvent, type ClientState, createClient, type Download, type ErrorKind, GatewayError, type RequestInfo } from '@halibut-gateway/client'
import { dataStream, int64, method, service } from '@halibut-gateway/client/contract'
import { type RetryOptions, retry } from '@halibut-gateway/client/retry'
import { createTestGateway } from '@halibut-gateway/client/testing'

const calculator = service('ICalculator', {
  Add: method([['a', int64], ['b', int64]], int64),
  Copy: method([['content', dataStream]], dataStream),
})
const gateway = createTestGateway()
gateway.agent('web-1').service(calculator, { Add: (a, b) => a + b, Copy: content => content })
const seen: RequestInfo[] = []
const client = createClient({ url: 'http://test', webSocket: gateway.webSocket, hooks: { onRequest: request => seen.push(request) } })
const at = (state: ClientState): string => (state.at === 'waiting' ? state.why.message : state.at)
const agentsIn = (event: AgentEvent): number => (event.type === 'removed' ? 0 : event.agents.length)
const isBusy = (kind: ErrorKind): boolean => kind === 'queue_full'
const often: RetryOptions = { attempts: 3 }
const remote = client.agent('web-1').service(calculator)
const sum: bigint = await retry(options => remote.Add(1n, 2n, options), often)
for await (const event of client.watchAgents()) if (agentsIn(event) === 1) break
const copy: Download = (await remote.Copy(new Uint8Array([1, 2, 3])))!
// @ts-expect-error text is no number
const wrong = await remote.Add('1', 2n).catch((error: unknown) => error instanceof GatewayError && error.kind)
console.log(sum, (await copy.bytes()).length, wrong, at(client.state) === 'connected' && seen.length > 2 && !isBusy('closed'))
client.close()
`

test('every link of the documents in the package leads to a file of it', () => {
  const documents = packed.filter(path => path.endsWith('.md'))
  expect(documents.toSorted()).toEqual(['README.md', 'lib/docs/CONTRACTS.md', 'lib/docs/PROTOCOL.md', 'lib/docs/REST.md'])
  for (const name of ['CONTRACTS.md', 'PROTOCOL.md', 'REST.md']) {
    const [inPackage, source] = ['client-sdk/lib/docs', 'schemas'].map(place => readFileSync(join(repository, place, name), 'utf8'))
    expect(inPackage).toBe(source)
  }
  const links = documents.flatMap(document => {
    const text = readFileSync(join(repository, 'client-sdk', document), 'utf8')
    return [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, to = '']) => posix.join(posix.dirname(document), to.replace(/#.*/, '')))
  })
  expect(links.length).toBeGreaterThan(3)
  expect(links.filter(link => !packed.some(path => path === link || path.startsWith(`${link}/`)))).toEqual([])
})

/** An empty project with the package alone, and React of this repository beside it; without React there is only what does not need it. */
async function createProject(): Promise<void> {
  const project = join(folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', version: '1.0.0', type: 'module', private: true }))
  writeFileSync(join(project, 'program.ts'), program)
  const readme = readFileSync(join(repository, 'client-sdk/README.md'), 'utf8')
  writeFileSync(join(project, 'page.tsx'), [...readme.matchAll(/```tsx\n([\s\S]*?)```/g)].map(([, block]) => block).join('\n'))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project })
  expect(readdirSync(join(project, 'node_modules')).filter(name => !name.startsWith('.'))).toEqual(['@halibut-gateway'])
}

const compile = async (resolution: string, file: string): Promise<void> => {
  const project = join(folder, 'project')
  const config = join(project, `tsconfig.${resolution}.json`)
  const compilerOptions = {
    module: resolution === 'bundler' ? 'esnext' : resolution,
    moduleResolution: resolution,
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable', 'esnext.disposable'],
    jsx: 'react-jsx',
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }))
  await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', config], { cwd: project })
}

describe.each(['bundler', 'node16', 'nodenext'])('in an empty project, resolved as %s,', resolution => {
  test('a program compiles and runs', async () => {
    await compile(resolution, 'program.ts')
    const { stdout } = await run(process.execPath, [join(folder, 'project/program.js')])
    expect(stdout.trim()).toBe('3n 3 invalid_params true')
  }, 60_000)

  test('the React components of the README compile', async () => {
    const modules = join(folder, 'project/node_modules')
    mkdirSync(join(modules, '@types'), { recursive: true })
    const needed = ['react', '@types/react', 'csstype'].filter(name => !existsSync(join(modules, name)))
    for (const name of needed) symlinkSync(join(repository, 'node_modules', name), join(modules, name))
    try {
      await compile(resolution, 'page.tsx')
    } finally {
      for (const name of needed) rmSync(join(modules, name))
    }
  }, 60_000)
})
