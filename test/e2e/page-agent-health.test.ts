import { connect, type Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'
import { tcpServer } from '../support/tcp-server.ts'

// What takes half a minute with the defaults: noticing another certificate, and two machines with one.
vi.mock('../../server/src/base/limits.ts', async original => {
  const limits = await original<typeof import('../../server/src/base/limits.ts')>()
  return { ...limits, gatewayLimits: { ...limits.gatewayLimits, agentProbeIntervalMs: 200, cloneGraceMs: 100, pollingGraceMs: 200 } }
})

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const head = (page: Page, agent: string) => page.locator(`[data-head=${agent}]`)
const tab = (page: Page, name: string) => page.getByRole('navigation', { name: 'What of this agent' }).getByRole('link', { name })

test('the steps of the doctor appear one by one as they are taken, with the one that is under way, and the one thing to do', {
  timeout: 120_000,
}, async () => {
  const sockets: Socket[] = []
  await using silent = await tcpServer(socket => sockets.push(socket))
  await using world = await createPageWorld()
  const uri = `https://127.0.0.1:${silent.port}/`
  await world.client.request('agents.add', { agent: 'silent-1', uri, thumbprint: 'A'.repeat(40) })
  await world.client.request('agents.disable', { agent: 'silent-1' })
  const { page, problems } = await world.open(browser, '#/agent/silent-1/health')
  const step = (name: string, outcome: string) => page.locator(`[data-step=${name}][data-outcome=${outcome}]`)
  await page.getByRole('button', { name: 'Look what is wrong, step by step' }).click()
  // Whoever has the port says nothing: what came before stands there meanwhile.
  await step('tls', 'running').waitFor()
  for (const done of ['dns', 'tcp']) expect(await step(done, 'passed').textContent()).toMatch(/\d ms/)
  await step('call', 'ahead').waitFor()
  expect(await page.locator('[data-doctor=walks]').count()).toBe(1)
  for (const socket of sockets) socket.destroy()
  await step('tls', 'failed').getByText('To do:').waitFor()
  await page.locator('[data-doctor=done]').waitFor()
  expect(await step('certificate', 'skipped').count()).toBe(1)
  // It is not walked again by an address, and what it found is there when one comes back.
  await tab(page, 'Activity').click()
  await tab(page, 'Health').click()
  await step('tls', 'failed').waitFor()
  await page.reload()
  await page.getByRole('button', { name: 'Look what is wrong, step by step' }).waitFor()
  expect(await page.locator('[data-step]').count()).toBe(0)
  expect(problems).toEqual([])
})

test('an agent whose certificate changed shows what is seen against what is expected, and is pinned anew once a person has compared', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  const { command, entry } = await world.startAgent('before', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services: ['IEchoService'] })
  const { page, problems } = await world.open(browser, '#/agent/web-1')
  await head(page, 'web-1').locator('.badge.connected').waitFor()
  await command[Symbol.asyncDispose]()
  const { entry: fresh } = await world.startAgent('after', ['--listen', new URL(uri).host])
  await head(page, 'web-1').locator('.badge.untrusted').waitFor()
  const titles = await head(page, 'web-1')
    .locator('.mismatch code[title]')
    .evaluateAll(nodes => nodes.map(node => node.getAttribute('title')))
  expect(titles).toEqual([thumbprint, fresh['thumbprint']])
  await head(page, 'web-1').getByText('CN=after').waitFor()
  const pin = head(page, 'web-1').getByRole('button', { name: 'Pin it, and revoke the one before' })
  expect(await pin.isDisabled()).toBe(true)
  await head(page, 'web-1').getByRole('checkbox', { name: 'The machine itself tells' }).check()
  await pin.click()
  await head(page, 'web-1').locator('.badge.connected').waitFor()
  await page.getByRole('textbox', { name: 'name string' }).fill('Ada')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=answered]', { hasText: 'this is after' }).waitFor()
  // All of that is in its history.
  await tab(page, 'Health').click()
  const past = await page.locator('[data-past]').evaluateAll(nodes => nodes.map(node => node.getAttribute('data-past')))
  expect(past[0]).toBe('connected')
  expect(past).toContain('untrusted')
  expect(problems).toEqual([])
})

test('an agent that goes and comes while one looks is told at once, with its connections and its history', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  const first = await world.startAgent('web-1', ['--poll', world.agentAddress])
  await world.client.request('agents.add', {
    agent: 'web-1',
    uri: 'poll://web-1/',
    thumbprint: first.entry['thumbprint'] ?? '',
    services: ['IEchoService'],
  })
  const { page, problems } = await world.open(browser, '#/agent/web-1/connections')
  await head(page, 'web-1').locator('.badge.connected').waitFor()
  await page.locator('[data-connection=incoming]').first().getByText('opened by the agent, to poll').waitFor()
  await first.command[Symbol.asyncDispose]()
  await head(page, 'web-1').locator('.badge.offline').waitFor()
  await page.locator('.connections').getByText('web-1 has none now').waitFor()
  await tab(page, 'Health').click()
  await page.locator('[data-past=offline].present').waitFor()
  await world.startAgent('web-1', ['--poll', world.agentAddress])
  await page.locator('[data-past=connected].present').waitFor()
  await head(page, 'web-1').locator('.badge.connected').waitFor()
  const past = await page.locator('[data-past]').evaluateAll(nodes => nodes.map(node => node.getAttribute('data-past')))
  expect(past).toEqual(['connected', 'offline', 'suspect', 'connected'])
  expect(problems).toEqual([])
})

/** What dials it comes from the other address of this machine. */
async function elsewhere(to: string, localAddress: string) {
  const { hostname, port } = new URL(to)
  const relay = await tcpServer(socket => {
    const back = connect({ host: hostname, port: Number(port), localAddress }, () => socket.pipe(back).pipe(socket))
    back.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.once('close', () => back.destroy())
  })
  return { address: `https://127.0.0.1:${relay.port}/`, [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose]() }
}

test('of two machines with one certificate one is kept out, and is let in again', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  await using copy = await elsewhere(world.agentAddress, '127.0.0.2')
  const { entry } = await world.startAgent('web-1', ['--poll', world.agentAddress])
  await world.client.request('agents.add', { agent: 'web-1', uri: 'poll://web-1/', thumbprint: entry['thumbprint'] ?? '' })
  const { page, problems } = await world.open(browser, '#/agent/web-1')
  await head(page, 'web-1').locator('.badge.connected').waitFor()
  // A disk was copied, with all that is on it.
  await world.startAgent('web-1', ['--poll', copy.address])
  await head(page, 'web-1').getByText('2 machines poll with its certificate').waitFor()
  await head(page, 'web-1').getByRole('link', { name: 'Look at its 2 machines' }).click()
  const card = page.locator('[data-clones=web-1]')
  await card.getByText('127.0.0.2').waitFor()
  await card.getByRole('button', { name: 'Hold the newer' }).click()
  await card.getByText('kept out').waitFor()
  const copied = page.locator('[data-connection]', { hasText: '127.0.0.2:' })
  await page.waitForFunction(
    () => ![...document.querySelectorAll('[data-connection]')].some(row => row.textContent?.includes('127.0.0.2:')),
  )
  await page.locator('[data-connection]', { hasText: '127.0.0.1:' }).first().waitFor()
  await card.getByRole('button', { name: 'Let it in again' }).click()
  await card.getByRole('button', { name: 'Let it in again' }).waitFor({ state: 'detached' })
  await copied.first().waitFor()
  expect(problems).toEqual([])
})
