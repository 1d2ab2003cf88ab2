import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

test('who knocks is denied, stands in the list of those denied, and is back after it was restored', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  const { entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  const { page, problems } = await world.open(browser, '#/trust')
  const card = page.locator('[data-pending]')
  await card.getByRole('button', { name: 'Later…' }).click()
  await card.getByRole('button', { name: 'in an hour' }).click()
  await page.getByText('1 put off').click()
  await card.getByRole('button', { name: 'Deny…' }).click()
  await card.getByRole('textbox', { name: 'Why' }).fill('nobody knows it')
  await card.getByRole('button', { name: 'Deny it' }).click()
  const denied = page.locator(`[data-denied="${entry['thumbprint']}"]`)
  await denied.getByText('nobody knows it').waitFor()
  expect(await card.count()).toBe(0)
  await denied.getByRole('button', { name: 'Take the denial back' }).click()
  await card.waitFor()
  expect(problems).toEqual([])
})

test('a machine takes the place of another: the agent stays, and the certificate that it had is revoked', {
  timeout: 120_000,
}, async () => {
  const before = 'A'.repeat(40)
  await using world = await createPageWorld()
  await world.client.request('agents.add', { agent: 'old-1', uri: 'poll://web-1/', thumbprint: before, services: ['IEchoService'] })
  const { entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  // The agent itself says who knocks in its name, and leads there.
  const { page, problems } = await world.open(browser, '#/agent/old-1')
  await page.locator('[data-head=old-1] .badge.untrusted').waitFor()
  await page.getByRole('link', { name: 'Look at who knocks' }).click()
  const card = page.locator('[data-pending]')
  await card.getByText('New certificate').waitFor()
  const titles = await card.locator('code[title]').evaluateAll(nodes => nodes.map(node => node.getAttribute('title')))
  expect(titles.slice(0, 2)).toEqual([before, entry['thumbprint']])
  await card.getByRole('button', { name: 'Replace old-1…' }).click()
  await card.getByRole('checkbox', { name: 'I have compared it' }).check()
  await card.getByRole('button', { name: 'Replace old-1' }).last().click()
  await page.getByRole('navigation', { name: 'About trust' }).getByRole('link', { name: 'Certificates' }).click()
  await page.locator(`[data-certificate="${before}"]`, { hasText: 'revoked' }).waitFor()
  const known = page.locator(`[data-certificate="${entry['thumbprint']}"]`)
  await known.getByRole('link', { name: 'old-1' }).click()
  await page.locator('[data-head=old-1] .badge.connected').waitFor()

  // And it is taken back: cut off at once, and said.
  await page.goBack()
  await known.getByRole('button', { name: 'Revoke…' }).click()
  await known.getByRole('button', { name: 'Revoke, and cut its connections' }).click()
  await known.getByText('revoked').waitFor()
  await page.getByRole('button', { name: 'revoked 2' }).click()
  await page.getByText('2 of 2 certificates').or(page.getByText('2 certificates')).waitFor()
  await known.getByRole('link', { name: 'old-1' }).click()
  await page.locator('[data-head=old-1]', { hasText: 'was revoked' }).waitFor()
  expect(problems).toEqual([])
})

test('what changed after somebody opened the form is not approved unseen', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  const { entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  const { page } = await world.open(browser, '#/trust')
  const card = page.locator('[data-pending]')
  await card.getByRole('button', { name: 'Approve…' }).click()
  await card.getByRole('textbox', { name: 'What the machine itself tells' }).fill(String(entry['thumbprint']))
  const approve = card.getByRole('button', { name: 'Approve web-1' })
  expect(await approve.isEnabled()).toBe(true)
  // Meanwhile somebody registers its name for another certificate: it is not a new one any more.
  await world.client.request('agents.add', { agent: 'other', uri: 'poll://web-1/', thumbprint: 'B'.repeat(40) })
  await card.getByText('This is not what you saw').waitFor()
  expect(await approve.isDisabled()).toBe(true)
  await card.getByRole('button', { name: 'I have looked at it again' }).click()
  await card.getByText('This is not what you saw').waitFor({ state: 'detached' })
})

test('who may only look at agents sees no buttons to change them, and is told who may', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  const { secret } = await world.client.request('tokens.create', { name: 'Ada', role: 'viewer' })
  const [url = ''] = world.address.split('#')
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${url}#token=${secret}`)
  await page.getByText('Connected as viewer').waitFor()
  await page.getByText('Adding an agent takes the role admin; you are signed in as viewer.').waitFor()
  // The navigation leads to what one may see, and an address says why not.
  expect(await page.getByRole('link', { name: 'Trust' }).count()).toBe(0)
  await page.evaluate(() => {
    location.hash = '#/trust'
  })
  await page.getByRole('heading', { name: 'Trust is not for your role' }).waitFor()
  await page.context().close()
})

test('what was asked about one agent is not answered about the next one that is opened', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  for (const agent of ['one', 'two']) {
    await world.client.request('agents.add', { agent, uri: `poll://${agent}/`, thumbprint: 'A'.repeat(40) })
  }
  const { page, problems } = await world.open(browser, '#/agent/one/change')
  const remove = page.getByRole('region', { name: 'Remove' })
  await remove.getByRole('button', { name: 'Remove…' }).click()
  await remove.getByRole('button', { name: 'Remove one for good' }).waitFor()
  await page.locator('[data-agent=two]').click()
  await page.locator('[data-head=two]').waitFor()
  await page.getByRole('link', { name: 'Change', exact: true }).click()
  await remove.getByRole('button', { name: 'Remove…' }).click()
  await remove.getByRole('button', { name: 'Keep it' }).click()
  await remove.getByRole('button', { name: 'Remove…' }).click()
  await remove.getByRole('button', { name: 'Remove two for good' }).click()
  // In a list that somebody is in its row stays, and says that it is gone.
  await page.locator('.agent-row:not(.gone) [data-agent=two]').waitFor({ state: 'detached' })
  await page.locator('[data-agent=one]').waitFor()
  expect(problems).toEqual([])
})
