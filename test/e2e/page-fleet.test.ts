import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const count = 10_000
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
      disabled: i % 100 === 97,
    })),
  })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

/** All of them are known. */
async function openFleet(options = {}): Promise<Page> {
  const { page } = await world.open(browser, '', options)
  await page.getByRole('status').filter({ hasText: '10,000 agents' }).waitFor()
  return page
}

/** The height of the page, and how many rows it has. */
const extent = (page: Page) =>
  page.evaluate(() => ({
    high: document.documentElement.scrollHeight / innerHeight,
    rows: document.querySelectorAll('[data-agent]').length,
  }))

test('ten thousand agents take one screen, and are searched, filtered, sorted and linked to', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  const { high, rows } = await extent(page)
  expect(high).toBe(1)
  expect(rows).toBeLessThan(60)
  await page.getByRole('searchbox', { name: 'Search agents' }).fill('web-99')
  // 99, 990 to 999, 9900 to 9999.
  await page.getByText('111 of 10,000 agents').waitFor()
  await page.getByRole('button', { name: /^disabled/ }).click()
  await page.getByText('2 of 10,000 agents').waitFor()
  await page.getByRole('button', { name: 'Name' }).click()
  expect(await page.locator('[data-agent]').evaluateAll(nodes => nodes.map(node => node.getAttribute('data-agent')))).toEqual([
    'web-9997',
    'web-997',
  ])
  const place = new URL(page.url()).hash
  expect(place).toContain('search=web-99')
  const { page: other } = await world.open(browser, place)
  await other.getByText('2 of 10,000 agents').waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  await page.getByRole('status').filter({ hasText: '10,000 agents' }).waitFor()
})

test('an agent at the end of the list is reached by keyboard alone, opened, and Back leads to the list as it was', {
  timeout: 60_000,
}, async () => {
  const page = await openFleet()
  await page.keyboard.press('/')
  await page.keyboard.type('web-')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  await page.locator('[data-agent=web-9999]:focus').waitFor()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.locator('[data-head=web-9998]').waitFor()
  // Beside it stands the list, at the same agent.
  const row = page.locator('[data-agent=web-9998][aria-current=true]')
  await row.waitFor()
  const box = await row.boundingBox()
  expect(box && box.y > 0 && box.y + box.height <= (page.viewportSize()?.height ?? 0)).toBe(true)
  await page.goBack()
  await page.getByRole('status').filter({ hasText: '10,000 agents' }).waitFor()
  expect(await page.getByRole('searchbox').inputValue()).toBe('web-')
})

test('what one looks at stays where it is while agents come and go above it', { timeout: 60_000 }, async () => {
  const page = await openFleet()
  await page.locator('.grid').evaluate(grid => {
    grid.scrollTop = 200_000
  })
  await page.locator('[data-agent^="web-4"]').first().waitFor()
  const seen = await page.locator('[data-agent]').evaluateAll(nodes => {
    const inside = nodes.find(node => node.getBoundingClientRect().top > 300)
    return { id: inside?.getAttribute('data-agent'), top: inside?.getBoundingClientRect().top }
  })
  await world.client.request('agents.add', { agent: 'a-first', uri: 'poll://a-first/', thumbprint: 'F'.repeat(40) })
  await page.getByRole('status').filter({ hasText: '10,001 agents' }).waitFor()
  const top = () => page.locator(`[data-agent="${seen.id}"]`).evaluate(node => node.getBoundingClientRect().top)
  expect(await top()).toBe(seen.top)
  await world.client.request('agents.remove', { agent: 'a-first', version: '*' })
  await page.getByRole('status').filter({ hasText: '10,000 agents' }).waitFor()
  expect(await top()).toBe(seen.top)
})

test('on a phone the list takes the screen, and the form of an agent begins on the first', { timeout: 60_000 }, async () => {
  const page = await openFleet({ viewport: { width: 360, height: 740 } })
  expect((await extent(page)).high).toBe(1)
  await page.getByRole('searchbox').fill('web-5000')
  await page.locator('[data-agent=web-5000]').click()
  const form = await page.getByRole('region', { name: 'Call', exact: true }).boundingBox()
  expect(form?.y).toBeLessThan(740)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await page.getByRole('link', { name: 'All agents' }).click()
  await page.locator('[data-agent=web-5000]').waitFor()
})

test('with forced colours each state has a shape of its own, and what is selected has an outline', { timeout: 60_000 }, async () => {
  const page = await openFleet({ forcedColors: 'active' })
  const shapes = await page.locator('.filter path').evaluateAll(nodes => nodes.map(node => node.getAttribute('d')))
  expect(new Set(shapes).size).toBe(5)
  await page.getByRole('searchbox').fill('web-5000')
  await page.locator('[data-agent=web-5000]').click()
  const outline = await page.locator('[data-agent=web-5000][aria-current=true]').evaluate(node => getComputedStyle(node).outlineStyle)
  expect(outline).toBe('solid')
})

test('at 2560 pixels the list, the form and the answer stand side by side and use the width', { timeout: 60_000 }, async () => {
  const page = await openFleet({ viewport: { width: 2560, height: 1440 } })
  await page.getByRole('searchbox').fill('web-5000')
  await page.locator('[data-agent=web-5000]').click()
  const form = await page.getByRole('region', { name: 'Call', exact: true }).boundingBox()
  const answer = await page.getByRole('region', { name: 'Answer', exact: true }).boundingBox()
  expect(answer?.y).toBe(form?.y)
  expect((answer?.x ?? 0) + (answer?.width ?? 0)).toBeGreaterThan(2_500)
})
