import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const sdk = resolve(import.meta.dirname, '../../client-sdk')
const tools = service('IToolService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  Count: method([['content', dataStream]], int64),
})

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] })
})
afterAll(() => browser.close())

/** A gateway with one agent, and the page of the plain example, on an origin of its own. */
async function openExample() {
  const gateway = await createRealGateway({
    host: agent =>
      agent.addService(tools, {
        Add: (a, b) => a + b,
        Count: async content => {
          let bytes = 0n
          await content.pump(chunk => {
            bytes += BigInt(chunk.byteLength)
            return undefined
          })
          return bytes
        },
      }),
    contracts: [tools],
  })
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname
    contentOf(path).then(
      body => response.setHeader('content-type', types[extname(path)] ?? 'text/plain').end(body),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  gateway.policy.allowOrigin(origin)
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(String(error)))
  page.on('console', message => void (message.type() === 'error' && problems.push(message.text())))
  await page.goto(`${origin}/examples/plain/index.html#gateway=${gateway.origin}&token=${gateway.token}`)
  return {
    gateway,
    page,
    problems,
    async [Symbol.asyncDispose]() {
      await page.close()
      server.closeAllConnections()
      await new Promise(closed => server.close(closed))
      await gateway[Symbol.asyncDispose]()
    },
  }
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** A file of the package. */
async function contentOf(path: string): Promise<Buffer> {
  const file = resolve(sdk, `.${path}`)
  if (!file.startsWith(sdk)) throw new Error('outside')
  return readFile(file)
}

async function add(page: Page, a: string): Promise<string> {
  const form = page.locator('form', { hasText: 'Add two numbers' })
  await form.getByLabel('a', { exact: true }).fill(a)
  await form.getByLabel('b', { exact: true }).fill('2')
  await form.locator('output').evaluate(output => {
    output.textContent = ''
  })
  await form.locator('button').click()
  await form.locator('output', { hasText: /\w/ }).waitFor()
  return String(await form.locator('output').textContent())
}

test('the plain dashboard shows agents as they change, calls one, and tells an error', async () => {
  await using opened = await openExample()
  const { page, gateway, problems } = opened
  await page.locator('li[data-state=connected]', { hasText: 'web-1' }).waitFor()
  expect(await page.locator('header [role=status]').textContent()).toBe('connected')
  expect(await add(page, '9007199254740993')).toBe('9007199254740995')
  gateway.directory.report('web-1', { type: 'missed', why: 'it did not answer' })
  await page.locator('li[data-state=suspect]').waitFor()
  gateway.directory.remove('web-1')
  gateway.directory.add({ id: 'nobody', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), disabled: true })
  await page.locator('li[data-state=disabled]').waitFor()
  expect(await add(page, '1')).toContain('agent_unavailable')
  expect(problems).toEqual([])

  // With another token it says what is wrong.
  const address = page.url().replace(gateway.token, 'hgw_wrong')
  await page.goto('about:blank')
  await page.goto(address)
  await page.locator('[role=status]', { hasText: /^failed: .*not valid.*\(/ }).waitFor()
})

test('the plain dashboard sends a file with its progress', async () => {
  await using opened = await openExample()
  const { page, problems } = opened
  await page.locator('li[data-state=connected]').waitFor()
  const form = page.locator('#upload')
  await form.locator('input').setInputFiles({ name: 'a.bin', mimeType: 'application/octet-stream', buffer: Buffer.alloc(3_000_000, 7) })
  await form.locator('button').click()
  await form.locator('output', { hasText: '3000000 bytes' }).waitFor()
  expect(await form.locator('progress').evaluate(progress => (progress as HTMLProgressElement).value)).toBe(1)
  expect(problems).toEqual([])
})

test('a file that was deleted, emptied or changed after it was chosen is a failure, and an empty file is none', async () => {
  await using opened = await openExample()
  const { page } = opened
  await page.locator('li[data-state=connected]').waitFor()
  const form = page.locator('#upload')
  const folder = await mkdtemp(join(tmpdir(), 'files-'))
  try {
    const send = async (name: string, content: string, between: (path: string) => Promise<void>): Promise<string> => {
      const path = join(folder, name)
      await writeFile(path, content)
      await form.locator('input').setInputFiles(path)
      // The browser notes when the file was changed last a moment after it was chosen, and before it is read for the first time.
      await form.locator('input').evaluate(input => (input as HTMLInputElement).files?.[0]?.arrayBuffer())
      await between(path)
      await form.locator('output').evaluate(output => {
        output.textContent = ''
      })
      await form.locator('button').click()
      return String(await form.locator('output', { hasText: /\w/ }).textContent())
    }
    expect(await send('empty.txt', '', async () => undefined)).toBe('0 bytes')
    expect(await send('deleted.txt', 'hello', path => rm(path))).toContain('stream_failed')
    expect(await send('emptied.txt', 'hello', path => writeFile(path, ''))).toContain('stream_failed')
    expect(await send('shortened.txt', 'hello', path => writeFile(path, 'he'))).toContain('stream_failed')
    expect(await send('whole.txt', 'hello', async () => undefined)).toBe('5 bytes')
  } finally {
    await rm(folder, { recursive: true })
  }
})
