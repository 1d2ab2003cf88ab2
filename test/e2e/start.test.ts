import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient, type GatewayError } from '../../client-sdk/src/index.ts'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { until } from '../support/stream-sections.ts'

/** What `npm start` runs after the build. */
const program = fileURLToPath(new URL('../../server/dist/main.js', import.meta.url))

/** Of all that is started here, one after another: making certificates is what takes longest at a start. */
let folder: string
let browser: Browser
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'halibut-gateway-'))
  if (!existsSync(program)) throw new Error('the gateway is not built: npm run build')
  browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...chromiumArguments],
  })
})
afterAll(async () => {
  await browser.close()
  await rm(folder, { recursive: true })
})

test('npm start: a person calls both agents from the page, sees one go offline, and Ctrl-C ends every process', {
  timeout: 120_000,
}, async () => {
  await using started = await startGateway()
  const { page, problems } = await openPage(started.address)

  await page.locator('[data-agent=demo-listening][data-state=connected]').waitFor()
  await page.locator('[data-agent=demo-polling][data-state=connected]').waitFor()
  expect(page.url()).not.toContain('token')

  for (const agent of ['demo-listening', 'demo-polling']) {
    await page.locator(`[data-agent=${agent}]`).click()
    await page.getByRole('button', { name: 'Calculator' }).click()
    await page.getByRole('button', { name: 'Add int64, int64' }).click()
    await page.getByRole('textbox', { name: 'a int64' }).fill('9007199254740993')
    await page.getByRole('textbox', { name: 'b int64' }).fill(agent === 'demo-polling' ? '2' : '1')
    expect(await answerOf(page, () => page.getByRole('button', { name: 'Call Add' }).click())).toBe(
      agent === 'demo-polling' ? '9007199254740995' : '9007199254740994',
    )
    await page.getByRole('button', { name: 'Add double, double' }).click()
    await page.getByRole('textbox', { name: 'a double' }).fill('0.5')
    await page.getByRole('textbox', { name: 'b double' }).fill('0.25')
    expect(await answerOf(page, () => page.keyboard.press('Control+Enter'))).toBe('0.75')
    await page.getByRole('button', { name: 'Echo' }).click()
    await page.getByRole('button', { name: 'SayHello string' }).click()
    await page.getByRole('textbox', { name: 'name string' }).fill('Ada')
    expect(await answerOf(page, () => page.getByRole('button', { name: 'Call SayHello' }).click())).toBe(`Hello Ada, this is ${agent}`)
  }

  await page.getByRole('button', { name: 'Trouble' }).click()
  await page.getByRole('button', { name: 'Fail string' }).click()
  await page.getByRole('textbox', { name: 'message string' }).fill('on purpose')
  await page.getByRole('button', { name: 'Call Fail' }).click()
  const failed = page.locator('[data-outcome=failed]')
  await failed.waitFor()
  for (const text of ['on purpose', 'service_failed', 'response', 'executed']) expect(await failed.textContent()).toContain(text)

  await page.getByRole('button', { name: 'FileStore' }).click()
  await page
    .getByRole('button', { name: /^Upload/ })
    .first()
    .click()
  await page.getByRole('textbox', { name: 'name string' }).fill('hello.txt')
  await page
    .getByLabel('content dataStream')
    .setInputFiles({ name: 'hello.txt', mimeType: 'text/plain', buffer: Buffer.from('hello, stream') })
  expect(await answerOf(page, () => page.getByRole('button', { name: 'Call Upload' }).click())).toMatch(/Length\D*13\D/)
  await page
    .getByRole('button', { name: /^Download/ })
    .first()
    .click()
  await page.getByRole('textbox', { name: 'name string' }).fill('hello.txt')
  await page.getByRole('button', { name: 'Call Download' }).click()
  await page.getByRole('button', { name: 'Show as text' }).click()
  await page.locator('.download pre', { hasText: 'hello, stream' }).waitFor()
  await page.locator('.download', { hasText: createHash('sha256').update('hello, stream').digest('hex') }).waitFor()
  await page.getByRole('button', { name: 'Call Download' }).click()
  await page.getByRole('button', { name: 'Give up' }).click()
  await page.locator('.download', { hasText: 'given up' }).waitFor()

  process.kill(started.pidOf('demo-polling'), 'SIGKILL')
  await page.locator('[data-agent=demo-polling][data-state=offline]').waitFor()
  expect(await page.locator('[data-agent=demo-listening]').getAttribute('data-state')).toBe('connected')
  expect(started.log()).toContain('demo-polling has ended (signal SIGKILL)')
  expect(problems).toEqual([])

  const pids = [started.process.pid ?? 0, started.pidOf('demo-listening')]
  started.process.kill('SIGTERM')
  const [code] = (await once(started.process, 'exit')) as [number | null]
  expect(code).toBe(0)
  for (const pid of pids) expect(isAlive(pid)).toBe(false)
  await page.getByText('Disconnected').waitFor()
  await page.close()
})

test('state lies in one folder that only its owner can read, and a second start keeps the certificates', { timeout: 60_000 }, async () => {
  const thumbprints: string[][] = []
  for (let i = 0; i < 2; i++) {
    await using started = await startGateway()
    const { page } = await openPage(started.address)
    await page.locator('[data-agent=demo-polling][data-state=connected]').waitFor()
    await page.evaluate(() => {
      location.hash = '#/agents?columns=pin'
    })
    await page.locator('.agent-row .pin').first().waitFor()
    thumbprints.push(
      await page
        .locator('.agent-row .pin [title]')
        .evaluateAll(nodes => nodes.map(node => node.getAttribute('title') ?? '').filter(title => /^[0-9A-F]{40}$/.test(title))),
    )
    await page.close()
  }
  expect(thumbprints[0]).toHaveLength(2)
  expect(thumbprints[1]).toEqual(thumbprints[0])
  expect((await readdir(folder)).sort()).toEqual(expect.arrayContaining(['demo-listening', 'demo-polling', 'owner.lock', 'state.db']))
  expect((await stat(join(folder, 'state.db'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'demo-polling', 'identity.pem'))).mode & 0o777).toBe(0o600)
})

