import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const services = ['ICalculatorService', 'IEchoService', 'ITroubleService']
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [
      { id: 'gone-1', uri: 'poll://gone-1/', thumbprint: 'A'.repeat(40), services },
      { id: 'refused-1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services },
    ],
  })
  const { entry } = await world.startAgent('web-1', ['--listen', '127.0.0.1:0'])
  const { uri = '', thumbprint = '' } = entry
  await world.client.request('agents.add', { agent: 'web-1', uri, thumbprint, services })
  await world.client.request('agents.add', { agent: 'wrong-1', uri, thumbprint: 'C'.repeat(40), services })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const answer = (page: Page) => page.getByRole('region', { name: 'Answer', exact: true })

/** Opens the form of a method. */
async function openMethod(agent: string, service: string, method: string, name: RegExp | string) {
  const { page } = await world.open(browser, `#/agent/${agent}?service=${service}&method=${encodeURIComponent(method)}`)
  await page.getByRole('button', { name }).first().waitFor()
  return page
}

test('a call to an agent that is away says why it waits and since when, and ends at its deadline', { timeout: 60_000 }, async () => {
  const page = await openMethod('gone-1', 'IEchoService', 'SayHello(string)', 'Call SayHello')
  const deadline = page.getByRole('textbox', { name: 'Give up after so many seconds' })
  await deadline.fill('soon')
  expect(await page.getByRole('button', { name: 'Call SayHello' }).isDisabled()).toBe(true)
  await deadline.fill('0.2')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=failed]', { hasText: 'deadline_exceeded' }).waitFor()
  expect(await answer(page).textContent()).toContain('The agent did not run it.')
  await deadline.fill('')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await answer(page).getByText('gone-1 is offline').waitFor()
  for (const text of ['has not connected yet', 'The call leaves when the agent is there'])
    expect(await answer(page).textContent()).toContain(text)
  // Whoever gives it up with the keyboard is not lost.
  await page.getByRole('button', { name: 'Cancel' }).press('Enter')
  await page.locator('[data-outcome=failed]', { hasText: 'cancelled' }).waitFor()
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('answer')
})

test('a call to an address where nothing listens says so while it is tried', { timeout: 60_000 }, async () => {
  const page = await openMethod('refused-1', 'IEchoService', 'SayHello(string)', 'Call SayHello')
  await page.locator('[data-head=refused-1] .badge.offline').waitFor()
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  // Until the last attempt it says why, and then what came of it.
  await answer(page)
    .getByText(/refused|nothing listens/)
    .first()
    .waitFor()
  await page.locator('[data-outcome=failed]', { hasText: 'connect_refused' }).waitFor()
})

test('a wrong pin is one box with both thumbprints, in the state of the agent and in the answer', { timeout: 60_000 }, async () => {
  const page = await openMethod('wrong-1', 'IEchoService', 'SayHello(string)', 'Call SayHello')
  const seen = (await world.client.agents()).find(({ id }) => id === 'web-1')?.thumbprint
  const titles = (box: string) =>
    page.locator(`${box} .mismatch code[title]`).evaluateAll(nodes => nodes.map(node => node.getAttribute('title')))
  await page.locator('[data-head] .mismatch').waitFor()
  expect(await titles('[data-head]')).toEqual(['C'.repeat(40), seen])
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=failed] .mismatch').waitFor()
  expect(await titles('[data-outcome=failed]')).toEqual(['C'.repeat(40), seen])
})

test('a reload keeps the history and follows what runs, and the arguments of a method are there when one comes back to it', {
  timeout: 60_000,
}, async () => {
  const page = await openMethod('web-1', 'ICalculatorService', 'Add(int64,int64)', 'Call Add')
  await page.getByRole('textbox', { name: 'a int64' }).fill('9007199254740993')
  await page.getByRole('button', { name: 'Divide int64, int64' }).click()
  await page.getByRole('textbox', { name: 'dividend int64' }).waitFor()
  await page.goBack()
  expect(await page.getByRole('textbox', { name: 'a int64' }).inputValue()).toBe('9007199254740993')
  await page.getByRole('button', { name: 'Call Add' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  expect(await answer(page).getByLabel('Result').textContent()).toBe('9007199254740993')

  await page.getByRole('button', { name: 'Trouble' }).click()
  await page.getByRole('button', { name: 'Slow int64' }).click()
  await page.getByRole('textbox', { name: 'milliseconds int64' }).fill('4000')
  await page.getByRole('button', { name: 'Call Slow' }).click()
  await answer(page).getByText('has it, and has not answered yet').waitFor()
  await page.reload()
  await page.locator('[data-call="2"][data-outcome=running]').waitFor()
  await page.locator('[data-call="2"][data-outcome=answered]', { hasText: 'slept 4000 ms' }).waitFor()
  expect(await page.locator('[data-made]').count()).toBe(2)
  await page.locator('[data-made="1"]').click()
  await page.locator('[data-call="1"][data-outcome=answered]').waitFor()
  expect(await page.getByRole('textbox', { name: 'a int64' }).inputValue()).toBe('9007199254740993')
  expect(page.url()).toContain('#/agent/web-1')
})

test('bytes go in as text, hex, base64 or a file, and come out so', { timeout: 60_000 }, async () => {
  const page = await openMethod('web-1', 'IEchoService', 'SayHello(string)', 'Call SayHello')
  await page.getByRole('button', { name: /^EchoBytes/ }).click()
  const call = page.getByRole('button', { name: 'Call EchoBytes' })
  const field = page.getByRole('textbox', { name: 'content bytes' })
  const form = page.getByRole('form', { name: 'Arguments' })
  const shown = answer(page).getByLabel('Result')
  let number = 0
  const answered = async (): Promise<string | null> => {
    await call.click()
    await page.locator(`[data-call="${++number}"][data-outcome=answered] .bytes`).waitFor()
    return shown.textContent()
  }
  await field.fill('hello, bytes')
  expect(await answered()).toBe('hello, bytes')
  await form.getByRole('button', { name: 'hex' }).click()
  expect(await field.inputValue()).toBe('68 65 6c 6c 6f 2c 20 62 79 74 65 73')
  await field.fill('00 ff')
  expect(await answered()).toBe('00 ff')
  await answer(page).getByRole('button', { name: 'base64' }).click()
  expect(await shown.textContent()).toBe('AP8=')
  await field.fill('0')
  await page.getByText('This is no hex yet').waitFor()
  expect(await call.isDisabled()).toBe(true)
  await page
    .getByLabel('content out of a file')
    .setInputFiles({ name: 'some.bin', mimeType: 'application/octet-stream', buffer: Buffer.from([1, 2, 3, 250]) })
  await page.getByText('4 bytes of some.bin').waitFor()
  expect(await answered()).toBe('01 02 03 fa')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()])
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  expect([...Buffer.concat(chunks)]).toEqual([1, 2, 3, 250])
})

test('a date is picked, and a result is copied as what it is', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/agent/web-1?service=IEchoService', {
    timezoneId: 'Europe/Berlin',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.getByRole('button', { name: /^EchoAppointment/ }).click()
  await page.getByLabel('Pick At').fill('2030-07-01T12:00:00')
  expect(await page.getByRole('textbox', { name: 'At dateTime' }).inputValue()).toBe('2030-07-01T10:00:00.000Z')
  await page.getByRole('button', { name: 'Call EchoAppointment' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  await answer(page).getByRole('button', { name: 'Copy the value' }).click()
  await answer(page).getByText('Copied').waitFor()
  expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({ At: '2030-07-01T10:00:00.000Z' })
})
