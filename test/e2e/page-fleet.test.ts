import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const count = 1_000
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: Array.from({ length: count }, (_, i) => ({
      id: `web-${i}`,
      uri: `poll://web-${i}/`,
      thumbprint: i.toString(16).toUpperCase().padStart(40, '0'),
      services: ['IEchoService'],
      tags: [`site=${i % 4}`],
      disabled: i % 100 === 97,
    })),
  })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

/** All of them are known. */
async function openFleet(options = {}, place = '', known = '1,000 agents'): Promise<Page> {
  const { page } = await world.open(browser, place, options)
  await said(page, known).waitFor()
  return page
}

const said = (page: Page, text: string): Locator => page.locator('.count', { hasText: text })

const idsOf = (page: Page): Promise<(string | null)[]> =>
  page.locator('[data-agent]').evaluateAll(nodes => nodes.map(node => node.getAttribute('data-agent')))

/** The height of the page, and how many rows it has. */
const extent = (page: Page) =>
  page.evaluate(() => ({
    high: document.documentElement.scrollHeight / innerHeight,
    rows: document.querySelectorAll('[data-agent]').length,
  }))

/** Agents that can be changed, which those of the settings cannot; the test gives them back. */
async function add(...ids: string[]): Promise<void> {
  for (const [i, agent] of ids.entries()) {
    await world.client.request('agents.add', { agent, uri: `poll://${agent}/`, thumbprint: `${'F'.repeat(39)}${i}` })
  }
}

afterEach(async () => {
  const { agents } = await world.client.request('agents.list', {})
  await remove(...agents.filter(({ readOnly }) => !readOnly).map(({ id }) => id))
})

async function remove(...ids: string[]): Promise<void> {
  for (const agent of ids) await world.client.request('agents.remove', { agent, version: '*' })
}

test('a thousand agents take one screen, and are searched, filtered, sorted and linked to', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  const { high, rows } = await extent(page)
  expect(high).toBe(1)
  expect(rows).toBeLessThan(60)
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('web-9')
  // 9, 90 to 99, 900 to 999.
  await said(page, '111 of 1,000 agents').waitFor()
  await page.getByRole('button', { name: /^disabled/ }).click()
  await said(page, '2 of 1,000 agents').waitFor()
  await page.getByRole('button', { name: 'Name' }).click()
  await page.getByRole('columnheader', { name: 'Name' }).and(page.locator('[aria-sort=descending]')).waitFor()
  expect(await idsOf(page)).toEqual(['web-997', 'web-97'])
  const place = new URL(page.url()).hash
  expect(place).toContain('search=web-9')
  const other = await openFleet({}, place, '2 of 1,000 agents')
  expect(await idsOf(other)).toEqual(['web-997', 'web-97'])
  await page.getByRole('button', { name: 'Show all' }).click()
  await said(page, '1,000 agents').waitFor()
})

test('wherever the list is scrolled to, it has as many rows as fit and no more', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  for (const part of [0.25, 0.5, 1]) {
    const seen = await page.locator('.grid').evaluate((grid, at) => {
      grid.scrollTop = at * (grid.scrollHeight - grid.clientHeight)
      return Math.floor((grid.scrollTop + grid.clientHeight / 2) / 44)
    }, part)
    await page.locator(`[aria-rowindex="${seen}"]`).waitFor()
    expect((await extent(page)).rows).toBeLessThan(60)
  }
  await page.locator('[data-agent=web-999]').waitFor()
})

test('an agent at the end of the list is reached by keyboard alone, opened, and Back leads to the list as it was', {
  timeout: 60_000,
}, async () => {
  const page = await openFleet()
  await page.keyboard.press('/')
  await page.keyboard.type('web-')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  await page.locator('[data-agent=web-999]:focus').waitFor()
  await page.keyboard.press('ArrowUp')
  await page.locator('[data-agent=web-998]:focus').waitFor()
  await page.keyboard.press('Enter')
  await page.locator('[data-head=web-998]').waitFor()
  // Beside it stands the list, at the same agent.
  const row = page.locator('[data-agent=web-998][aria-current=true]')
  await row.waitFor()
  const box = await row.boundingBox()
  expect(box && box.y > 0 && box.y + box.height <= (page.viewportSize()?.height ?? 0)).toBe(true)
  await page.goBack()
  await said(page, '1,000 agents').waitFor()
  expect(await page.getByRole('searchbox').inputValue()).toBe('web-')
})

