import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

test('an empty gateway comes to a first answer of an agent in the page alone: it takes the contracts that are missing while the agent is let in', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld({ isEmpty: true })
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
  await card.getByText('The gateway knows no contracts yet').waitFor()
  await card.getByLabel('Open contract files').setInputFiles(await world.contractFiles('web-1'))
  await card.getByRole('checkbox', { name: 'IEchoService', checked: true }).waitFor()
  await card.getByText('The gateway knows no contracts yet').waitFor({ state: 'detached' })
  await approve.click()
  await page.locator('[data-arrived=web-1][data-state=connected]').waitFor()

  await page.getByRole('link', { name: 'Call web-1' }).click()
  await page.getByRole('button', { name: 'Echo', exact: true }).click()
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

test('an agent whose services have no contract is added all the same, and its page takes contracts and has forms at once', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld({ isEmpty: true })
  const { entry } = await world.startAgent('web-4', ['--listen', '127.0.0.1:0'])
  const { page, problems } = await world.open(browser, '#/attach/listening')
  await page.getByRole('textbox', { name: 'Address' }).evaluate((field, text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text', text)
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, JSON.stringify(entry))
  await page.getByText('The gateway has no contract yet for').waitFor()
  await page.getByRole('button', { name: 'Add web-4' }).click()
  await page.locator('[data-arrived=web-4][data-state=connected]').waitFor()
  await page.getByRole('link', { name: 'Call web-4' }).click()
  const files = page.getByLabel('Open contract files')
  await files.setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no contract') })
  await page.getByText('notes.txt is no JSON').waitFor()
  await files.setInputFiles(await world.contractFiles('web-4'))
  await page.getByRole('button', { name: 'Call Add' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  expect(problems).toEqual([])
})

test('who adds contracts in a terminal finds them on coming back to the form', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld({ isEmpty: true })
  const { page } = await world.open(browser, '#/attach/listening')
  await page.getByText('The gateway knows no contracts yet').waitFor()
  const contract = { contract: 1, service: 'ILateService', methods: [{ name: 'Ping', params: [], result: 'void' }] }
  await world.client.request('contracts.add', { contract })
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  await page.getByRole('checkbox', { name: 'ILateService' }).waitFor()
})

test('an agent that listens is added once a person has compared the certificate that stands at its address', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  const { entry } = await world.startAgent('web-3', ['--listen', '127.0.0.1:0'])
  const { page, problems } = await world.open(browser, '#/attach/listening')
  // As people say it.
  await page.getByRole('textbox', { name: 'Address' }).fill(new URL(String(entry['uri'])).host)
  await page.getByRole('textbox', { name: 'Id' }).fill('web-3')
  const add = page.getByRole('button', { name: 'Add web-3' })
  const told = page.getByRole('textbox', { name: 'Thumbprint, as the agent itself tells it' })
  await page.getByRole('button', { name: 'Ask the address which certificate it has' }).click()
  await page.locator(`[data-seen="${entry['thumbprint']}"]`).getByText('CN=web-3').waitFor()
  // That it was seen is no reason to believe it.
  expect(await add.isDisabled()).toBe(true)
  await told.fill('00'.repeat(20))
  await page.getByText('Another one stands there').waitFor()
  expect(await add.isDisabled()).toBe(true)
  await told.fill(String(entry['thumbprint']).toLowerCase())
  await page.getByText('It is the same that stands there').waitFor()
  expect(await add.isEnabled()).toBe(true)
  await told.fill('')
  expect(await add.isDisabled()).toBe(true)
  await page.getByRole('checkbox', { name: 'I have compared' }).check()
  await page.getByRole('textbox', { name: 'Tags' }).fill('production')
  await add.click()
  await page.locator('[data-arrived=web-3][data-state=connected]').waitFor()
  expect((await world.client.request('agents.get', { agent: 'web-3' })).agent).toMatchObject({
    thumbprint: entry['thumbprint'],
    tags: ['production'],
  })
  expect(problems).toEqual([])
})

test('where nothing answers at an address that is said, and where an agent is added that is not there, it is said what to look at', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  const { page } = await world.open(browser, '#/attach/listening')
  await page.getByRole('textbox', { name: 'Address' }).fill('127.0.0.1:1')
  await page.getByRole('button', { name: 'Ask the address which certificate it has' }).click()
  await page.getByRole('alert').getByText('To go on').waitFor()
  await page.getByRole('textbox', { name: 'Thumbprint' }).fill('A'.repeat(40))
  await page.getByRole('textbox', { name: 'Id' }).fill('web-1')
  await page.getByRole('button', { name: 'Add web-1' }).click()
  await page.locator('[data-arrived=web-1][data-state=offline]').getByText('To go on').waitFor()
  await page.getByRole('link', { name: 'Look at web-1' }).click()
  await page.getByRole('region', { name: 'Doctor' }).waitFor()
})

test('who waits for an agent that does not knock gets hints in the place of the spinner, and the agent when it comes', {
  timeout: 120_000,
}, async () => {
  await using world = await createPageWorld()
  const { page, problems } = await world.open(browser, '#/attach/polling')
  await page.getByText('Nobody has knocked yet').waitFor()
  expect(await page.locator('.spinner').count()).toBe(1)
  await page.clock.install()
  await page.clock.fastForward(20_000)
  await page.getByText('Does it trust this gateway?').waitFor()
  expect(await page.locator('.spinner').count()).toBe(0)
  await page.getByText(world.thumbprint).last().waitFor()
  await world.startAgent('late-1', ['--poll', world.agentAddress])
  await page.locator('[data-pending]').getByText('poll://late-1/', { exact: true }).waitFor()
  expect(await page.locator('.hints').count()).toBe(0)
  expect(problems).toEqual([])
})
