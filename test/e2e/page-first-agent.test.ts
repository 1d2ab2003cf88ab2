import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

test('a page without agents says how to attach one that polls, shows it as it knocks, and lets it in', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  const { page, problems } = await world.open(browser)
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor()
  await page.getByRole('button', { name: 'It connects to the gateway' }).click()
  const command = page.getByRole('region', { name: 'the commands for a sample agent' })
  await command.waitFor()
  expect(await command.textContent()).toContain(`--trust ${world.thumbprint} --poll ${world.agentAddress}`)
  await page.getByRole('button', { name: 'Tentacle on Windows' }).click()
  const tentacle = await page.getByRole('region', { name: 'the commands for tentacle on windows' }).textContent()
  const { hostname, port } = new URL(world.agentAddress)
  expect(tentacle).toContain(`--thumbprint=${world.thumbprint} --style=TentacleActive --host=${hostname} --port=${port}`)
  await page.getByText('Nobody has knocked yet').waitFor()

  const { entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  const card = page.locator('[data-pending]')
  await card.waitFor()
  expect(await card.locator('code[title]').first().getAttribute('title')).toBe(entry['thumbprint'])
  for (const text of ['poll://web-1/', '127.0.0.1', 'CN=web-1']) expect(await card.textContent()).toContain(text)
  await card.getByRole('button', { name: 'Approve…' }).click()
  const approve = card.getByRole('button', { name: 'Approve web-1' })
  const told = card.getByRole('textbox', { name: 'What the machine itself tells' })
  expect(await approve.isDisabled()).toBe(true)
  await told.fill('00'.repeat(20))
  await card.getByText('This is another one').waitFor()
  expect(await approve.isDisabled()).toBe(true)
  // As machines print it, too.
  await told.fill(String(entry['thumbprint']).toLowerCase().match(/../g)?.join(':') ?? '')
  await card.getByText('It is the same').waitFor()
  await card.getByRole('checkbox', { name: 'IEchoService' }).check()
  await approve.click()
  await page.locator('[data-arrived=web-1][data-state=connected]').waitFor()

  await page.getByRole('link', { name: 'Call web-1' }).click()
  await page.getByRole('textbox', { name: 'name string' }).fill('Ada')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=answered]', { hasText: 'Hello Ada, this is web-1' }).waitFor()
  expect(problems).toEqual([])
})

test('a page without agents says how to attach one that listens, and takes the line that it prints', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  const { page, problems } = await world.open(browser)
  await page.getByRole('heading', { name: 'No agents yet' }).waitFor()
  const command = page.getByRole('region', { name: 'the commands for a sample agent' })
  await command.waitFor()
  expect(await command.textContent()).toContain(`halibut-gateway agent --trust ${world.thumbprint} --listen`)
  const { entry } = await world.startAgent('web-2', ['--listen', '127.0.0.1:0'])
  await page.getByRole('textbox', { name: 'Address' }).evaluate((field, text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', text)
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, JSON.stringify(entry))
  await page.getByRole('button', { name: 'Add web-2' }).click()
  await page.locator('[data-arrived=web-2][data-state=connected]').waitFor()
  await page.getByRole('link', { name: 'Call web-2' }).click()
  await page.getByRole('button', { name: 'Call Add' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  expect(problems).toEqual([])
})
