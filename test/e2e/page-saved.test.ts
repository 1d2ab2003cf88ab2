import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { member, method, service, string } from '@halibut-gateway/schemas/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

const services = ['ICalculatorService', 'IEchoService', 'ITroubleService']
let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld()
  for (const [id, tags] of [
    ['web-1', ['calculators']],
    ['web-2', ['calculators']],
    ['safe-1', []],
  ] as const) {
    const { entry } = await world.startAgent(id, ['--listen', '127.0.0.1:0'])
    const { uri = '', thumbprint = '' } = entry
    await world.client.request('agents.add', { agent: id, uri, thumbprint, services, tags: [...tags] })
  }
  // One agent’s contract calls its argument a secret.
  const secretive = service('IEchoService', { SayHello: method([['name', member(string, { secret: true })]], string) })
  await world.client.request('contracts.add', { contract: JSON.parse(JSON.stringify(secretive)), agent: 'safe-1' })
}, 120_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

const saved = (page: Page, name: string) => page.locator(`[data-saved="${name}"]`)
const verdict = (page: Page, name: string, what: 'passed' | 'failed') =>
  page.locator(`[data-saved="${name}"][data-verdict=${what}]`).waitFor()

/** Saves what is there as a file, and gives its text. */
async function downloaded(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: button }).click()])
  return readFile(await download.path(), 'utf8')
}

test('a call of the form is saved, gets variables and assertions, and the command line gives its file the same verdicts', {
  timeout: 90_000,
}, async () => {
  const { page, problems } = await world.open(
    browser,
    `#/agent/web-1?service=ICalculatorService&method=${encodeURIComponent('Add(int64,int64)')}`,
  )
  await page.getByRole('textbox', { name: 'a int64' }).fill('40')
  await page.getByRole('textbox', { name: 'b int64' }).fill('2')
  await page.getByRole('button', { name: 'Save this call' }).click()
  await page.getByRole('link', { name: 'Add in My calls' }).click()
  await saved(page, 'Add').waitFor()

  // A variable takes the place of an argument.
  await page.getByRole('textbox', { name: 'Name of a new variable' }).fill('summand')
  await page.getByRole('button', { name: 'Add a variable' }).click()
  await page.getByRole('textbox', { name: 'Value of summand' }).fill('40')
  const args = page.getByRole('textbox', { name: 'Arguments, as a JSON list' })
  await args.fill('["{{nothing}}", "2"]')
  await args.blur()
  await page.getByText('there is no variable nothing').waitFor()
  await args.fill('["{{summand}}", "2"]')
  await args.blur()
  await page.getByText('there is no variable nothing').waitFor({ state: 'detached' })

  // It is run, and what is expected of it is said afterwards: nothing is sent for that.
  await page.getByRole('button', { name: 'Run Add', exact: true }).click()
  await verdict(page, 'Add', 'passed')
  const before = (await world.client.agents()).find(({ id }) => id === 'web-1')?.since
  await page.getByRole('button', { name: '+ equals' }).click()
  await page.getByRole('textbox', { name: 'Value 1' }).fill('43')
  await page.getByRole('textbox', { name: 'Value 1' }).press('Enter')
  await verdict(page, 'Add', 'failed')
  await page.getByText('expected 43, seen "42" at $').waitFor()
  await page.getByRole('textbox', { name: 'Value 1' }).fill('42')
  await page.getByRole('textbox', { name: 'Value 1' }).press('Enter')
  await verdict(page, 'Add', 'passed')
  await page.getByRole('button', { name: '+ takes less than' }).click()
  expect((await world.client.agents()).find(({ id }) => id === 'web-1')?.since).toBe(before)

  // A second one, of a tag, that is expected to fail, and a third that does not hold.
  await page.getByRole('button', { name: 'Duplicate' }).last().click()
  await saved(page, 'Add 2').getByRole('button').first().click()
  await page.getByRole('button', { name: 'each with a tag' }).click()
  await page.getByRole('textbox', { name: 'Tag', exact: true }).fill('calculators')
  await page.getByRole('textbox', { name: 'Tag', exact: true }).press('Enter')
  await page.getByRole('textbox', { name: 'Value 1' }).fill('41')
  await page.getByRole('textbox', { name: 'Value 1' }).press('Enter')
  await page.getByRole('button', { name: 'Run all' }).click()
  await page.locator('[data-run=done]').waitFor()
  await verdict(page, 'Add', 'passed')
  await verdict(page, 'Add 2', 'failed')
  expect(await saved(page, 'Add 2').locator('.came').count()).toBe(2)

  const path = join(tmpdir(), `saved-${process.pid}.json`)
  try {
    await writeFile(path, await downloaded(page, 'Save as a file'))
    const environment = { HALIBUT_GATEWAY_URL: world.address }
    const { code, out } = await runCommand(['call', '--saved', path, '--json'], environment)
    const report = JSON.parse(out) as {
      calls: {
        name: string
        agent: string
        passed: boolean
        verdicts: { assertion: string; passed: boolean; expected: string; seen: string }[]
      }[]
    }
    expect(code).toBe(12)
    expect(report.calls.map(({ name, agent, passed }) => [name, agent, passed])).toEqual([
      ['Add', 'web-1', true],
      ['Add 2', 'web-1', false],
      ['Add 2', 'web-2', false],
    ])
    // The page tells each verdict in the same words.
    const [told] = report.calls[1]?.verdicts ?? []
    await saved(page, 'Add 2').getByText(`expected ${told?.expected}, seen ${told?.seen}`).first().waitFor()
    const again = await runCommand(['call', '--saved', path, '--only', 'Add', '--set', 'summand=41'], environment)
    expect([again.code, again.out]).toEqual([12, expect.stringContaining('$ equals 42: expected 42, seen "43"')])
  } finally {
    await rm(path, { force: true })
  }
  expect(problems).toEqual([])
})

