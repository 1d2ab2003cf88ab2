import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadSettings } from '../../server/src/settings/load.ts'
import { variableOf } from '../../server/src/settings/schema.ts'
import { type Instruction, readContainerfile } from '../support/containerfile.ts'
import { tcpServer } from '../support/tcp-server.ts'

const repository = resolve(import.meta.dirname, '../..')
const [build = [], image = [], ...more] = readContainerfile(join(repository, 'server/operations/Containerfile'))
const all = (stage: Instruction[], name: string): Instruction[] => stage.filter(each => each.name === name)
const one = (name: string): Instruction => {
  const found = all(image, name)
  if (found.length !== 1 || !found[0]) throw new Error(`the image has ${found.length} of ${name}`)
  return found[0]
}
const environment = Object.fromEntries(one('ENV').words.map(word => word.split('=') as [string, string]))
const defaults = loadSettings({ flags: [], environment: {} })
const stateFolder = environment[variableOf('stateFolder')] ?? ''

test('the image has two stages: what builds stays in the first, what runs is not root and has its state in a volume', () => {
  expect([more, all(image, 'FROM')[0]?.words.length, all(build, 'FROM')[0]?.words.slice(1)]).toEqual([[], 1, ['AS', 'build']])
  const at = image.findIndex(({ name }) => name === 'USER')
  expect(['root', '0']).not.toContain(one('USER').words[0])
  expect(image.slice(at).map(({ name }) => name)).not.toContain('RUN')
  expect(one('VOLUME').words).toEqual([stateFolder])
  // The volume is made with the rights of the folder in the image.
  expect(one('RUN').text).toContain(`install -d -m 0700 -o ${one('USER').text} -g ${one('USER').text} ${stateFolder}`)
  expect(one('EXPOSE').words).toEqual([String(defaults.port), String(defaults.agentPort)])
  expect(one('STOPSIGNAL').words).toEqual(['SIGTERM'])
  expect([...one('ENTRYPOINT').words, ...one('CMD').words]).toEqual(['halibut-gateway', 'serve'])
})

