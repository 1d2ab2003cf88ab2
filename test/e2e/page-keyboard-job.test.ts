import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, idle, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** Nothing is farther away. */
const mostTabs = 120

/** Goes on with Tab until what has this role and name has the focus. */
async function tabTo(page: Page, role: 'button' | 'link' | 'textbox' | 'checkbox', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name }).first()
  await wanted.waitFor()
  for (let i = 0; i < mostTabs; i++) {
    if (await wanted.evaluate(element => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to the ${role} ${name}`)
}

/** Finds something in the palette and takes it. */
async function choose(page: Page, typed: string, option: string): Promise<void> {
  await page.keyboard.press('ControlOrMeta+k')
  await page.keyboard.type(typed)
  await page.locator(`[data-command="${option}"][aria-selected=true]`).waitFor()
  await page.keyboard.press('Enter')
}

test('with the keyboard alone an agent is attached, found and called, its failure read, and the link opened in another window', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  // Somebody else’s agent, so that there is something to find one’s own among.
  await world.client.request('agents.add', { agent: 'other-1', uri: 'poll://other-1/', thumbprint: 'A'.repeat(40) })
  const { page, problems } = await world.open(browser, '#/overview', { permissions: ['clipboard-read', 'clipboard-write'] })
  await idle(page)

  await choose(page, 'add an', 'go.attach')
  await tabTo(page, 'link', 'It connects to the gateway')
  await page.keyboard.press('Enter')
  const { entry } = await world.startAgent('own-1', ['--poll', world.agentAddress])
  await page.locator('[data-pending]').waitFor()
  await tabTo(page, 'button', 'Approve…')
  await page.keyboard.press('Enter')
  await tabTo(page, 'textbox', 'What the machine itself tells')
  await page.keyboard.type(entry['thumbprint'] ?? '')
  await tabTo(page, 'checkbox', 'ITroubleService')
  await page.keyboard.press('Space')
  await tabTo(page, 'button', 'Approve own-1')
  await page.keyboard.press('Enter')
  await page.locator('[data-arrived=own-1][data-state=connected]').waitFor()

  await choose(page, 'own-1', 'agent.own-1')
  await page.locator('[data-head=own-1]').waitFor()
  await idle(page)
  // Where one has come to is what is read out.
  expect(await page.evaluate(() => [document.activeElement?.tagName, document.activeElement?.textContent])).toEqual(['H1', 'own-1'])
  await tabTo(page, 'textbox', 'message string')
  await page.keyboard.type('the disk is full')
  await page.keyboard.press('ControlOrMeta+Enter')
  const failed = page.locator('[data-outcome=failed]')
  await failed.getByText('the disk is full').first().waitFor()
  // It is read out when it comes, and it can be gone to.
  expect(await failed.getAttribute('aria-live')).toBe('polite')

  await page.keyboard.press('ControlOrMeta+Shift+l')
  await page.getByText('The link is copied').waitFor()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  expect(link).not.toContain('hgw_')
  const other = await page.context().newPage()
  await other.goto(link)
  await other.getByRole('heading', { name: 'Sign in' }).waitFor()
  await other.keyboard.type(world.token)
  await other.keyboard.press('Enter')
  await other.locator('[data-head=own-1]').waitFor()
  await other.getByRole('button', { name: 'Call Fail' }).waitFor()
  expect(problems).toEqual([])
})
