import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { int64, method, service } from '../../schemas/src/contract.ts'
import { facadeLimits } from '../../schemas/src/wire/index.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { createPageWorld, launchBrowser, type PageWorld } from '../support/page-world.ts'

let browser: Browser
let world: PageWorld
beforeAll(async () => {
  browser = await launchBrowser()
  world = await createPageWorld({
    agents: [
      { id: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40), services: ['ITwiceService', 'IEchoService'] },
      { id: 'db-1', uri: 'poll://db-1/', thumbprint: 'B'.repeat(40), services: ['ITwiceService'] },
    ],
  })
}, 60_000)
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await browser.close()
})

test('a token is made and told once, lets somebody in, and is revoked after it was said what ends', { timeout: 60_000 }, async () => {
  const { page, problems } = await world.open(browser, '#/settings/tokens')
  await page.getByRole('button', { name: 'Make a token…' }).click()
  const form = page.getByRole('form', { name: 'Make a token' })
  await form.getByRole('textbox', { name: 'Name' }).fill('bad name')
  await form.getByText('Letters, digits, dot, dash and underscore').waitFor()
  await form.getByRole('textbox', { name: 'Name' }).fill('deploy')
  await form.getByRole('radio', { name: 'operator' }).check()
  await form.getByRole('button', { name: 'a week' }).click()
  await form.getByText('For less than its role').click()
  await form.getByRole('textbox', { name: 'Agents' }).fill('web-*')
  await form.getByRole('button', { name: 'Make deploy' }).click()
  const told = page.locator('[data-made=deploy]')
  const secret = (await told.locator('.secret code').textContent()) ?? ''
  await told.getByRole('button', { name: 'I have kept it' }).click()
  await told.waitFor({ state: 'detached' })
  expect(await page.content()).not.toContain(secret)
  const row = page.locator('[data-token=deploy]')
  await row.getByText('all services of web-*').waitFor()
  await row.getByText('in 6 days').waitFor()

  const client = createClient({ url: world.url, token: secret, webSocket: nodeWebSocket })
  expect((await client.agents()).map(({ id }) => id)).toEqual(['web-1'])
  const ended = new Promise(resolve => client.onState(({ at }) => at === 'failed' && resolve(undefined)))
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await row.getByText('everything that was opened with deploy').waitFor()
  await row.getByText('none of its calls runs now').waitFor()
  await row.getByRole('button', { name: 'Keep it' }).click()
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await row.getByRole('button', { name: 'Revoke deploy' }).click()
  await ended
  await page.getByText('1 token that ended').click()
  await page.locator('[data-token=deploy][data-state=revoked]').waitFor()
  client.close()

  // The last admin is warned before the way in is gone.
  const own = page.locator('[data-token=admin]')
  await own.getByRole('button', { name: 'Revoke…' }).click()
  await own.getByText('You are signed in with it').waitFor()
  await own.getByText('the last valid token of an admin').waitFor()
  expect(problems).toEqual([])
})

test('a question about the rules is answered with the rule that decides it, and a change of them is seen before it counts', {
  timeout: 60_000,
}, async () => {
  await world.client.request('tokens.create', { name: 'ci', role: 'operator' })
  const { page, problems } = await world.open(browser, '#/settings/rules')
  const question = page.getByRole('form', { name: 'Ask the rules' })
  await question.getByRole('combobox', { name: 'Who' }).fill('ci')
  await question.getByRole('combobox', { name: 'Agent' }).fill('db-1')
  await question.getByRole('combobox', { name: 'Service' }).fill('ITwiceService')
  await question.getByRole('button', { name: 'Ask' }).click()
  await page.locator('[data-allowed=true]').getByText('✓ Yes: ci (operator) may call ITwiceService of db-1').waitFor()
  await page.locator('[data-allowed=true]').getByRole('link', { name: 'everybody' }).waitFor()
  const { hash } = new URL(page.url())

  await page.getByRole('button', { name: 'Change the rules…' }).click()
  await page.getByRole('button', { name: 'Add a rule…' }).click()
  const form = page.getByRole('form', { name: 'Add a rule' })
  await form.getByRole('textbox', { name: 'Name' }).fill('operators')
  await form.getByRole('textbox', { name: 'Who: sign-ins' }).fill('role:boss')
  await form.getByText('role:boss: there are viewer, operator and admin').waitFor()
  await form.getByRole('textbox', { name: 'Who: sign-ins' }).fill('role:operator')
  await form.getByRole('textbox', { name: 'Agents' }).fill('web-*')
  await form.getByRole('button', { name: 'Add it to the draft' }).click()
  await page.locator('[data-rule="rules/0"]').getByRole('button', { name: 'Remove' }).click()
  // By the draft the answer is another one, and that is kept as a test.
  await page.locator('[data-allowed=false]').getByText('by the draft below').waitFor()
  await page.getByRole('button', { name: 'Keep this as a test' }).click()
  await page.getByRole('button', { name: 'Look what it would change' }).click()
  await page.locator('[data-change=loses]', { hasText: 'ci (operator) loses the right to see db-1' }).waitFor()
  await page.getByText('✓ 1 test passed').waitFor()

  // As a file it has an error with its place, and what was looked at counts no more.
  await page.getByRole('button', { name: 'as a file' }).click()
  const text = page.getByRole('textbox', { name: 'The rules as JSON' })
  const written = await text.inputValue()
  await text.fill(written.replace('"operators"', '"operators",'))
  await page.getByRole('button', { name: 'line 4, column' }).waitFor()
  expect(await page.getByRole('button', { name: 'Look what it would change' }).isDisabled()).toBe(true)
  await text.fill(written)
  await page.getByRole('button', { name: 'Save these rules' }).click()
  await page.locator('[data-rule="rules/0"]', { hasText: 'operators' }).waitFor()
  await page.getByRole('button', { name: 'Run them' }).click()
  await page.locator('[data-test="0"][data-passed=true]').waitFor()
  expect((await world.client.request('rules.get', {})).rules.document.rules.map(({ name }) => name)).toEqual(['operators'])

  // The address shows somebody else the same question, with the answer of now.
  const { page: second } = await world.open(browser, hash)
  await second.locator('[data-allowed=false]').waitFor()
  expect(problems).toEqual([])
})