test('all that is copied into it is there, in a clone, and is not left out', async () => {
  const { stdout } = await promisify(execFile)('git', ['ls-files'], { cwd: repository })
  const kept = stdout.split('\n')
  const ignored = readFileSync(join(repository, '.dockerignore'), 'utf8').trim().split('\n')
  for (const { words, flags } of [...all(build, 'COPY'), ...all(image, 'COPY')]) {
    const inClone = flags['from'] === undefined
    for (const word of words.slice(0, -1)) {
      const path = inClone ? word : word.replace(/^\/build\//, '')
      if (path === 'node_modules') continue
      expect(
        kept.some(file => file === path || file.startsWith(`${path}/`)),
        path,
      ).toBe(true)
      expect(
        ignored.some(pattern => path === pattern || path.startsWith(`${pattern}/`)),
        path,
      ).toBe(false)
    }
  }
  // What the second stage takes is what the first one has.
  const workdir = all(build, 'WORKDIR')[0]?.text
  const had = all(build, 'COPY').flatMap(({ words }) => words.slice(0, -1))
  for (const { words } of all(image, 'COPY')) {
    const [from = ''] = words
    expect([`${workdir}/node_modules`, ...had.map(path => `${workdir}/${path}`)]).toContain(from)
  }
  const scripts = (JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts
  for (const { text } of all(build, 'RUN')) {
    const [, script] = /^npm run (\S+)$/.exec(text) ?? []
    expect(script === undefined ? /^npm ci /.test(text) : scripts[script] !== undefined, text).toBe(true)
  }
})

test('what it runs serves, is healthy, ends on SIGTERM and has written to its volume alone', { timeout: 120_000 }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'container-'))
  const inRoot = (path: string): string => join(root, path)
  try {
    // The first stage is what the build has made in this repository.
    for (const { words } of all(image, 'COPY')) {
      const [from = '', to = ''] = words
      await mkdir(dirname(inRoot(to)), { recursive: true })
      await symlink(join(repository, from.replace(/^\/build\//, '')), inRoot(to))
    }
    await mkdir(inRoot('usr/local/bin'), { recursive: true })
    const user = await promisify(execFile)('id', ['-un'])
    const group = await promisify(execFile)('id', ['-gn'])
    const run = one('RUN')
      .text.replaceAll(/(?<= )\/(opt|usr|var)\//g, `${root}/$1/`)
      .replace('-o node -g node', `-o ${user.stdout.trim()} -g ${group.stdout.trim()}`)
    await promisify(execFile)('sh', ['-ec', run])
    const folder = inRoot(stateFolder)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)

    const [port, agentPort] = [await freePort(), await freePort()]
    const env = {
      ...environment,
      PATH: `${inRoot('usr/local/bin')}:${dirname(process.execPath)}:/usr/bin:/bin`,
      [variableOf('stateFolder')]: folder,
      [variableOf('port')]: String(port),
      [variableOf('agentPort')]: String(agentPort),
    }
    const [check = '', ...checkArgs] = one('HEALTHCHECK').words.map(word => word.replace(`:${defaults.port}/`, `:${port}/`))
    const isHealthy = () =>
      promisify(execFile)(check, checkArgs, { env }).then(
        () => true,
        () => false,
      )
    expect(await isHealthy()).toBe(false)
    const [entry = '', ...args] = [...one('ENTRYPOINT').words, ...one('CMD').words]
    const child = spawn(entry, args, { env, cwd: inRoot(one('WORKDIR').text), stdio: ['ignore', 'pipe', 'ignore'] })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    expect(await isHealthy()).toBe(true)
    child.kill(one('STOPSIGNAL').text as NodeJS.Signals)
    expect(await exited).toEqual([0, null])
    expect(await readdir(folder)).toContain('state.db')
    const links = (await readdir(root, { recursive: true, withFileTypes: true })).filter(each => each.isFile())
    expect(links.every(({ parentPath }) => parentPath.startsWith(folder))).toBe(true)
  } finally {
    await rm(root, { recursive: true })
  }
})

test('compose runs it with a root that is read-only, without capabilities, and long enough for what runs to end', () => {
  const folder = join(repository, 'server/operations')
  const { services } = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as { services: { gateway: Record<string, unknown> } }
  const { build: from, ...gateway } = services.gateway
  const { context, dockerfile } = from as { context: string; dockerfile: string }
  expect(existsSync(join(resolve(folder, context), dockerfile))).toBe(true)
  expect(gateway).toMatchObject({
    read_only: true,
    tmpfs: ['/tmp'],
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    volumes: [`state:${stateFolder}`],
    ports: [`127.0.0.1:${defaults.port}:${defaults.port}`, `${defaults.agentPort}:${defaults.agentPort}`],
  })
  expect(Number.parseInt(String(gateway['stop_grace_period']), 10) * 1_000).toBeGreaterThan(defaults.drainMs)
})

test('the files for nginx and Caddy say the same of the gateway and of its address', () => {
  const [nginx = '', caddy = ''] = ['nginx.conf', 'Caddyfile'].map(file =>
    readFileSync(join(repository, 'server/operations', file), 'utf8'),
  )
  for (const text of [nginx, caddy]) {
    expect(text).toContain(`127.0.0.1:${defaults.port}`)
    expect(text).toContain('# Its settings: publicUrl https://gateway.example/gw/ and trustedProxies loopback.')
  }
  expect(caddy).toMatch(
    /^gateway\.example \{\n\tredir \/gw \/gw\/ 308\n\thandle_path \/gw\/\* \{\n\t\treverse_proxy 127\.0\.0\.1:8642\n\t\}\n\trespond 404\n\}$/m,
  )
})

async function freePort(): Promise<number> {
  await using server = await tcpServer(() => undefined)
  return server.port
}