test('what one looks at stays where it is while agents come and go above it', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  await page.locator('.grid').evaluate(grid => {
    grid.scrollTop = 20_000
  })
  await page.locator('[data-agent="web-460"]').waitFor()
  const seen = await page.locator('[data-agent]').evaluateAll(nodes => {
    const inside = nodes.find(node => node.getBoundingClientRect().top > 300)
    return { id: inside?.getAttribute('data-agent'), top: inside?.getBoundingClientRect().top }
  })
  await add('a-first')
  await said(page, '1,001 agents').waitFor()
  const top = () => page.locator(`[data-agent="${seen.id}"]`).evaluate(node => node.getBoundingClientRect().top)
  expect(await top()).toBe(seen.top)
  await remove('a-first')
  await said(page, '1,000 agents').waitFor()
  expect(await top()).toBe(seen.top)
})

test('under the pointer nothing comes in or moves: it is announced, and shown when one asks for it', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  await add('a-old')
  await said(page, '1,001 agents').waitFor()
  await page.locator('[data-agent=web-0]').hover()
  const before = await idsOf(page)
  await add('a-new')
  await page.getByRole('status').filter({ hasText: '1 agent to come in' }).waitFor()
  await remove('a-old')
  await page.getByRole('status').filter({ hasText: '1 to go out' }).waitFor()
  // The one that is gone stays in its place, and says so.
  expect(await idsOf(page)).toEqual(before)
  await page.locator('.agent-row.gone', { hasText: 'removed' }).waitFor()
  await page.getByRole('button', { name: 'Bring it up to date' }).click()
  await page.locator('[data-agent=a-new]').waitFor()
  await page.locator('[data-agent=a-old]').waitFor({ state: 'detached' })
})

test('the row that has the focus keeps it and its place while others change above it', { timeout: 60_000 }, async () => {
  const page = await openFleet({}, '#/agents?sort=since')
  await page.locator('[data-agent]').nth(5).focus()
  const top = () => page.locator(':focus').evaluate(node => [node.getAttribute('data-agent'), node.getBoundingClientRect().top])
  const before = await top()
  await add('a-late')
  await page.getByRole('status').filter({ hasText: '1 agent to come in' }).waitFor()
  expect(await top()).toEqual(before)
})

test('agents stand in groups that open and close by keyboard, and the address says which', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  await page.getByRole('combobox', { name: 'Groups' }).selectOption('tag')
  await page.getByRole('button', { name: /^site=0\s+250 agents/ }).focus()
  await page.keyboard.press('ArrowLeft')
  const other = page.getByRole('button', { name: /^site=1\s+250 agents/ })
  await other.waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /^site=2\s+250 agents/ }).waitFor()
  expect(await other.getAttribute('aria-expanded')).toBe('false')
  const address = new URL(page.url()).hash
  const again = await openFleet({}, address)
  await again.getByRole('button', { name: /^site=2/ }).waitFor()
  expect(await again.getByRole('button', { name: /^site=0/ }).getAttribute('aria-expanded')).toBe('false')
})

