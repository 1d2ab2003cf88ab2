import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [{ id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40), services: ['IEchoService'] }],
  })
  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services: ['IEchoService'], tags: ['role=web'] })
  const agent = world.client.agent('web-1')
  for (let i = 0; i < 5; i++) await agent.invoke('IEchoService', 'SayHello(string)', ['you'])
  await expect(world.client.agent('gone-1').invoke('IEchoService', 'SayHello(string)', ['you'], { timeoutMs: 1 })).rejects.toThrow()
  // The step in which the last of them was has ended.
  for await (const _ of world.client.watch('metrics.watch')) {
    if ((await world.client.request('metrics.history', {})).whole.calls === 6) break
  }
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

async function openOverview(place = '#/overview', options = {}): Promise<Page> {
  const { page, problems } = await world.open(browser, place, options)
  await page.locator('.plot canvas').first().waitFor()
  expect(problems).toEqual([])
  return page
}

const figure = (page: Page, name: string) => page.locator('figure', { hasText: name })

test('a page that is opened later shows the past: calls, their errors, how long they took, and what happened to agents', {
  timeout: 60_000,
}, async () => {
  const page = await openOverview()
  const calls = page.getByRole('region', { name: 'Calls', exact: true })
  await calls.getByText('6', { exact: true }).waitFor()
  await calls.getByText('deadline_exceeded').waitFor()
  expect(await calls.locator('tbody td').allInnerTexts()).toEqual(Array.from({ length: 6 }, () => expect.stringMatching(/ m?s$/)))
  const changes = page.getByRole('region', { name: 'What changed' })
  await changes.locator('li', { hasText: 'web-1' }).filter({ hasText: 'connected' }).getByRole('link', { name: 'web-1' }).click()
  await page.locator('[data-head=web-1]').waitFor()
  await page.goBack()
  await page.locator('.plot canvas').first().waitFor()
})

test('what happens to an agent is told as it happens, and the page of the agent is one step away', { timeout: 60_000 }, async () => {
  const page = await openOverview()
  await world.client.request('agents.add', { agent: 'new-1', uri: 'poll://new-1/', thumbprint: 'D'.repeat(40) })
  const changes = page.getByRole('region', { name: 'What changed' })
  await changes.locator('li', { hasText: 'new-1' }).filter({ hasText: 'came' }).waitFor()
  await world.client.request('agents.remove', { agent: 'new-1', version: '*' })
  const gone = changes.locator('li', { hasText: 'was removed' })
  await gone.waitFor()
  // There is nothing to go to.
  expect(await gone.first().getByRole('link').count()).toBe(0)
})

test('a chart is read with arrow keys, and as a table of the same numbers', { timeout: 60_000 }, async () => {
  const page = await openOverview()
  const chart = figure(page, 'Calls a second')
  const plot = chart.getByRole('slider')
  await plot.focus()
  await page.keyboard.press('Home')
  expect(await plot.getAttribute('aria-valuenow')).toBe('0')
  expect(await plot.getAttribute('aria-valuetext')).toMatch(/^\d\d:\d\d:\d\d: answered [\d.]+, failed [\d.]+$/)
  const read: string[] = []
  const last = Number(await plot.getAttribute('aria-valuemax'))
  for (let i = 0; i <= last; i++) {
    read.push((await plot.getAttribute('aria-valuetext')) ?? '')
    await page.keyboard.press('ArrowRight')
  }
  await chart.getByText('The same as a table').click()
  const rows = await chart.locator('tbody tr').evaluateAll(trs => trs.map(tr => [...tr.children].map(cell => cell.textContent)))
  const told = rows.map(([time, answered, failed]) => `${time}: answered ${answered}, failed ${failed}`)
  expect(told).toEqual(expect.arrayContaining(read))
})

test('a time that is held stands in the address, and shows the same to whoever opens it', { timeout: 60_000 }, async () => {
  const page = await openOverview('#/overview?minutes=5')
  await page.getByRole('button', { name: 'Hold this time' }).click()
  await page.getByRole('heading', { name: / to / }).waitFor()
  const place = new URL(page.url()).hash
  expect(place).toMatch(/from=.+&to=/)
  const other = await openOverview(place)
  await other.getByRole('region', { name: 'Calls', exact: true }).getByText('6', { exact: true }).waitFor()
  await page.goBack()
  await page.getByRole('heading', { name: 'The last 5 minutes' }).waitFor()
  const { page: nothing } = await world.open(browser, '#/overview?from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z')
  await nothing.getByText('The gateway remembers nothing of this time').waitFor()
})

test('whoever may see some agents only is told what the numbers are of, and hears of no other agent', { timeout: 60_000 }, async () => {
  const scope = [{ agents: ['gone-*'] }]
  const { secret } = await world.client.request('tokens.create', { name: 'guest', role: 'viewer', scope })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(world.address.replace(/#.*/, `#/overview?token=${secret}`))
  await page.getByRole('note').filter({ hasText: 'The rules let you see 1 agent' }).waitFor()
  await page.getByRole('region', { name: 'Agents by state' }).getByText('1 agent', { exact: true }).waitFor()
  expect(await page.getByText('web-1').count()).toBe(0)
  await context.close()
})

test.each(['light', 'dark'] as const)(
  'axe finds nothing in the overview with its tables open, in %s colours',
  {
    timeout: 60_000,
  },
  async colorScheme => {
    const page = await openOverview('#/overview', { colorScheme })
    for (const summary of await page.getByText('The same as a table').all()) await summary.click()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([])
  },
)

test('on a phone the overview has one column and scrolls one way', { timeout: 60_000 }, async () => {
  const page = await openOverview('#/overview', { viewport: { width: 360, height: 740 } })
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
})
