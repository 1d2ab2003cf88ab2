import { method, service, string } from '@halibut-gateway/schemas/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({ agents: [{ id: 'fixed-1', uri: 'poll://fixed-1/', thumbprint: 'A'.repeat(40), tags: ['production'] }] })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const head = (page: Page, agent: string) => page.locator(`[data-head=${agent}]`)
const form = (page: Page) => page.getByRole('form', { name: 'Change' })
const agentNow = async (agent: string) => (await world.client.request('agents.get', { agent })).agent

test('name, address, tags, services and limits of an agent are changed in one form, which says what does not fit', {
  timeout: 60_000,
}, async () => {
  await world.client.request('agents.add', { agent: 'web-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  const { page, problems } = await world.open(browser, '#/agent/web-1/change')
  const save = form(page).getByRole('button', { name: 'Save' })
  expect(await save.isDisabled()).toBe(true)
  await form(page).getByRole('textbox', { name: 'Tags' }).fill('production -bad')
  await form(page).getByText('is no tag').waitFor()
  expect(await save.isDisabled()).toBe(true)
  await form(page).getByRole('textbox', { name: 'Tags' }).fill('production, role=web')
  await form(page).getByRole('textbox', { name: 'Name, for people' }).fill('The web')
  await form(page).getByRole('textbox', { name: 'Listens at' }).fill('https://127.0.0.1:2/')
  await form(page).getByRole('checkbox', { name: 'IEchoService' }).check()
  await form(page).getByRole('textbox', { name: 'Attempts to connect' }).fill('2')
  await form(page).getByRole('textbox', { name: 'Longest time to connect' }).fill('1.5')
  await form(page).getByText('Not saved yet').waitFor()
  await save.click()
  await form(page).getByText('✓ Saved').waitFor()
  await head(page, 'web-1').getByRole('link', { name: 'role=web' }).waitFor()
  expect(await agentNow('web-1')).toMatchObject({
    name: 'The web',
    uri: 'https://127.0.0.1:2/',
    tags: ['production', 'role=web'],
    services: ['IEchoService'],
    limits: { retryCountLimit: 2, tcpClientConnectTimeoutMs: 1_500 },
  })
  expect(problems).toEqual([])
})

test('what somebody else has changed meanwhile is not overwritten unseen', { timeout: 60_000 }, async () => {
  await world.client.request('agents.add', { agent: 'web-2', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  const { page } = await world.open(browser, '#/agent/web-2/change')
  const name = form(page).getByRole('textbox', { name: 'Name, for people' })
  const change = (to: string) => world.client.request('agents.update', { agent: 'web-2', version: '*', name: to })
  // Who has not begun sees what is so.
  await change('first')
  await head(page, 'web-2').getByRole('heading', { name: 'first' }).waitFor()
  expect(await name.inputValue()).toBe('first')
  await name.fill('mine')
  await change('theirs')
  await form(page).getByText('Somebody has changed this agent since you began').waitFor()
  expect(await form(page).getByRole('button', { name: 'Save' }).isDisabled()).toBe(true)
  await form(page).getByRole('button', { name: 'Take what is there now' }).click()
  expect(await name.inputValue()).toBe('theirs')
})

test('an agent is disabled with a reason, which everybody reads, and enabled again', { timeout: 60_000 }, async () => {
  await world.client.request('agents.add', { agent: 'web-3', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
  const { page, problems } = await world.open(browser, '#/agent/web-3/change')
  const off = page.getByRole('form', { name: 'Disable' })
  await off.getByRole('textbox', { name: 'Why' }).fill('moved to the other hall')
  await off.getByRole('button', { name: 'Disable web-3' }).click()
  await head(page, 'web-3').locator('.badge.disabled').waitFor()
  await head(page, 'web-3').getByText('moved to the other hall').waitFor()
  await head(page, 'web-3').getByRole('button', { name: 'Enable' }).click()
  await head(page, 'web-3').locator('.badge.offline').waitFor()
  expect(problems).toEqual([])
})

test('before an agent is removed it is said what goes with it, and who thinks twice keeps it', { timeout: 60_000 }, async () => {
  await world.client.request('agents.add', {
    agent: 'web-4',
    uri: 'poll://web-4/',
    thumbprint: 'A'.repeat(40),
    services: ['IEchoService'],
    tags: ['role=web'],
  })
  const own = { ...service('IOwnService', { Ping: method([], string) }) }
  await world.client.request('contracts.add', { contract: own, agent: 'web-4' })
  const stop = new AbortController()
  const waiting = world.client.agent('web-4').invoke('IEchoService', 'SayHello', ['you'], { signal: stop.signal })
  waiting.catch(() => undefined)
  const { page, problems } = await world.open(browser, '#/agent/web-4/change')
  const remove = page.getByRole('region', { name: 'Remove' })
  await remove.getByRole('button', { name: 'Remove…' }).click()
  for (const going of ['registration as web-4, with the tag role=web', 'its own contract: IOwnService', '1 call that waits or runs'])
    await remove.getByRole('listitem').filter({ hasText: going }).waitFor()
  // Enter at once keeps it.
  await page.keyboard.press('Enter')
  await remove.getByRole('button', { name: 'Remove…' }).click()
  await remove.getByRole('button', { name: 'Remove web-4 for good' }).click()
  await page.locator('[data-agent=fixed-1]').waitFor()
  // In a list that somebody is in its row stays, and says that it is gone.
  await page.locator('.agent-row:not(.gone) [data-agent=web-4]').waitFor({ state: 'detached' })
  stop.abort()
  expect(problems).toEqual([])
})

test('an agent of the settings file is marked so, and is changed nowhere else', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/agent/fixed-1/change')
  await head(page, 'fixed-1').getByText('settings file').waitFor()
  await page.getByRole('region', { name: 'Change' }).getByText('stands in the settings file of the gateway').waitFor()
  expect(await page.getByRole('button', { name: /Save|Remove|Disable/ }).count()).toBe(0)
})

test('an agent is let come with a further certificate, which takes the place of the first when it is seen', {
  timeout: 60_000,
}, async () => {
  const { entry } = await world.startAgent('next-1', ['--poll', world.agentAddress])
  await world.client.request('agents.add', { agent: 'next-1', uri: 'poll://next-1/', thumbprint: 'A'.repeat(40) })
  const { page, problems } = await world.open(browser, '#/agent/next-1/change')
  await head(page, 'next-1').locator('.badge.untrusted').waitFor()
  const certificate = page.getByRole('form', { name: 'Certificate' })
  await certificate.getByRole('textbox', { name: 'The next certificate' }).fill('abc')
  await certificate.getByText('These are 3 of 40 hex digits').waitFor()
  await certificate.getByRole('textbox', { name: 'The next certificate' }).fill(entry['thumbprint'] ?? '')
  await certificate.getByRole('button', { name: 'Let it come with that one, too' }).click()
  await head(page, 'next-1').locator('.badge.connected').waitFor()
  await page.waitForFunction(
    told => document.querySelector('form[aria-label=Certificate] code[title]')?.getAttribute('title') === told,
    entry['thumbprint'],
  )
  expect(await agentNow('next-1')).toMatchObject({ thumbprint: entry['thumbprint'] })
  expect(problems).toEqual([])
})