test('saved calls are there after a reload, are put back into the form, taken away and back, and taken in from a file with each mistake told', {
  timeout: 90_000,
}, async () => {
  const { page } = await world.open(browser, '#/saved')
  await page.getByText('No calls are saved in this browser').waitFor()
  const call = (name: string) => ({ name, agent: 'web-1', service: 'IEchoService', method: 'SayHello', args: ['{{who}}'] })
  const file = (value: object | string) => ({
    name: 'some.json',
    mimeType: 'application/json',
    buffer: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  })
  const collection = {
    format: 'halibut-gateway-collection',
    version: 1,
    name: 'Greetings',
    variables: { who: { value: 'Ada' } },
    calls: [call('first'), call('second')],
  }
  const take = page.locator('input[type=file]')
  await take.setInputFiles(file('{"format": "halibut-gateway-collection",\n "version": }'))
  await page.getByText(/some\.json: line 2, column \d+: it is no JSON/).waitFor()
  await take.setInputFiles(file({ ...collection, calls: [{ ...call('first'), service: 5, shell: 'rm' }] }))
  await page.getByText('some.json: /calls/0/shell: is not known here').waitFor()
  await page.getByText('some.json: /calls/0/service: expected a string').waitFor()
  await take.setInputFiles(file(collection))
  await saved(page, 'first').waitFor()

  await page.getByRole('button', { name: 'Move second up' }).click()
  await page.reload()
  await saved(page, 'second').waitFor()
  expect(await page.locator('[data-saved]').evaluateAll(nodes => nodes.map(node => node.getAttribute('data-saved')))).toEqual([
    'second',
    'first',
  ])

  await saved(page, 'first').getByRole('button').first().click()
  await saved(page, 'first').getByRole('button', { name: 'Delete' }).click()
  await saved(page, 'first').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await saved(page, 'first').waitFor()

  await saved(page, 'first').getByRole('button').first().click()
  await saved(page, 'first').getByRole('button', { name: 'Put into the form' }).click()
  await page.getByRole('button', { name: 'Call SayHello' }).waitFor()
  expect(await page.getByRole('textbox', { name: 'name string' }).inputValue()).toBe('Ada')
  expect(await page.locator('[data-made]').count()).toBe(0)
})

test('a link shows the call that it holds and calls nothing, and a damaged one says what is wrong with it', {
  timeout: 60_000,
}, async () => {
  const call = {
    name: 'Greets',
    agent: 'web-1',
    service: 'IEchoService',
    method: 'SayHello',
    args: ['{{who}}'],
    assertions: [{ path: '$', matches: 'Hello' }],
  }
  const collection = {
    format: 'halibut-gateway-collection',
    version: 1,
    name: 'Sent',
    variables: { who: { value: 'Grace' } },
    calls: [call],
  }
  const link = Buffer.from(JSON.stringify(collection)).toString('base64url')
  const { page } = await world.open(browser, `#/saved?link=${link}`)
  const shown = page.getByRole('region', { name: 'A call from a link' })
  await shown.getByText('Nothing was called').waitFor()
  expect(await shown.textContent()).toContain('$ matches Hello')
  await shown.getByRole('button', { name: 'Keep it' }).click()
  await saved(page, 'Greets').waitFor()
  expect(await page.locator('[data-saved=Greets]').getAttribute('data-verdict')).toBe('none')
  expect(new URL(page.url()).hash).not.toContain('link=')

  const { page: other } = await world.open(browser, `#/saved?link=${link.slice(0, 40)}`)
  await other.getByText('This link holds no saved call that can be shown.').waitFor()
})

