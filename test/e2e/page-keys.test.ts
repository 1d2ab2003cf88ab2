import type { Browser, Page, WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, idle, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: ['web-1', 'db-1'].map(id => ({
      id,
      uri: `poll://${id}/`,
      thumbprint: 'A'.repeat(40),
      services: ['IEchoService'],
      tags: [id === 'db-1' ? 'role=orders' : 'role=web'],
    })),
  })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const focused = (page: Page) => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('role'))

test('the palette finds commands and agents by keyboard alone, on a phone too, and keeps the focus until Escape gives it back', {
  timeout: 60_000,
}, async () => {
  const { page, problems } = await world.open(browser, '#/agents', { viewport: { width: 360, height: 740 } })
  const search = page.getByRole('searchbox', { name: 'Search agents' })
  await search.focus()
  await page.keyboard.press('ControlOrMeta+k')
  const palette = page.getByRole('dialog', { name: 'Commands' })
  await palette.getByRole('option').first().waitFor()
  const box = await palette.boundingBox()
  expect(box && box.x >= 0 && box.x + box.width <= 360).toBe(true)
  expect(await focused(page)).toBe('combobox')
  for (let i = 0; i < 4; i++) await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(
    true,
  )
  await page.keyboard.press('Escape')
  await palette.waitFor({ state: 'detached' })
  expect(await focused(page)).toBe('search')

  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type('orders')
  const found = page.getByRole('option', { name: /db-1/ })
  await found.waitFor()
  expect(await page.getByRole('combobox', { name: 'What to do or to find' }).getAttribute('aria-activedescendant')).toBe(
    await found.getAttribute('id'),
  )
  await page.keyboard.press('Enter')
  await page.locator('[data-head=db-1]').waitFor()
  expect(problems).toEqual([])
})

test('hot keys run what the sheet of shortcuts says, none has two meanings, and in a field they are letters', {
  timeout: 60_000,
}, async () => {
  const { page } = await world.open(browser, '#/overview')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.waitFor()
  const hotkeys = await sheet.locator('[data-shortcut]').evaluateAll(lines => lines.map(line => line.getAttribute('data-shortcut')))
  expect(hotkeys).toContain('G A')
  expect(new Set(hotkeys).size).toBe(hotkeys.length)
  // The keys of the page are not those of the sheet.
  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'detached' })
  expect(page.url()).toContain('#/overview')

  await page.keyboard.press('g')
  await page.keyboard.press('a')
  await page.locator('[data-agent=web-1]').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('g o?')
  await idle(page)
  expect(await page.getByRole('searchbox', { name: 'Search agents' }).inputValue()).toBe('g o?')
  expect(await page.getByRole('dialog').count()).toBe(0)
})

test('the page says that it is idle when what it asked for has come and is drawn, and not before', { timeout: 60_000 }, async () => {
  const page = await (await browser.newContext()).newPage()
  const held: (() => void)[] = []
  let isOpen = false
  const pass = (route: WebSocketRoute): void => {
    const server = route.connectToServer()
    server.onMessage(message => {
      if (isOpen) route.send(message)
      else held.push(() => route.send(message))
    })
  }
  await page.routeWebSocket(() => true, pass)
  await page.goto(world.address)
  await page.getByText('Connecting to the gateway').waitFor()
  const isIdle = () => page.evaluate(() => document.documentElement.hasAttribute('data-idle'))
  // Two frames and more are drawn meanwhile.
  await page.evaluate(async () => {
    for (let i = 0; i < 10; i++) await new Promise(resolve => requestAnimationFrame(resolve))
  })
  expect(await isIdle()).toBe(false)
  isOpen = true
  for (const send of held) send()
  await idle(page)
  expect(await page.locator('[data-agent]').count()).toBe(2)
  // Whoever presses a button sees at once that it is under way.
  const wasIdle = await page.evaluate(() => {
    document.querySelector<HTMLElement>('[data-agent]')?.click()
    return document.documentElement.hasAttribute('data-idle')
  })
  expect(wasIdle).toBe(false)
  await idle(page)
  expect(await page.locator('[data-head]').count()).toBe(1)
  await page.context().close()
})

test('every page that an admin may see has a line in the palette', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/agents')
  await page.locator('[data-agent=web-1]').waitFor()
  await page.keyboard.press('ControlOrMeta+k')
  await page.locator('[data-command]').first().waitFor()
  const lines = await page.locator('[data-command^="go."]').evaluateAll(all => all.map(each => each.getAttribute('data-command')))
  const pages = ['overview', 'agents', 'saved', 'many', 'trust', 'certificates', 'rotation', 'audit', 'attach', 'components']
  const settings = ['tokens', 'rules', 'contracts', 'limits', 'about'].map(part => `settings.${part}`)
  expect(lines).toEqual(expect.arrayContaining([...pages, ...settings].map(each => `go.${each}`)))
  await page.context().close()
})
