import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [
      { id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40), services: ['IEchoService', 'ITroubleService'] },
      { id: 'off-1', uri: 'https://127.0.0.1:1/', thumbprint: 'B'.repeat(40), disabled: true },
    ],
  })
  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', {
    agent: 'web-1',
    uri,
    thumbprint,
    services: ['IEchoService', 'ITroubleService'],
    tags: ['role=web'],
  })
  await world.client.request('agents.add', { agent: 'wrong-1', uri, thumbprint: 'C'.repeat(40), services: ['IEchoService'] })
  await world.startAgent('stranger', ['--poll', world.agentAddress])
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const places = [
  ['the overview', '#/overview', '[data-attention]'],
  ['all agents', '#/agents', '[data-agent=web-1][data-state=connected]'],
  ['an agent that is there', '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)', '[data-head=web-1]'],
  ['an agent with a wrong pin', '#/agent/wrong-1', '[data-head=wrong-1] .mismatch'],
  ['an agent that is away', '#/agent/gone-1', '[data-head=gone-1] .why.offline'],
  ['an agent that is not there', '#/agent/nobody', 'h1'],
  ['trust', '#/trust', '[data-pending]'],
  ['how to attach one that listens', '#/attach/listening', '.command'],
  ['how to attach one that polls', '#/attach/polling', '[data-pending]'],
] as const

/** One heading of the first level, and nothing that axe finds. */
async function expectAccessible(page: Page): Promise<void> {
  expect(await page.locator('h1').count()).toBe(1)
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([])
}

const schemes = ['light', 'dark'] as const

test.each(places.flatMap(([name, place, ready]) => schemes.map(scheme => [name, scheme, place, ready] as const)))(
  'the page of %s in %s colours has one heading of the first level, and axe finds nothing',
  { timeout: 60_000 },
  async (...given) => {
    const [, scheme, place, ready] = given
    const { page, problems } = await world.open(browser, place, { colorScheme: scheme })
    await page.locator(ready).first().waitFor()
    await expectAccessible(page)
    expect(problems).toEqual([])
    await page.context().close()
  },
)

test.each(schemes)('axe finds nothing in a call that waits, is answered or failed, in %s colours', { timeout: 60_000 }, async scheme => {
  const { page } = await world.open(browser, '#/agent/web-1?service=IEchoService&method=SayHello(string)', { colorScheme: scheme })
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Trouble' }).click()
  await page.getByRole('button', { name: 'Call Fail' }).click()
  await page.locator('[data-outcome=failed]').waitFor()
  await expectAccessible(page)
  await page.locator('[data-agent=gone-1]').click()
  await page.locator('[data-head=gone-1]').waitFor()
  await page.getByRole('button', { name: 'Call Fail' }).click()
  await page.locator('[data-outcome=running] .waiting').waitFor()
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.locator('[data-outcome=failed]').waitFor()
  await page.context().close()
})

test.each(schemes)(
  'axe finds nothing in the ways to decide about who knocks, nor where nobody is signed in, in %s colours',
  {
    timeout: 60_000,
  },
  async scheme => {
    const { page } = await world.open(browser, '#/trust', { colorScheme: scheme })
    for (const way of ['Approve…', 'Replace a machine…', 'Deny…', 'Later…']) {
      await page.getByRole('button', { name: way }).click()
      await page.locator('.decision').waitFor()
      await expectAccessible(page)
      await page.locator('.decision').getByRole('button', { name: 'Not now' }).click()
    }
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await expectAccessible(page)
    await page.context().close()
  },
)
