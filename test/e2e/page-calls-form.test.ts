import { AxeBuilder } from '@axe-core/playwright'
import { member, method, service, string } from '@halibut-gateway/schemas/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const services = ['ICalculatorService', 'IEchoService', 'ITroubleService']
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({ agents: [{ id: 'refused-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services }] })
  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const answer = (page: Page) => page.getByRole('region', { name: 'Answer', exact: true })
const form = (page: Page) => page.getByRole('form', { name: 'Arguments' })
const editor = (page: Page) => page.getByRole('textbox', { name: 'Arguments as JSON' })
const placeOf = (service: string, method: string, more: Record<string, string> = {}): string =>
  `#/agent/web-1?${new URLSearchParams({ service, method, ...more })}`
const axe = async (page: Page) =>
  (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)])

test('the editor knows the contract: it completes, marks what does not fit, and the form goes along both ways', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, placeOf('IEchoService', 'EchoAppointment(Appointment)'))
  await page.locator('.editor .cm-content').waitFor()
  const title = page.getByRole('textbox', { name: 'Title string' })
  await title.fill('out of the form')
  await editor(page).getByText('"out of the form"').waitFor()

  await editor(page).click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.insertText('[{"Title": "x", "Priority": "H')
  await form(page).getByText('The JSON is not complete').waitFor()
  await page.keyboard.press('Control+Space')
  // Enter takes a choice only when it has been there for a moment.
  await page.locator('.cm-tooltip-autocomplete').getByText('"High"').click()
  await page.keyboard.insertText(', "Tags": ["a"], "Duration": "soon", "At": "2030-01-02T03:04:05Z", "Notes": null}]')
  await page.locator('.text-problems').getByText('Expected an ISO 8601 duration').waitFor()
  await page.locator('.cm-lintRange-error', { hasText: '"soon"' }).waitFor()
  expect(await title.inputValue()).toBe('x')
  expect(await page.getByRole('button', { name: 'Call EchoAppointment' }).isDisabled()).toBe(true)

  // Whoever mends it in the form sees it mended in the text, and the rest of that as it was written.
  await page.getByRole('textbox', { name: 'Duration timeSpan' }).fill('PT5M')
  await page.locator('.text-problems').waitFor({ state: 'detached' })
  expect(await editor(page).textContent()).toContain('"Tags": ["a"], "Duration": "PT5M"')
  await page.keyboard.press('Control+Enter')
  await page.locator('[data-outcome=answered]').waitFor()

  // The answer is a tree that the keyboard opens and closes.
  const tree = answer(page).getByRole('tree', { name: 'Result' })
  await tree.focus()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowLeft')
  expect(await tree.getByRole('treeitem').count()).toBe(1)
  await page.keyboard.press('ArrowRight')
  await tree.getByRole('treeitem', { name: 'Title "x"' }).waitFor()
  await answer(page).getByRole('searchbox').fill('high')
  await answer(page).getByText('$.Priority').waitFor()
  for (const view of ['text', 'raw', 'hex']) await answer(page).getByRole('button', { name: view, exact: true }).click()
  await answer(page).getByText('00000000').waitFor()
  for (const phase of ['execute', 'response']) await answer(page).locator(`[data-phase=${phase}]`).waitFor()
  expect(await axe(page)).toEqual([])
  expect(problems).toEqual([])
})

test('a call is copied as a link and as commands, and each of them fills a form in again, and sends nothing', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(
    browser,
    placeOf('ICalculatorService', 'Add(int64,int64)', { args: '["40","2"]', timeout: '7' }),
    {
      permissions: ['clipboard-read', 'clipboard-write'],
    },
  )
  const a = page.getByRole('textbox', { name: 'a int64' })
  await a.waitFor()
  expect(await a.inputValue()).toBe('40')
  expect(await page.getByRole('textbox', { name: 'Give up after so many seconds' }).inputValue()).toBe('7')
  await page.getByText('Copy as curl').click()
  await page.getByRole('button', { name: 'Copy a link to this call' }).click()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).not.toContain(world.token)

  for (const kind of ['curl', 'SDK', 'CLI']) {
    await form(page).getByRole('button', { name: kind, exact: true }).click()
    await page.getByRole('button', { name: `Copy the call as ${kind}` }).click()
    await a.fill('0')
    // Into whatever field has the focus.
    await a.press('ControlOrMeta+v')
    await page.getByText('Nothing was sent.').waitFor()
    expect(await a.inputValue()).toBe('40')
  }
  await page.getByRole('button', { name: 'Undo' }).click()
  expect(await a.inputValue()).toBe('0')
  // Other texts go where they are pasted.
  await page.evaluate(() => navigator.clipboard.writeText('12'))
  await a.fill('')
  await a.press('ControlOrMeta+v')
  expect(await a.inputValue()).toBe('12')

  await page.getByRole('button', { name: 'Paste a call…' }).click()
  await page.getByLabel('Paste a call: curl').fill(link)
  await page.getByText('Filled in from a link. Nothing was sent.').waitFor()
  expect(await a.inputValue()).toBe('40')
  expect(await page.locator('[data-made]').count()).toBe(0)
  expect(await axe(page)).toEqual([])
  expect(problems).toEqual([])
})

test('each attempt to reach an agent is shown while the call runs and after it failed', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/agent/refused-1?service=IEchoService&method=SayHello(string)')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=running] [data-phase=connect].failed').first().waitFor()
  await page.locator('[data-outcome=failed]', { hasText: 'connect_refused' }).waitFor()
  expect(await answer(page).locator('[data-phase=connect]').count()).toBeGreaterThan(2)
  const text = (await answer(page).textContent()) ?? ''
  for (const said of [
    'The agent did not run it.',
    'while the connection to the agent was being opened',
    'Nothing left for the agent',
    'SayHello(string)',
  ]) {
    expect(text).toContain(said)
  }
  expect(await axe(page)).toEqual([])
})

test('what the contract calls a secret is covered in the editor as in the form, also while the text is no JSON', {
  timeout: 60_000,
}, async () => {
  const secretive = service('IEchoService', { SayHello: method([['name', member(string, { secret: true })]], string) })
  await world.client.request('agents.add', {
    agent: 'safe-1',
    uri: 'poll://safe-1/',
    thumbprint: 'B'.repeat(40),
    services: ['IEchoService'],
  })
  await world.client.request('contracts.add', { contract: JSON.parse(JSON.stringify(secretive)), agent: 'safe-1' })
  const { page, problems } = await world.open(browser, '#/agent/safe-1?service=IEchoService')
  await page.locator('.editor .cm-content').waitFor()
  await form(page).getByLabel('name string').fill('hunter2')
  const covered = page.locator('.cm-secret')
  await covered.filter({ hasText: 'hunter2' }).waitFor()
  expect(await covered.evaluate(element => getComputedStyle(element).getPropertyValue('-webkit-text-security'))).toBe('disc')
  await editor(page).click()
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.press('Backspace')
  await form(page).getByText('The JSON is not complete').waitFor()
  expect(await covered.textContent()).toBe('hunter2')
  expect(problems).toEqual([])
})