test('SIGTERM to npm ends the gateway of npm start, its demo agents and npm itself, and nothing of it is left', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-gateway-'))
  const npm = spawn('npm', ['start', '--silent', '--', '--port', '0', '--state-folder', folder], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, npm_config_update_notifier: 'false' },
  })
  let pids: number[] = []
  try {
    // Whatever is below it writes to this pipe as well: it is closed when the last of them is gone.
    const closed = once(npm, 'close')
    let out = ''
    npm.stdout.setEncoding('utf8')
    npm.stdout.on('data', text => {
      out += text
    })
    while (!out.includes('Ctrl-C ends everything')) await once(npm.stdout, 'data')
    pids = below(npm.pid ?? 0)
    expect(pids.length).toBeGreaterThanOrEqual(3)
    npm.kill('SIGTERM')
    await closed
    // The compiler that tsx has beside it ends a moment later.
    await until(() => !pids.some(isAlive))
  } finally {
    for (const pid of [npm.pid ?? 0, ...pids]) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
})

test('a port in use is told with its number and what to do, and nothing is left running', { timeout: 60_000 }, async () => {
  await using first = await startGateway()
  const port = new URL(first.address).port
  await using second = runMain(['--port', port, '--state-folder', join(folder, 'another')])
  const [code] = (await once(second.process, 'exit')) as [number | null]
  expect(code).toBe(1)
  expect(second.log()).toContain(`port ${port} is in use on 127.0.0.1`)
  expect(second.log()).toContain('choose another port with --port')
})

test('one Ctrl-C that comes twice, as npm hands it on, lets a call end; a second one does not', { timeout: 60_000 }, async () => {
  const slowCall = async (started: Started, sleepMs: string): Promise<{ exited: Promise<unknown[]>; answer: Promise<unknown> }> => {
    const { origin, hash } = new URL(started.address)
    const client = createClient({ url: origin, token: hash.slice('#token='.length), webSocket: nodeWebSocket, reconnect: false })
    const calls = client.watchCalls()[Symbol.asyncIterator]()
    await calls.next()
    const answer = client.agent('demo-listening').invoke('ITroubleService', 'Slow', [sleepMs])
    const settled = answer.then(({ value }) => value).catch((error: GatewayError) => error.kind)
    await calls.next()
    return { exited: once(started.process, 'exit'), answer: settled.finally(() => client.close()) }
  }
  await using patient = await startGateway()
  const first = await slowCall(patient, '1500')
  patient.process.kill('SIGINT')
  await until(() => patient.log().includes('stopping'))
  patient.process.kill('SIGINT')
  expect(await first.answer).toBe('slept 1500 ms')
  expect(await first.exited).toEqual([0, null])

  await using hasty = await startGateway()
  const second = await slowCall(hasty, '20000')
  hasty.process.kill('SIGINT')
  await setTimeout(700)
  hasty.process.kill('SIGINT')
  expect(await second.exited).toEqual([130, null])
  expect(await second.answer).toBe('connection_lost')
})

interface Running extends AsyncDisposable {
  readonly process: ChildProcess
  /** Both outputs so far. */
  log(): string
}

interface Started extends Running {
  readonly address: string
  pidOf(agent: string): number
}

/** Runs the gateway’s program. */
function runMain(flags: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', chunk => {
      text += String(chunk)
    })
  }
  return {
    process: child,
    log: () => text,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Starts the gateway on a free port and waits for its address. */
async function startGateway(): Promise<Started> {
  const running = runMain(['--port', '0', '--state-folder', folder])
  const address = await new Promise<string>((resolve, reject) => {
    const look = (): void => {
      const [found] = /http:\/\/\S+#token=\S+/.exec(running.log()) ?? []
      if (found !== undefined) resolve(found)
    }
    running.process.stdout?.on('data', look)
    running.process.once('exit', code => reject(new Error(`the gateway ended with ${code}: ${running.log()}`)))
  })
  return {
    ...running,
    address,
    pidOf: agent => Number(new RegExp(`"pid":(\\d+).*"msg":"${agent} runs"`).exec(running.log())?.[1]),
  }
}

/** Opens the page; `problems` collects what the browser complains about. */
async function openPage(address: string): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('console', message => {
    if (message.type() === 'error') problems.push(message.text())
  })
  page.on('pageerror', error => problems.push(String(error)))
  await page.goto(address)
  return { page, problems }
}

/** Makes a call in the page and gives the answer that appears there. */
async function answerOf(page: Page, call: () => Promise<unknown>): Promise<string | null> {
  const shown = page.locator('[data-call]')
  const before = (await shown.count()) > 0 ? await shown.first().getAttribute('data-call') : '0'
  await call()
  const answer = page.locator(`[data-call="${Number(before) + 1}"][data-outcome=answered]`)
  await answer.waitFor()
  return answer.getByLabel('Result').textContent()
}

/** All processes that one has begun, and those that they have. */
function below(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text
    .split(' ')
    .filter(each => each !== '')
    .flatMap(each => [Number(each), ...below(Number(each))])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
