import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { createServer } from 'vite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { loadSettings } from '../../server/src/settings/load.ts'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'

const repository = resolve(import.meta.dirname, '../..')
/** What `npm start` runs after the build. */
const program = join(repository, 'server/dist/main.js')

let browser: Browser
beforeAll(async () => {
  if (!existsSync(program)) throw new Error('the gateway is not built: npm run build')
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] })
})
afterAll(() => browser.close())

/** What `npm start` starts, in a folder of its own, on any free port. */
async function startGateway() {
  const folder = await mkdtemp(join(tmpdir(), 'example-'))
  const gateway = spawn(process.execPath, [program, '--port', '0', '--state-folder', folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const address = await new Promise<URL>((found, reject) => {
    const look = (text: Buffer): void => {
      output += text
      const [shown] = /http:\/\/\S+#token=\S+/.exec(output) ?? []
      if (shown) found(new URL(shown))
    }
    gateway.stdout.on('data', look)
    gateway.stderr.on('data', look)
    gateway.once('exit', code => reject(new Error(`the gateway ended with ${code}: ${output}`)))
  })
  return {
    address,
    async [Symbol.asyncDispose]() {
      const ended = once(gateway, 'exit')
      gateway.kill('SIGTERM')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The example as `npm run example` serves it, for a gateway at `origin`. */
async function serveExample(origin: string) {
  vi.stubEnv('GATEWAY', origin)
  const cacheDir = await mkdtemp(join(tmpdir(), 'vite-'))
  const server = await createServer({
    configFile: join(repository, 'client-sdk/examples/react/vite.config.js'),
    cacheDir,
    logLevel: 'silent',
    server: { port: 0, hmr: false, watch: null },
  })
  await server.listen()
  return {
    url: server.resolvedUrls?.local[0] ?? '',
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs()
      await server.close()
      await rm(cacheDir, { recursive: true, force: true })
    },
  }
}

test('the React example works beside npm start as it stands: it needs the token, and no setting', { timeout: 120_000 }, async () => {
  await using gateway = await startGateway()
  await using example = await serveExample(gateway.address.origin)
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(String(error)))
  page.on('console', message => void (message.type() === 'error' && problems.push(message.text())))
  await page.goto(`${example.url}${gateway.address.hash}`)
  await page.locator('li[data-state=connected]', { hasText: 'Listening demo' }).waitFor()
  await page.locator('li[data-state=connected]', { hasText: 'Polling demo' }).waitFor()
  expect(await page.locator('header [role=status]').textContent()).toBe('connected')
  const output = page.locator('output')
  for (const [agent, a, sum] of [
    ['demo-listening', '9007199254740993', '9007199254740995'],
    ['demo-polling', '40', '42'],
  ] as const) {
    await page.getByLabel('Agent').selectOption(agent)
    await page.getByLabel('a', { exact: true }).fill(a)
    await page.getByLabel('b', { exact: true }).fill('2')
    await page.getByRole('button').click()
    await output.filter({ hasText: sum }).waitFor()
    expect([await page.getByLabel('Agent').inputValue(), await page.getByLabel('a', { exact: true }).inputValue()]).toEqual([agent, a])
  }
  // The styles of both examples are there.
  expect(await page.locator('header').evaluate(header => getComputedStyle(header).display)).toBe('flex')
  await page.getByLabel('a', { exact: true }).fill('9223372036854775808')
  await page.getByRole('button').click()
  await output.filter({ hasText: 'invalid_params' }).waitFor()
  await page.getByLabel('a', { exact: true }).fill('one')
  await page.getByRole('button').click()
  await output.filter({ hasText: /^SyntaxError: .*one/ }).waitFor()
  expect(problems).toEqual([])

  // Without the token it says what is missing.
  await page.goto('about:blank')
  await page.goto(example.url)
  await page.locator('[role=status]', { hasText: 'token' }).waitFor()
  await page.close()
})

test('without GATEWAY the example looks where npm start has its gateway', async () => {
  const { port } = loadSettings({ flags: [], environment: {} })
  const server = await createServer({
    configFile: join(repository, 'client-sdk/examples/react/vite.config.js'),
    logLevel: 'silent',
    server: { middlewareMode: true, hmr: false, watch: null },
    optimizeDeps: { noDiscovery: true, include: [] },
  })
  try {
    const { '/rpc': rpc } = server.config.server.proxy ?? {}
    expect(rpc).toMatchObject({ target: `http://127.0.0.1:${port}`, ws: true })
  } finally {
    await server.close()
  }
})
