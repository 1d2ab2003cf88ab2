import { AxeBuilder } from '@axe-core/playwright'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, idle, launchBrowser, type PageWorld } from '../support/page-world.ts'

const services = ['ICalculatorService', 'IEchoService', 'ITroubleService']
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [
      { id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40), services },
      { id: 'refused-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services, limits: { retryCountLimit: 1 } },
      { id: 'nowhere-1', uri: 'https://nowhere.invalid:10933/', thumbprint: 'A'.repeat(40), services, limits: { retryCountLimit: 1 } },
    ],
  })
  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services, tags: ['role=web'] })
  await world.client.request('agents.add', { agent: 'wrong-1', uri, thumbprint: 'C'.repeat(40), services })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const tab = (page: Page, name: string) => page.getByRole('navigation', { name: 'What of this agent' }).getByRole('link', { name })
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

/** Makes a call that fails, as a program would. */
async function fail(agent: string, of = 'IEchoService', name = 'SayHello', args: unknown[] = ['you'], timeoutMs?: number): Promise<void> {
  await world.client
    .agent(agent)
    .invoke(of, name, args, timeoutMs === undefined ? {} : { timeoutMs })
    .then(
      () => {
        throw new Error('it was answered')
      },
      () => undefined,
    )
}

const failures = [
  [
    'a refused connection',
    'refused-1',
    () => fail('refused-1'),
    'connect_refused',
    /While the connection/,
    /^Nothing\./,
    /refused|listens/,
    /agent/,
  ],
  [
    'a host that nobody knows',
    'nowhere-1',
    () => fail('nowhere-1'),
    /host_not_found|connect_failed/,
    /While the connection/,
    /^Nothing\./,
    /nowhere\.invalid|name/i,
    /.+/,
  ],
  [
    'a wrong pin',
    'wrong-1',
    () => fail('wrong-1'),
    'thumbprint_mismatch',
    /In the TLS handshake/,
    /^Nothing\./,
    /A certificate that is not the pinned one/,
    /ompare/,
  ],
  [
    'an error of the service',
    'web-1',
    () => fail('web-1', 'ITroubleService', 'Fail', ['out of paper']),
    'service_failed',
    /At the agent/,
    /the agent did run it/,
    /^out of paper$/,
    /.+/,
  ],
  [
    'a deadline',
    'gone-1',
    () => fail('gone-1', 'IEchoService', 'SayHello', ['you'], 50),
    'deadline_exceeded',
    /waited for a connection/,
    /^Nothing\./,
    /has not connected yet/,
    /start the agent/i,
  ],
] as const

test.each(failures)(
  '%s is explained: where it failed, what was sent, what came and what to do, under an address of its own',
  {
    timeout: 60_000,
  },
  async (_name, agent, make, kind, where, sent, came, next) => {
    await make()
    const { page, problems } = await world.open(browser, `#/agent/${agent}/activity`)
    const errors = region(page, 'Last errors')
    await errors
      .getByRole('link', { name: /^Explain/ })
      .first()
      .click()
    const told = errors.locator('[data-explained]')
    await told.waitFor()
    const facts = await told.locator('dl').last().locator('dd').allTextContents()
    for (const [i, pattern] of [where, sent, came, next].entries()) expect(facts[i]).toMatch(pattern)
    expect(await errors.locator('.failure.open').getAttribute('data-failure')).toMatch(kind)
    const id = await told.getAttribute('data-explained')
    expect(page.url()).toContain(`/activity?explain=${id}`)
    // Somebody else who gets the link sees the same; Back closes it.
    const { page: other } = await world.open(browser, new URL(page.url()).hash)
    await other.locator(`[data-explained="${id}"]`).waitFor()
    await page.goBack()
    await told.waitFor({ state: 'detached' })
    if (kind === 'thumbprint_mismatch') {
      const titles = await other
        .locator('[data-explained] .mismatch code[title]')
        .evaluateAll(nodes => nodes.map(node => node.getAttribute('title')))
      expect(titles[0]).toBe('C'.repeat(40))
    }
    expect(problems).toEqual([])
  },
)

