import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { createClient, type GatewayClient } from '../../client-sdk/src/index.ts'
import { demoContracts } from '../../server/demo/contracts.ts'
import { chromiumArguments, chromiumPath } from './chromium.ts'
import { type RunningCommand, startCommand } from './command-line.ts'
import { nodeWebSocket } from './node-websocket.ts'

/** A browser for the tests of a file. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] })
}

/**
 * Resolves once a page is idle: nothing is asked for or to be drawn any more, and nothing moves that will stand still. What the gateway tells by
 * itself, such as that an agent has come, is to be waited for by what it shows.
 */
export async function idle(page: Page): Promise<void> {
  // What was done last has begun by the next frame.
  await page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)))
  await page.locator('html[data-idle]').waitFor({ state: 'attached' })
}

/** A page in a browser of its own, and what the browser complains about. */
export interface OpenedPage {
  readonly page: Page
  readonly problems: readonly string[]
}

/** A gateway of `serve` with its page, as a person has it. */
export interface PageWorld extends AsyncDisposable {
  /** Of the page, with the token. */
  readonly address: string
  /** The same without. */
  readonly url: string
  readonly token: string
  readonly thumbprint: string
  /** Where polling agents connect. */
  readonly agentAddress: string
  /** An admin. */
  readonly client: GatewayClient
  /**
   * Starts a sample agent that trusts the gateway, and gives what it tells of itself. It ends with the world. `isTwin`: with the certificate of
   * the one of this name that was started before, as a machine has whose disk was copied. `trust`: another certificate of the gateway.
   */
  startAgent(
    name: string,
    reach: readonly string[],
    options?: { readonly isTwin?: boolean; readonly trust?: string },
  ): Promise<{ command: RunningCommand; entry: Readonly<Record<string, string>> }>
  /** The files of contracts that a sample agent of this name has written. */
  contractFiles(name: string): Promise<string[]>
  /** Opens the page at a place of it, as who has `token` (default: the admin’s; empty: as nobody). Closed with the world. */
  open(browser: Browser, place?: string, options?: BrowserContextOptions & { readonly token?: string }): Promise<OpenedPage>
}

/**
 * Starts it, with the contracts of the sample services. `agents`: in its settings, beside those that are added later. `isEmpty`: without contracts too,
 * as on the first day.
 */
export async function createPageWorld({
  agents = [],
  isEmpty = false,
}: {
  readonly agents?: readonly object[]
  readonly isEmpty?: boolean
} = {}): Promise<PageWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'page-world-'))
  const contracts = await Promise.all(
    (isEmpty ? [] : demoContracts).map(async contract => {
      const path = join(folder, `${contract.service}.json`)
      await writeFile(path, JSON.stringify(contract))
      return path
    }),
  )
  const config = join(folder, 'settings.json')
  await writeFile(
    config,
    JSON.stringify({ port: 0, agentPort: 0, nextAgentPort: 0, stateFolder: join(folder, 'state'), contracts, agents }),
  )
  const gateway = startCommand(['serve', '--config', config, '--json', '--log-level', 'error'])
  const { address = '', thumbprint = '', agentAddress = '' } = await gateway.firstJson
  const [url = '', token = ''] = address.split('#token=')
  const client = createClient({ url, token, webSocket: nodeWebSocket })
  const commands: RunningCommand[] = []
  const closes: (() => Promise<void>)[] = []
  return {
    address,
    url,
    token,
    thumbprint,
    agentAddress,
    client,
    startAgent: async (name, reach, { isTwin = false, trust = thumbprint } = {}) => {
      const own = join(folder, isTwin ? `${name}-twin` : name)
      if (isTwin) {
        await mkdir(own, { mode: 0o700 })
        await copyFile(join(folder, name, 'identity.pem'), join(own, 'identity.pem'))
      }
      const flags = ['--trust', trust, '--state-folder', own, '--name', name, '--json']
      const command = startCommand(['agent', ...flags, ...reach])
      commands.push(command)
      return { command, entry: await command.firstJson }
    },
    contractFiles: async name => {
      const written = join(folder, name, 'contracts')
      return (await readdir(written)).sort().map(each => join(written, each))
    },
    open: async (browser, place = '', { token: given = token, ...options } = {}) => {
      const context = await browser.newContext(options)
      closes.push(() => context.close())
      const page = await context.newPage()
      const problems: string[] = []
      page.on('console', message => {
        if (message.type() === 'error') problems.push(message.text())
      })
      page.on('pageerror', error => problems.push(String(error)))
      const asWhom = given === '' ? '' : `${place === '' ? '#' : place.includes('?') ? '&' : '?'}token=${given}`
      await page.goto(`${url}${place}${asWhom}`)
      return { page, problems }
    },
    async [Symbol.asyncDispose]() {
      for (const close of closes) await close()
      client.close()
      for (const command of commands) await command[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}