test('several agents are selected by keyboard, stand in the address, and are changed after one was asked', {
  timeout: 60_000,
}, async () => {
  await add('own-1', 'own-2')
  const page = await openFleet({}, '#/agents?search=own-', '2 of 1,002 agents')
  await page.locator('[data-agent=own-1]').focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowDown')
  await page.locator('[data-agent=own-2]:focus').waitFor()
  await page.keyboard.press('Space')
  await page.getByText('2 agents selected').waitFor()
  expect(new URL(page.url()).hash).toContain('selected=own-1%2Cown-2')
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([])

  await page.getByRole('button', { name: 'Add a tag…' }).click()
  await page.getByLabel('Tag', { exact: true }).and(page.locator('#bulk-text')).fill('not a tag')
  await page.keyboard.press('Enter')
  await page.getByRole('alert').filter({ hasText: 'A tag has letters' }).waitFor()
  await page.locator('#bulk-text').fill('role=own')
  await page.keyboard.press('Enter')
  await page.getByText('2 of 2 agents done').waitFor()
  const { agents } = await world.client.request('agents.list', { tag: 'role=own' })
  expect(agents.map(({ id }) => id)).toEqual(['own-1', 'own-2'])
  await page.getByRole('button', { name: 'Done' }).click()

  await page.getByRole('button', { name: 'Disable…' }).click()
  await page.locator('#bulk-text').press('Escape')
  await page.getByRole('button', { name: 'Disable…' }).click()
  await page.locator('#bulk-text').fill('for the night')
  await page.getByRole('button', { name: 'Disable: 2 agents' }).click()
  await page.getByText('2 of 2 agents done').waitFor()
  expect((await world.client.request('agents.get', { agent: 'own-1' })).agent).toMatchObject({ state: 'disabled', reason: 'for the night' })
  await page.getByRole('button', { name: 'Done' }).click()

  // A link selects, and does nothing; of those that stand in the settings each says that it cannot be changed.
  const other = await openFleet({}, '#/agents?search=own-&selected=own-1,web-5', '2 of 1,002 agents')
  await other.getByText('1 more are not in the list').waitFor()
  await other.getByRole('searchbox').fill('')
  await other.getByText('2 agents selected').waitFor()
  await other.getByRole('button', { name: 'Enable…' }).click()
  await other.getByRole('button', { name: 'Leave them as they are' }).click()
  await other.getByRole('button', { name: 'Disable…' }).click()
  await other.getByRole('button', { name: 'Disable: 2 agents' }).click()
  await other.getByText('0 of 2 agents done, 1 were so already, 1 failed').waitFor()
  await other.locator('.failed-agents', { hasText: 'web-5' }).waitFor()
})

test('the columns that one chooses stand in the address, and a call shows in that of the last one', { timeout: 60_000 }, async () => {
  const { entry } = await world.startAgent('called', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'called', uri, thumbprint, services: ['IEchoService'] })
  const page = await openFleet({}, '#/agents?search=called', '1 of 1,001 agents')
  await page.locator('[data-agent=called][data-state=connected]').waitFor()
  await page.locator('.agent-row .called', { hasText: '–' }).waitFor()
  await world.client.agent('called').invoke('IEchoService', 'SayHello(string)', ['you'])
  await page.locator('.agent-row .called time').waitFor()
  await page.getByText('Columns', { exact: true }).click()
  await page.getByRole('checkbox', { name: 'Id', exact: true }).click()
  await page.getByRole('columnheader', { name: 'Id' }).waitFor()
  expect(new URL(page.url()).hash).toContain('columns=id%2Cwhy')
})

test('on a phone the list takes the screen as cards, and the form of an agent begins on the first', { timeout: 60_000 }, async () => {
  const page = await openFleet({ viewport: { width: 360, height: 740 } })
  expect((await extent(page)).high).toBe(1)
  await page.getByRole('searchbox').fill('web-500')
  await page.locator('[data-agent=web-500]').click()
  const form = await page.getByRole('region', { name: 'Call', exact: true }).boundingBox()
  expect(form?.y).toBeLessThan(740)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.getByRole('link', { name: 'All agents' }).click()
  await page.locator('[data-agent=web-500]').waitFor()
})

test('with forced colours each state has a shape of its own, and what is selected has an outline', { timeout: 60_000 }, async () => {
  const page = await openFleet({ forcedColors: 'active' })
  const shapes = await page.locator('.filter path').evaluateAll(nodes => nodes.map(node => node.getAttribute('d')))
  expect(new Set(shapes).size).toBe(5)
  await page.getByRole('searchbox').fill('web-500')
  await page.locator('[data-agent=web-500]').click()
  const row = page.locator('.agent-row:has([data-agent=web-500][aria-current=true])')
  expect(await row.evaluate(node => getComputedStyle(node).outlineStyle)).toBe('solid')
})

test('at 2560 pixels the list, the form and the answer stand side by side and use the width', { timeout: 60_000 }, async () => {
  const page = await openFleet({ viewport: { width: 2560, height: 1440 } })
  await page.getByRole('searchbox').fill('web-500')
  await page.locator('[data-agent=web-500]').click()
  const form = await page.getByRole('region', { name: 'Call', exact: true }).boundingBox()
  const answer = await page.getByRole('region', { name: 'Answer', exact: true }).boundingBox()
  expect(answer?.y).toBe(form?.y)
  expect((answer?.x ?? 0) + (answer?.width ?? 0)).toBeGreaterThan(2_500)
})
