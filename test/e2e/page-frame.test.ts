import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Browser, Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, idle, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: Array.from({ length: 200 }, (_, i) => ({
      id: `web-${i}`,
      uri: `poll://web-${i}/`,
      thumbprint: 'A'.repeat(40),
      services: ['IEchoService'],
    })),
  })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const focused = (page: Page) => page.evaluate(() => [document.activeElement?.tagName, document.activeElement?.textContent])

test('a step leads the focus to the heading of the page, the tab says where one is, and Back finds it as it was', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/agents', { viewport: { width: 360, height: 740 } })
  await idle(page)
  expect(await page.title()).toBe('Agents · Halibut Gateway')
  // Whoever opens the page is not moved about.
  expect((await focused(page))[0]).toBe('BODY')
  const list = page.locator('[data-scroll=agents]')
  await list.evaluate(element => {
    element.scrollTop = 6_000
  })
  const row = page.locator('[data-agent=web-90]')
  await row.waitFor()
  const top = () => list.evaluate(element => element.scrollTop)
  await row.hover()
  const before = await top()
  await row.click()
  await page.locator('[data-head=web-90]').waitFor()
  await idle(page)
  expect(await page.title()).toBe('web-90 · Halibut Gateway')
  expect(await focused(page)).toEqual(['H1', 'web-90'])
  await page.evaluate(() => window.scrollTo(0, 200))
  await page.goBack()
  await row.waitFor()
  await idle(page)
  expect(await top()).toBe(before)
  expect((await focused(page))[0]).toBe('H1')
  await page.goForward()
  await page.locator('[data-head=web-90]').waitFor()
  await idle(page)
  expect(await page.evaluate(() => window.scrollY)).toBe(200)
  expect(problems).toEqual([])
})

test('every page is reached by the navigation and by its address, and what an address says too much is dropped', {
  timeout: 60_000,
}, async () => {
  const { page } = await world.open(browser, '#/overview?colour=red')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await idle(page)
  expect(new URL(page.url()).hash).toBe('#/overview')
  const ways = page.getByRole('navigation', { name: 'Pages' }).getByRole('link')
  for (const way of await ways.all()) {
    await way.click()
    await page.locator('main h1').waitFor()
    await idle(page)
    expect(await way.getAttribute('aria-current')).toBe('page')
    const [title, heading] = [await page.title(), await page.locator('main h1').textContent()]
    await page.reload()
    await page.locator('main h1').waitFor()
    await idle(page)
    expect([await page.title(), await page.locator('main h1').textContent()]).toEqual([title, heading])
  }
})

test('the first Tab leads past the navigation', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/overview')
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  await page.keyboard.press('Tab')
  expect(await focused(page)).toEqual(['BUTTON', 'Skip to the content'])
  await page.keyboard.press('Enter')
  expect((await focused(page))[0]).toBe('MAIN')
})

test('the colours that somebody chooses stay over a reload, and follow the system again when that is chosen', {
  timeout: 60_000,
}, async () => {
  const { page } = await world.open(browser, '#/overview', { colorScheme: 'light' })
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const light = await ground()
  const choose = async (name: string) => {
    await page.getByRole('button', { name: 'You and this page' }).click()
    await page.getByRole('button', { name, exact: true }).click()
    await page.keyboard.press('Escape')
  }
  await choose('dark')
  const dark = await ground()
  expect(dark).not.toBe(light)
  await page.reload()
  expect(await ground()).toBe(dark)
  await choose('as the system')
  expect(await ground()).toBe(light)
  await page.emulateMedia({ colorScheme: 'dark' })
  expect(await ground()).toBe(dark)
})

test('a connection that is lost is told, with what is being done, above what was seen last, and comes back', {
  timeout: 60_000,
}, async () => {
  const page = await (await browser.newContext()).newPage()
  const sockets: WebSocketRoute[] = []
  let isUp = true
  await page.routeWebSocket(
    () => true,
    route => {
      if (isUp) route.connectToServer()
      else void route.close({ code: 1013 })
      sockets.push(route)
    },
  )
  await page.goto(world.address)
  await page.locator('[data-agent=web-0]').waitFor()
  isUp = false
  for (const socket of sockets) await socket.close({ code: 1013 })
  const banner = page.locator('.banner')
  await banner.getByText('It is tried again').waitFor()
  expect(await banner.textContent()).toContain('What you see is how things were before that')
  expect(await page.locator('[data-agent=web-0]').count()).toBe(1)
  isUp = true
  // The next try may come before.
  await page.evaluate(() => document.querySelector<HTMLElement>('.banner button')?.click())
  await banner.waitFor({ state: 'detached' })
  await page.context().close()
})

test('every element has its place on the page of components, in each of its states', { timeout: 60_000 }, async () => {
  const files = readdirSync(resolve(import.meta.dirname, '../../server/inspector/src/elements'))
  const { page, problems } = await world.open(browser, '#/components')
  await page.locator('[data-element]').first().waitFor()
  const shown = await page.locator('[data-element]').evaluateAll(all => all.map(each => each.getAttribute('data-element') ?? ''))
  expect(shown.toSorted()).toEqual(
    files
      .filter(file => !file.endsWith('.css'))
      .map(file => file.replace(/\.tsx?$/, ''))
      .toSorted(),
  )
  expect(problems).toEqual([])
})

test('what asks a second time keeps the focus, and so does what copies where the browser has only the old way for it', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/components')
  await page.locator('[data-element=second-thought]').getByRole('button', { name: 'Remove…' }).click()
  expect(await focused(page)).toEqual(['BUTTON', 'Keep it'])
  await page.keyboard.press('Enter')
  expect(await focused(page)).toEqual(['BUTTON', 'Remove…'])

  // As over plain HTTP.
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }))
  const copy = page.locator('[data-element=copy-button]').getByRole('button').first()
  await copy.focus()
  await page.keyboard.press('Enter')
  await copy.getByText('Copied').waitFor()
  expect(await copy.evaluate(element => element === document.activeElement)).toBe(true)
  expect(problems).toEqual([])
})
