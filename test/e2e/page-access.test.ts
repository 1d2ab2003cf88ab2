import { AxeBuilder } from '@axe-core/playwright'
import type { Browser } from 'playwright-core'
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
  ['all agents', '#/agents', '[data-agent=web-1][data-state=connected]'],
  ['an agent that is there', '#/agent/web-1?service=IEchoService&method=EchoAppointment(Appointment)', '[data-head=web-1]'],
  ['an agent with a wrong pin', '#/agent/wrong-1', '[data-head=wrong-1] .mismatch'],
  ['an agent that is away', '#/agent/gone-1', '[data-head=gone-1] .why.offline'],
  ['an agent that is not there', '#/agent/nobody', 'h1'],
  ['trust', '#/trust', '[data-pending]'],
  ['how to attach one that listens', '#/attach/listening', '.command'],
  ['how to attach one that polls', '#/attach/polling', '[data-pending]'],
] as const

test.each(places.flatMap(([name, place, ready]) => (['light', 'dark'] as const).map(scheme => [name, scheme, place, ready] as const)))(
  'the page of %s in %s colours has one heading of the first level, and axe finds nothing',
  { timeout: 60_000 },
  async (...given) => {
    const [, scheme, place, ready] = given
    const { page, problems } = await world.open(browser, place, { colorScheme: scheme })
    await page.locator(ready).first().waitFor()
    expect(await page.locator('h1').count()).toBe(1)
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)])).toEqual([])
    expect(problems).toEqual([])
    await page.context().close()
  },
)
