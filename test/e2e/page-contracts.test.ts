import { method, service, string } from '@halibut-gateway/schemas/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const documentOf = (contract: object): Record<string, unknown> => JSON.parse(JSON.stringify(contract))
const methods = (page: Page) => page.getByRole('navigation', { name: 'Method' })

test('a form shows the agent’s own version of a contract, and what changes of it while the page is open', {
  timeout: 120_000,
}, async () => {
  const agentOf = (id: string) => ({ id, uri: `poll://${id}/`, thumbprint: 'A'.repeat(40), services: ['IEchoService'] })
  await using world = await createPageWorld({ agents: [agentOf('own-1'), agentOf('common-1')] })
  const { page: own, problems } = await world.open(browser, '#/agent/own-1')
  const { page: common } = await world.open(browser, '#/agent/common-1')
  await Promise.all([own, common].map(page => methods(page).getByText('SayHello').first().waitFor()))

  const first = service('IEchoService', { Whisper: method([['text', string]], string) })
  await world.client.request('contracts.add', { contract: documentOf(first), agent: 'own-1' })
  await methods(own).getByText('Whisper').waitFor()
  expect(await methods(own).getByText('SayHello').count()).toBe(0)

  // And what takes its place; the other agent has that of all still, also where both were looked at in one page.
  const second = service('IEchoService', { Murmur: method([['text', string]], string) })
  await world.client.request('contracts.update', {
    service: 'IEchoService',
    version: '*',
    contract: documentOf(second),
    agent: 'own-1',
  })
  await methods(own).getByText('Murmur').waitFor()
  expect(await methods(own).getByText('Whisper').count()).toBe(0)
  await own.evaluate(() => {
    location.hash = '#/agent/common-1'
  })
  await methods(own).getByText('SayHello').first().waitFor()
  expect(await methods(own).getByText('Murmur').count()).toBe(0)
  expect(await methods(common).getByText('SayHello').count()).toBeGreaterThan(0)
  expect(problems).toEqual([])
})
