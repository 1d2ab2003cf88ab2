import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const repository = resolve(import.meta.dirname, '../..')
const packages = ['server', 'schemas'] as const
const tarballs: Record<string, string> = {}
let project = ''

/** Packs what the build has made, and unpacks it in a project that finds all other packages in this repository. */
beforeAll(async () => {
  mkdirSync(join(repository, 'test/.results'), { recursive: true })
  project = mkdtempSync(join(repository, 'test/.results/server-package-'))
  for (const name of packages) {
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
      cwd: join(repository, name),
    })
    const [packed] = JSON.parse(stdout) as [{ filename: string }]
    const tarball = join(project, packed.filename)
    tarballs[name] = tarball
    const folder = join(project, 'node_modules/@halibut-gateway', name)
    mkdirSync(folder, { recursive: true })
    await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', folder])
    // What npm has put beside the package and not beside the repository.
    const beside = join(repository, name, 'node_modules')
    if (existsSync(beside)) symlinkSync(beside, join(folder, 'node_modules'))
  }
}, 60_000)

afterAll(() => rmSync(project, { recursive: true, force: true }))

test.each(packages)('the exports of %s resolve to modules and to their types', async name => {
  const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarballs[name] ?? ''))))
  // For CommonJS there is nothing: the packages are for Node 20.
  const problems = analysis.types
    ? analysis.problems.filter(({ kind }) => kind !== 'CJSResolvesToESM' && kind !== 'NoResolution')
    : ['no types']
  expect(problems).toEqual([])
  const { messages, pkg } = await publint({ pkgDir: join(repository, name), pack: false, strict: true })
  expect(messages.map(message => formatMessage(message, pkg ?? {}))).toEqual([])
})

test.each(packages)('the package of %s has its licence and a README, whose links lead to what is in it', name => {
  const folder = join(project, 'node_modules/@halibut-gateway', name)
  expect(readFileSync(join(folder, 'LICENSE'), 'utf8')).toBe(readFileSync(join(repository, 'LICENSE'), 'utf8'))
  const readme = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(readme).toContain(`# @halibut-gateway/${name}`)
  const links = [...readme.matchAll(/\]\(([^)#:]+)/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(2)
  for (const link of links) expect(existsSync(join(folder, link)), link).toBe(true)
})

test('what OPERATING.md has for the machine around a gateway is in the package', () => {
  const folder = join(project, 'node_modules/@halibut-gateway/server')
  const shown = [...readFileSync(join(folder, 'OPERATING.md'), 'utf8').matchAll(/\]\((operations\/[^)]+)\)/g)].map(([, file = '']) => file)
  expect(shown).toContain('operations/halibut-gateway.service')
  for (const file of shown) expect(existsSync(join(folder, file)), file).toBe(true)
})

const program = `import {
  type CallContext, createSelfSignedCertificate, DataStream, dataStream, HalibutRuntime, int64, method, service, string,
} from '@halibut-gateway/server'

const contract = service('IFileService', {
  Add: method([['a', int64], ['b', int64]], int64),
  Length: method([['content', dataStream]], int64),
  Caller: method([], string),
})
const [ours, theirs] = await Promise.all([createSelfSignedCertificate(), createSelfSignedCertificate()])
const agent = new HalibutRuntime({ certificate: theirs, trust: [ours.thumbprint] })
agent.addService(contract, {
  Add: (a, b) => a + b,
  async Length(content) {
    let length = 0n
    for await (const chunk of content) length += BigInt(chunk.byteLength)
    return length
  },
  Caller: (context: CallContext) => context.thumbprint ?? '',
})
const { port } = await agent.listen()
const caller = new HalibutRuntime({ certificate: ours })
const client = caller.createClient(contract, { uri: \`https://localhost:\${port}\`, thumbprint: theirs.thumbprint })
const sum: bigint = await client.Add(1n, 2n)
const length: bigint = await client.Length(DataStream.from('£1'))
console.log(sum, length, (await client.Caller()) === ours.thumbprint)
await Promise.all([caller.close(), agent.close()])
`

test('a service author needs one import: a project compiles and runs it', async () => {
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'service', version: '1.0.0', type: 'module', private: true }))
  writeFileSync(join(project, 'program.ts'), program)
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        module: 'node16',
        moduleResolution: 'node16',
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable'],
        strict: true,
        exactOptionalPropertyTypes: true,
        types: ['node'],
      },
      files: ['program.ts'],
    }),
  )
  await run(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc'), '-p', project])
  const { stdout } = await run(process.execPath, [join(project, 'program.js')], { cwd: project })
  expect(stdout.trim()).toBe('3n 3n true')
}, 60_000)

test('the command runs out of the package: it has the page, and the sample services', { timeout: 60_000 }, async () => {
  const program = join(project, 'node_modules/@halibut-gateway/server/bin/halibut-gateway.js')
  const { stdout } = await run(process.execPath, [program, 'version', '--json'])
  const { version } = JSON.parse(readFileSync(join(repository, 'server/package.json'), 'utf8')) as { version: string }
  expect(JSON.parse(stdout)).toEqual({ version, node: process.version })
  const start = async (...args: string[]) => {
    const child = spawn(process.execPath, [program, ...args, '--json'], { cwd: project, stdio: ['ignore', 'pipe', 'ignore'] })
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const end = async (): Promise<number | null> => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      return ((await exited) as [number | null])[0]
    }
    return { told: JSON.parse(line.toString()) as Record<string, string>, end }
  }
  const gateway = await start('serve', '--port', '0', '--agent-port', '0')
  const agent = await start('agent', '--trust', gateway.told['thumbprint'] ?? '', '--poll', gateway.told['agentAddress'] ?? '')
  expect(agent.told).toMatchObject({ id: 'sample', uri: 'poll://sample/' })
  const page = await fetch(gateway.told['address'] ?? '')
  expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')])
  expect([await agent.end(), await gateway.end()]).toEqual([0, 0])
})