test('what waits, what runs and what is over stands there live: whose it is, since when, why it waits and what came of it', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/agent/gone-1/activity')
  await region(page, 'Queue').getByText('Nothing waits for gone-1').waitFor()
  const stop = new AbortController()
  const waiting = world.client.agent('gone-1').invoke('IEchoService', 'SayHello', ['you'], { signal: stop.signal })
  waiting.catch(() => undefined)
  const row = region(page, 'Queue').locator('[data-open=queued]')
  await row.getByText('SayHello').waitFor()
  await row.getByText(/waits for .*, number 1 in line/).waitFor()
  await region(page, 'Queue').getByText('no connection of the agent is there').waitFor()
  stop.abort()
  await region(page, 'Queue').getByText('Nothing waits for gone-1').waitFor()
  const recent = region(page, 'Recent calls').locator('[data-recent=cancelled]').first()
  await recent.waitFor()
  expect(await recent.textContent()).toContain('SayHello')
  // From the outcome one link leads to why.
  await recent.getByRole('link', { name: 'cancelled' }).click()
  await page.locator('[data-explained]').waitFor()
  expect(problems).toEqual([])
})

test('the connections of an agent are told with their TLS and their use, and its contracts lead into the call form', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/agent/web-1/contracts')
  const contract = page.locator('[data-contract=ICalculatorService]')
  await contract.getByText('shared by all agents').waitFor()
  expect(await contract.textContent()).toMatch(/of the settings file.*version/)
  await contract.getByRole('link', { name: 'Add' }).first().click()
  await page.getByRole('button', { name: 'Call Add' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  await tab(page, 'Connections').click()
  const row = page.locator('[data-connection=outgoing]').first()
  await row.getByText('TLS 1.3').waitFor()
  const text = (await row.textContent()) ?? ''
  for (const part of [/opened by the gateway, to call/, /127\.0\.0\.1:\d+/, /TLS_[A-Z0-9_]+/, /KiB|bytes/, /idle for/])
    expect(text).toMatch(part)
  expect(await row.locator('[data-label=Calls]').textContent()).toMatch(/^[1-9]/)
  // What is not seen is not called.
  await page.keyboard.press('Control+Enter')
  await page.goBack()
  await page.locator('[data-outcome=answered]').waitFor()
  expect(await page.locator('[data-made]').count()).toBe(1)
  expect(problems).toEqual([])
})

test('a contract that one agent has for itself is told apart from those that all share', { timeout: 60_000 }, async () => {
  const own = { ...service('IOwnService', { Ping: method([], string) }) }
  await world.client.request('contracts.add', { contract: own, agent: 'web-1' })
  const { page } = await world.open(browser, '#/agent/web-1/contracts')
  await page.locator('[data-contract=IOwnService]').getByText('of this agent alone').waitFor()
  await world.client.request('contracts.remove', { service: 'IOwnService', agent: 'web-1', version: '*' })
  await page.locator('[data-contract=IOwnService]').waitFor({ state: 'detached' })
})

test('who may only look sees how an agent is and why the rest is not for them', { timeout: 60_000 }, async () => {
  await fail('web-1', 'ITroubleService', 'Fail', ['not for viewers'])
  const { secret } = await world.client.request('tokens.create', { name: 'Ada', role: 'viewer' })
  const [url = ''] = world.address.split('#')
  const page = await (await browser.newContext()).newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(String(error)))
  await page.goto(`${url}#/agent/web-1?token=${secret}`)
  await region(page, 'Call').getByText('not call them').waitFor()
  await tab(page, 'Activity').click()
  await region(page, 'Last errors').getByText('No call failed lately').waitFor()
  await region(page, 'Recent calls').getByText('You see your own calls here').waitFor()
  expect(await page.content()).not.toContain('not for viewers')
  await tab(page, 'Connections').click()
  await page.locator('[data-connection=outgoing]').first().waitFor()
  await tab(page, 'Health').click()
  await region(page, 'Doctor').getByText('for the role admin').waitFor()
  await region(page, 'History of its states').locator('[data-past=connected]').waitFor()
  await tab(page, 'Change').click()
  await region(page, 'Change').getByText('Your role may look at agents and not change them').waitFor()
  expect(await page.getByRole('button', { name: /Save|Remove|Disable|Look what is wrong/ }).count()).toBe(0)
  await page.goto(`${url}#/agent/wrong-1`)
  await page.locator('[data-head=wrong-1]').getByText('Somebody with the role admin can pin').waitFor()
  expect(problems).toEqual([])
  await page.context().close()
})

test('axe finds nothing in an error that is explained, in light and in dark colours', { timeout: 120_000 }, async () => {
  await fail('refused-1')
  const { page } = await world.open(browser, '#/agent/refused-1/activity')
  await region(page, 'Last errors')
    .getByRole('link', { name: /^Explain/ })
    .first()
    .click()
  await page.locator('[data-explained]').waitFor()
  expect(await page.locator('h1').count()).toBe(1)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await idle(page)
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [colorScheme, id, nodes.map(node => node.html)])).toEqual([])
  }
})