test('a contract is added by its text with errors by place, replaced, and removed after it was said who has it', {
  timeout: 60_000,
}, async () => {
  const contract = service('ITwiceService', { Twice: method([['value', int64]], int64) })
  const { page, problems } = await world.open(browser, '#/settings/contracts')
  await page.getByRole('button', { name: 'Add a contract…' }).click()
  const form = page.getByRole('form', { name: 'Add a contract' })
  const text = form.getByRole('textbox', { name: 'The contract’s document' })
  await text.fill(JSON.stringify(contract, undefined, 2).replace('"int64"', '"int65"'))
  await form
    .getByRole('button', { name: /^line \d+, column \d+$/ })
    .first()
    .click()
  expect(
    await text.evaluate(area =>
      (area as HTMLTextAreaElement).value.slice((area as HTMLTextAreaElement).selectionStart, (area as HTMLTextAreaElement).selectionEnd),
    ),
  ).toContain('int65')
  await text.fill(JSON.stringify(contract, undefined, 2))
  await form.getByText('✓ ITwiceService with Twice.').waitFor()
  await form.getByRole('button', { name: 'Add ITwiceService' }).click()
  const detail = page.locator('[data-contract-detail=ITwiceService]')
  await detail.getByText('Twice(int64)').waitFor()
  await detail.getByRole('link', { name: 'db-1' }).waitFor()

  await detail.getByRole('button', { name: 'Replace…' }).click()
  const more = service('ITwiceService', { Twice: method([['value', int64]], int64), Thrice: method([['value', int64]], int64) })
  await detail.getByRole('textbox', { name: 'The document of ITwiceService' }).fill(JSON.stringify(more))
  await detail.getByRole('button', { name: 'Replace it' }).click()
  await detail.getByText('Thrice(int64)').waitFor()
  await detail.getByRole('button', { name: 'Remove…' }).click()
  await detail.getByText('2 agents with this service').waitFor()
  await detail.getByRole('button', { name: 'Remove it' }).click()
  await page.locator('[data-contract=ITwiceService]').waitFor({ state: 'detached' })
  // One of the settings is changed there only.
  await page.locator('[data-contract=IEchoService]').getByRole('link', { name: 'IEchoService' }).click()
  const own = page.locator('[data-contract-detail=IEchoService]')
  await own.getByText('It stands in the settings').waitFor()
  expect(await own.getByRole('button', { name: 'Remove…' }).count()).toBe(0)
  expect(problems).toEqual([])
})

test('the limits are those that the gateway announced, and who it is stands beside', { timeout: 60_000 }, async () => {
  const { page, problems } = await world.open(browser, '#/settings/limits')
  await page.locator('[data-limit=textBytes]', { hasText: '1' }).getByText('MiB').waitFor()
  expect(await page.locator('[data-limit]').count()).toBe(Object.keys(facadeLimits).length)
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'About' }).click()
  const about = page.getByRole('region', { name: 'This gateway' })
  await about.getByText(world.thumbprint.slice(0, 8)).waitFor()
  await about.getByText(world.agentAddress).waitFor()
  const link = page.getByRole('link', { name: 'The REST API, to be browsed' })
  expect((await page.request.get(new URL((await link.getAttribute('href')) ?? '', world.url).href)).status()).toBe(200)
  expect(problems).toEqual([])
})

test('who may only look sees the contracts and the limits, and is told what the rest takes', { timeout: 60_000 }, async () => {
  const { secret } = await world.client.request('tokens.create', { name: 'wall', role: 'viewer' })
  const { page } = await world.open(browser, '#/settings/tokens', { token: secret })
  await page.getByText('Seeing which tokens there are takes the role admin; you are signed in as viewer.').waitFor()
  const parts = page.getByRole('navigation', { name: 'Settings' })
  await parts.getByRole('link', { name: 'Rules' }).click()
  await page.getByText('Seeing the rules takes the role admin').waitFor()
  await parts.getByRole('link', { name: 'Contracts' }).click()
  await page.getByText('Adding or changing one takes the role admin').waitFor()
  await page.goto(`${world.url}#/audit`)
  await page.getByRole('heading', { name: 'The audit log is not for your role' }).waitFor()
  await page.goto(`${world.url}#/certificates`)
  await page.getByRole('heading', { name: 'Certificates are not for your role' }).waitFor()
})
