import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { connect } from '../../server/src/store/connection.ts'
import { startCommand } from '../support/command-line.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'
import { createPageWorld, launchBrowser } from '../support/page-world.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

const row = (page: Page, text: string) => page.locator('[data-entry]', { hasText: text }).first()

test('the audit log is searched, followed, looked at entry by entry, verified and exported', { timeout: 120_000 }, async () => {
  await using world = await createPageWorld()
  for (let i = 1; i <= 3; i++) {
    await world.client.request('agents.add', { agent: `web-${i}`, uri: `poll://web-${i}/`, thumbprint: 'A'.repeat(40) })
  }
  await world.client
    .agent('nobody')
    .invoke('IScript', 'Run', ['hunter2'])
    .catch(() => undefined)
  const { page, problems } = await world.open(browser, '#/audit')
  await row(page, 'web-3').waitFor()
  const fields = page.getByRole('form', { name: 'Look for' })
  await fields.getByRole('combobox', { name: 'Outcome' }).fill('failed')
  await fields.getByRole('button', { name: 'Search' }).click()
  await page.getByText('1 entry: these are all.').waitFor()
  await row(page, 'agent_not_found').click()
  const detail = page.locator('[data-detail]')
  await detail.getByText('the arguments and the answer of the call: never written down').waitFor()
  await detail.getByText('✓ Its hash follows').waitFor()
  expect(await page.content()).not.toContain('hunter2')

  // The address shows somebody else the same.
  const { hash } = new URL(page.url())
  expect(hash).toMatch(/^#\/audit\/\d+\?outcome=failed$/)
  const { page: second } = await world.open(browser, hash)
  await second.locator('[data-detail]').getByText('agent_not_found').first().waitFor()
  await second.getByRole('combobox', { name: 'Outcome' }).waitFor()
  expect(await second.getByRole('combobox', { name: 'Outcome' }).inputValue()).toBe('failed')
  await second.close()
  await detail.locator('.neighbour').first().click()
  await page.goBack()
  await page.goBack()
  await detail.waitFor({ state: 'detached' })
  await fields.getByRole('button', { name: 'Show all' }).click()

  // What happens now comes by itself, and that somebody looks stands there as well.
  await fields.getByRole('button', { name: 'Follow live' }).click()
  await fields.getByRole('button', { name: 'Following: stop' }).waitFor()
  await world.client.request('agents.remove', { agent: 'web-2', version: '*' })
  await row(page, 'agents.remove').waitFor()
  await row(page, 'audit.watch').waitFor()

  const proof = page.getByRole('region', { name: 'Does the log hold?' })
  await proof.getByText('Its signed head').click()
  const head = (await proof.locator('.command pre').textContent()) ?? ''
  expect(head.split('\n').length).toBe(5)
  await proof.getByRole('textbox', { name: 'Heads that you kept' }).fill(head)
  await proof.getByRole('button', { name: 'Verify it against what was kept' }).click()
  await proof.getByText('✓ It holds.').waitFor()
  await proof.getByText('It is the log that the head was signed for.').waitFor()

  const download = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export as JSON lines' }).click()
  const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\n')
  const entries = lines.map(line => JSON.parse(line) as { sequence: number; action: string })
  expect(entries.at(-1)).toMatchObject({ sequence: 1, action: 'gateway.started' })
  expect(entries.length).toBe(entries[0]?.sequence)
  await page.getByText(`${entries.length} entries in the file.`).waitFor()
  expect(problems).toEqual([])
})

test('an entry that was changed while the gateway was away is found, and named with what to do', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'page-audit-'))
  try {
    const config = join(folder, 'settings.json')
    const stateFolder = join(folder, 'state')
    await writeFile(config, JSON.stringify({ port: 0, agentPort: 0, stateFolder }))
    const serve = () => startCommand(['serve', '--config', config, '--json', '--log-level', 'error'])
    let token = ''
    let changed = 0
    {
      await using gateway = serve()
      const [url = '', first = ''] = ((await gateway.firstJson)['address'] ?? '').split('#token=')
      token = first
      const client = createClient({ url, token, webSocket: nodeWebSocket })
      await client.request('agents.add', { agent: 'web-1', uri: 'poll://web-1/', thumbprint: 'A'.repeat(40) })
      const { entries } = await client.request('audit.search', { agent: 'web-1' })
      changed = entries[0]?.sequence ?? 0
      client.close()
    }
    const store = connect(join(stateFolder, 'state.db'))
    await store.exec(`UPDATE audit SET text = replace(text, 'admin', 'nobody') WHERE sequence = ${changed}`)
    store.close()
    await using gateway = serve()
    const [url = ''] = ((await gateway.firstJson)['address'] ?? '').split('#')
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await page.goto(`${url}#/audit?token=${token}`)
      await page.getByRole('button', { name: 'Verify it now' }).click()
      const found = page.getByRole('alert')
      await found.getByText(`entry ${changed} was changed`).waitFor()
      await found.getByText('halibut-gateway backup').waitFor()
      await found.getByRole('link', { name: `Look at entry ${changed}` }).click()
      await page.locator(`[data-detail="${changed}"]`).getByText('✗ Its hash does not follow').waitFor()
    } finally {
      await context.close()
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