test('what a contract calls a secret stands in no history after a reload, no saved call, no file and no link', {
  timeout: 60_000,
}, async () => {
  const { page } = await world.open(browser, '#/agent/safe-1?service=IEchoService', { permissions: ['clipboard-read', 'clipboard-write'] })
  await page.getByRole('textbox', { name: 'name string' }).fill('open sesame')
  await page.getByRole('button', { name: 'Call SayHello' }).click()
  await page.locator('[data-outcome=answered]').waitFor()
  await page.getByRole('button', { name: 'Save SayHello of call 1' }).click()
  await page.getByRole('link', { name: 'SayHello in My calls' }).click()
  await page.locator('[data-variable=name]').getByText('secret').first().waitFor()
  expect(await downloaded(page, 'Save as a file')).not.toContain('sesame')
  await page.getByRole('button', { name: 'Copy a link' }).click()
  await page.getByText('Copied').waitFor()
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText())).hash.replace(/.*link=/, '')
  expect(Buffer.from(link, 'base64url').toString()).toContain('{{name}}')
  expect(Buffer.from(link, 'base64url').toString()).not.toContain('sesame')
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }))
  expect(kept).toContain('SayHello')
  expect(kept).not.toContain('sesame')

  // Without a value the call is not made, and with one it is.
  await page.getByRole('button', { name: 'Run SayHello' }).click()
  await page.getByText('it was not made: the variable name has no value').first().waitFor()
  await page.getByLabel('For this run: name').fill('open sesame')
  await page.getByLabel('For this run: name').press('Enter')
  await page.getByRole('button', { name: 'Run SayHello' }).click()
  await verdict(page, 'SayHello', 'passed')
  expect(await page.locator('main').textContent()).toContain('Hello •••, this is safe-1')
  expect(await page.locator('main').textContent()).not.toContain('sesame')
})

test('the history is searched and narrowed, and is there with its answers after a reload', { timeout: 60_000 }, async () => {
  const { page } = await world.open(browser, '#/agent/web-1?service=IEchoService')
  const name = page.getByRole('textbox', { name: 'name string' })
  for (const [index, each] of ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan'].entries()) {
    await name.fill(each)
    await page.getByRole('button', { name: 'Call SayHello' }).click()
    await page.locator(`[data-call="${index + 1}"][data-outcome=answered]`).waitFor()
  }
  await page.reload()
  const history = page.getByRole('region', { name: 'History' })
  await history.getByText('5 calls').waitFor()
  await history.getByRole('searchbox', { name: 'Search the history' }).fill('grace')
  await history.getByText('1 of 5 calls').waitFor()
  await history.locator('[data-made="2"]').click()
  await page.locator('[data-call="2"]').waitFor()
  expect(await page.getByRole('region', { name: 'Answer', exact: true }).textContent()).toContain('Hello Grace, this is web-1')
  expect(await name.inputValue()).toBe('Grace')
  await history.getByRole('combobox', { name: 'Outcome' }).selectOption('failed')
  await history.getByText('No call fits what you look for.').waitFor()
})

test('both pages are accessible in both themes, empty, with results, with mistakes and with a link', { timeout: 120_000 }, async () => {
  const collection = {
    format: 'halibut-gateway-collection',
    version: 1,
    name: 'All sorts',
    variables: { who: { value: 'Ada' }, pin: { secret: true, description: 'said by each run' } },
    calls: [
      { name: 'passes', agent: 'web-1', service: 'IEchoService', method: 'SayHello', args: ['{{who}}'] },
      {
        name: 'fails',
        tag: 'calculators',
        service: 'ICalculatorService',
        method: 'Divide',
        args: [1, 0],
        assertions: [{ path: '$', equals: 1 }, { fasterThanMs: 1_000 }, { error: 'closed' }, { path: '$.a', exists: false }],
      },
    ],
  }
  const file = (text: string) => ({ name: 'sorts.json', mimeType: 'application/json', buffer: Buffer.from(text) })
  const link = Buffer.from(JSON.stringify({ ...collection, calls: collection.calls.slice(0, 1) })).toString('base64url')
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await world.open(browser, '#/saved', { colorScheme })
    await page.getByText('No calls are saved in this browser').waitFor()
    await expectAccessible(page)
    const take = page.locator('input[type=file]')
    await take.setInputFiles(file('{'))
    await page.getByText('Not taken in:').waitFor()
    await take.setInputFiles(file(JSON.stringify(collection)))
    await saved(page, 'fails').waitFor()
    await page.getByRole('button', { name: 'Run all' }).click()
    await page.locator('[data-run=done]').waitFor()
    await saved(page, 'fails').getByRole('button').first().click()
    await page.locator('.came').first().waitFor()
    await expectAccessible(page)
    await page.evaluate(to => {
      location.hash = to
    }, `#/saved?link=${link}`)
    await page.getByRole('region', { name: 'A call from a link' }).waitFor()
    await expectAccessible(page)
    await page.evaluate(() => {
      location.hash = '#/many?tag=calculators&service=ICalculatorService'
    })
    await page.getByText('2 agents will be called').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Call 2 agents' }).click()
    await page.locator('[data-many=done]').waitFor()
    await expectAccessible(page)
  }
})

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
}
