import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const pageFolder = fileURLToPath(new URL('../../server/inspector/dist/page/', import.meta.url))

let browser: Browser
beforeAll(async () => {
  if (!existsSync(pageFolder)) throw new Error('the page is not built: npm run build')
  browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumArguments] })
})
afterAll(() => browser.close())

/** A text that does something where it is taken for HTML. */
function hostile(where: string): string {
  return `${where} <img src=x onerror="owned = 1"> <script>owned = 1</script>`
}

test('what agents, contracts and answers say is text on the page, whatever it is', async () => {
  const trouble = service('ITroubleService', {
    Fail: method([['message', string]], string, { description: hostile('method') }),
    Say: method([], string),
  })
  await using gateway = await createRealGateway({
    host: agent =>
      agent.addService(trouble, {
        Fail: () => {
          throw new Error(hostile('error'))
        },
        Say: () => hostile('answer'),
      }),
    contracts: [trouble],
    gateway: { pageFolder },
  })
  const { directory } = gateway
  directory.add({ id: 'web-2', name: hostile('name'), uri: 'poll://web-2/', thumbprint: 'B'.repeat(40), tags: [hostile('tag')] })
  directory.report('web-2', { type: 'gone', why: hostile('reason') })
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', error => problems.push(error.message))
  page.on('console', message => message.type() === 'error' && problems.push(message.text()))
  page.on('dialog', dialog => {
    problems.push(dialog.message())
    void dialog.dismiss()
  })
  await page.goto(`${gateway.origin}/#token=${gateway.token}`)
  await page.getByText(hostile('name')).first().waitFor()
  await page.locator('[data-agent=web-2]').click()
  await page.getByText(hostile('reason')).first().waitFor()
  await page.locator('[data-agent=web-1]').click()
  await page.getByRole('button', { name: 'Trouble' }).click()
  await page.getByRole('button', { name: /^Say/ }).click()
  await page.getByRole('button', { name: 'Call Say' }).click()
  await page.locator('[data-outcome=answered]').getByText('answer <img').first().waitFor()
  await page.getByRole('button', { name: /^Fail/ }).click()
  await page.getByRole('textbox', { name: 'message string' }).fill(hostile('value'))
  await page.getByRole('button', { name: 'Call Fail' }).click()
  await page.locator('[data-outcome=failed]').getByText('error <img').first().waitFor()
  expect(await page.evaluate(() => (globalThis as { owned?: unknown }).owned)).toBeUndefined()
  expect(await page.locator('img[src=x]').count()).toBe(0)
  expect(problems).toEqual([])
  await page.close()
})
