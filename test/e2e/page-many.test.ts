import { readFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const services = ['ICalculatorService', 'IEchoService', 'ICounterService']
const names = ['web-1', 'web-2', 'web-3', 'web-4']
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [{ id: 'refused-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services, tags: ['web'] }],
  })
  for (const id of names) {
    const { entry } = await world.startAgent(id, ['--listen', '127.0.0.1:0'])
    const { uri = '', thumbprint = '' } = entry
    await world.client.request('agents.add', { agent: id, uri, thumbprint, services, tags: ['web'] })
  }
  // One of them counts further than the others.
  await world.client.agent('web-3').invoke('ICounterService', 'Increment', ['5'])
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const group = (page: Page, number: number) => page.locator(`[data-group="${number}"]`)

test('one call goes to all agents with a tag: equal answers are one row, others are shown against them, and it is saved as a file', {
  timeout: 90_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/many?tag=web&service=ICounterService&method=Read()')
  await page.getByText('5 agents will be called').waitFor()
  await page.getByRole('textbox', { name: /give up after/ }).fill('5')
  await page.getByRole('button', { name: 'Call 5 agents' }).click()
  await page.locator('[data-many=done]').waitFor()
  expect(await group(page, 1).getAttribute('data-agents')).toBe('3')
  expect(await group(page, 1).textContent()).toContain('which is what most say')
  expect(await group(page, 2).textContent()).toContain('web-3')
  expect(await group(page, 2).locator('[data-path="$"]').textContent()).toContain('05')
  expect(await group(page, 3).textContent()).toContain('connect_refused')

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()])
  const csv = await readFile(await download.path(), 'utf8')
  expect(csv).toMatch(/^agent,state,durationMs,group,errorKind,errorMessage,value\r\n/)
  expect(csv).toMatch(/\r\nweb-3,answered,[\d.]+,2,,,"""5"""\r\n/)
  expect(csv).toMatch(/\r\nrefused-1,failed,[\d.]+,3,connect_refused,/)

  // Narrowed to one group, and called again where it failed.
  await group(page, 2).getByRole('button', { name: '1 agent' }).click()
  await page.getByText('only group 2').waitFor()
  expect(await page.locator('[data-row]').evaluateAll(rows => rows.map(row => row.getAttribute('data-row')))).toEqual(['web-3'])
  await page.getByRole('button', { name: 'Call 1 agent again' }).click()
  await page.locator('[data-many=done]').waitFor()
  expect(await page.locator('[data-group]').count()).toBe(3)
  expect(problems.filter(problem => !problem.includes('favicon'))).toEqual([])
})

test('who may not call sees why, and whom to ask', { timeout: 60_000 }, async () => {
  const { secret } = await world.client.request('tokens.create', { name: 'watcher', role: 'viewer' })
  const [url = ''] = world.address.split('#')
  const page = await browser.newPage()
  await page.goto(`${url}#/many?token=${secret}`)
  await page.getByRole('heading', { name: 'Calls are not for your role' }).waitFor()
  await page.close()
})

test('the place stands in the address: tags, search and picked agents; and only those that were picked are called', {
  timeout: 60_000,
}, async () => {
  const { page } = await world.open(browser, '#/many')
  await page.getByRole('button', { name: 'web', exact: true }).click()
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('web-')
  await page.getByRole('checkbox', { name: 'web-2' }).check()
  await page.getByRole('checkbox', { name: 'web-4' }).check()
  await page.getByText('2 agents picked, and no other is called.').waitFor()
  const place = new URL(page.url()).hash
  expect(place).toBe('#/many?tag=web&search=web-&agents=web-2%2Cweb-4')
  const { page: other } = await world.open(browser, place)
  await other.getByRole('combobox', { name: 'Service' }).selectOption('IEchoService')
  await other.getByRole('textbox', { name: /^Arguments/ }).fill('[5]')
  await other.getByText('/0: expected text, got').waitFor()
  expect(await other.getByRole('button', { name: 'Call 2 agents' }).isDisabled()).toBe(true)
  await other.getByRole('textbox', { name: /^Arguments/ }).fill('["Ada"]')
  await other.getByRole('button', { name: 'Call 2 agents' }).click()
  await other.locator('[data-many=done]').waitFor()
  expect(await other.locator('[data-row]').count()).toBe(2)
})
