import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const step = (page: Page, name: string, state: string) => page.locator(`[data-step=${name}][data-state=${state}]`)

/** A gateway with an agent that polls it. */
async function createFleet(): Promise<{ world: PageWorld; end: () => Promise<void> }> {
  const world = await createPageWorld()
  const { command, entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services: ['IEchoService'] })
  return { world, end: async () => command[Symbol.asyncDispose]() }
}

test('the gateway gets another certificate step by step: a real agent is moved over, and nobody is lost', {
  timeout: 180_000,
}, async () => {
  const { world, end } = await createFleet()
  await using _world = world
  const { page, problems } = await world.open(browser, '#/rotation')
  await step(page, 'begin', 'now').getByRole('button', { name: 'Make a new certificate' }).click()
  await step(page, 'begin', 'done').waitFor()

  // The old one is needed still: whoever wants to retire it is told by whom.
  await step(page, 'promote', 'now').getByRole('button', { name: 'Be known by the new one' }).click()
  const retire = step(page, 'retire', 'now')
  await retire.getByRole('button', { name: 'Retire the old one…' }).click()
  await retire.getByText('1 agent would be lost').waitFor()
  await retire.getByRole('link', { name: 'web-1' }).waitFor()
  expect(await retire.getByRole('button', { name: 'Retire the old one', exact: true }).isDisabled()).toBe(true)
  await retire.getByRole('button', { name: 'Not now' }).click()
  await step(page, 'promote', 'done').getByRole('button', { name: 'Go back: be known by the old one' }).click()
  await step(page, 'promote', 'now').waitFor()

  // What its operator runs is what is shown.
  const overlap = step(page, 'overlap', 'now')
  await overlap.getByText('0 of 1 agent').waitFor()
  await overlap.locator('[data-depends=web-1]').getByRole('button', { name: 'What its operator runs' }).click()
  await overlap.getByRole('button', { name: 'A sample agent' }).click()
  const line = (await overlap.locator('.commands pre').textContent()) ?? ''
  const [, trust = '', address = ''] =
    /^halibut-gateway agent --trust (\w+) --poll (\S+) --subscription poll:\/\/web-1\/ --name web-1$/.exec(line) ?? []
  expect([trust === world.thumbprint, address === world.agentAddress]).toEqual([false, false])
  await end()
  await world.startAgent('web-1', ['--poll', address], { trust })
  await step(page, 'overlap', 'done').getByText('1 of 1 agent').waitFor()

  await step(page, 'promote', 'now').getByRole('button', { name: 'Be known by the new one' }).click()
  await retire.getByRole('button', { name: 'Retire the old one…' }).click()
  await retire.getByText('No agent depends on it.').waitFor()
  await retire.getByRole('button', { name: 'Retire the old one', exact: true }).click()
  await step(page, 'begin', 'now').getByText(trust.slice(0, 8)).waitFor()
  expect(await world.client.request('agents.get', { agent: 'web-1' })).toMatchObject({ agent: { state: 'connected' } })
  const { value } = await world.client.agent('web-1').invoke('IEchoService', 'SayHello(string)', ['Ada'])
  expect(value).toContain('Ada')
  await page.getByRole('navigation', { name: 'About trust' }).getByRole('link', { name: 'Certificates' }).click()
  await page.getByText('1 former one').waitFor()
  expect(problems).toEqual([])
})

test('a new certificate is abandoned, and who never came is named and given up on purpose only', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld({ agents: [{ id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40) }] })
  const { page, problems } = await world.open(browser, '#/rotation')
  await page.getByRole('button', { name: 'Make a new certificate' }).click()
  await page.locator('[data-depends=gone-1]').getByText('was never seen').waitFor()
  const promote = step(page, 'promote', 'now')
  await promote.getByRole('button', { name: 'Abandon the new one…' }).click()
  await promote.getByText('1 agent would be lost').waitFor()
  const abandon = promote.getByRole('button', { name: 'Abandon the new one', exact: true })
  expect(await abandon.isDisabled()).toBe(true)
  await promote.getByRole('checkbox', { name: 'I give these up' }).check()
  await abandon.click()
  await step(page, 'begin', 'now').waitFor()
  const { own } = await world.client.request('certificates.list', {})
  expect(own.certificates.map(({ state }) => state).sort()).toEqual(['present', 'retired'])
  expect(problems).toEqual([])
})

test('an agent gets another certificate: both are good until it was seen with the new one', { timeout: 120_000 }, async () => {
  const { world, end } = await createFleet()
  await using _world = world
  const { page, problems } = await world.open(browser, '#/rotation/web-1')
  // Its machine has made a new one.
  const { entry } = await world.startAgent('web-1-anew', ['--poll', world.agentAddress, '--subscription', 'poll://web-1/'])
  const thumbprint = entry['thumbprint'] ?? ''
  await step(page, 'begin', 'now').getByRole('textbox', { name: 'The thumbprint that the machine then tells' }).fill(thumbprint)
  await page.getByRole('button', { name: 'Let it come with this one, too' }).click()
  await step(page, 'retire', 'done').getByText('alone').waitFor()
  expect(await world.client.request('agents.get', { agent: 'web-1' })).toMatchObject({ agent: { thumbprint, state: 'connected' } })
  await end()
  expect(problems).toEqual([])
})
