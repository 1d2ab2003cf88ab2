import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import { int64, method, service } from '@halibut-gateway/schemas/contract'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { oidcOptions } from '../../server/src/gateway/oidc/options.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { createOpenIdProvider } from '../support/openid-provider.ts'
import { launchBrowser } from '../support/page-world.ts'
import { createRealGateway } from '../support/real-gateway.ts'

const pageFolder = fileURLToPath(new URL('../../server/inspector/dist/page/', import.meta.url))
const calculator = service('ICalculatorService', { Twice: method([['a', int64]], int64) })

let browser: Browser
beforeAll(async () => {
  if (!existsSync(pageFolder)) throw new Error('the page is not built: npm run build')
  browser = await launchBrowser()
})
afterAll(() => browser.close())

/** A gateway with its page, whose people sign in at a provider of its own. */
async function createWorld() {
  let page = 'https://not-known-yet.example/'
  const provider = await createOpenIdProvider({ roles: { ada: ['admin'], ben: ['office'] }, redirectUri: () => `${page}oidc/callback` })
  const flags = ['--oidc-issuer', provider.issuer, '--oidc-client-id', 'page', '--oidc-name', 'Acme']
  const environment = { HALIBUT_GATEWAY_OIDC_CLIENT_SECRET: 'secret' }
  const gateway = await createRealGateway({
    host: agent => agent.addService(calculator, { Twice: a => a * 2n }),
    contracts: [calculator],
    gateway: { pageFolder, oidc: oidcOptions(loadSettings({ flags, environment })) },
  })
  page = `${gateway.origin}/`
  await provider.rotateKey()
  return {
    provider,
    page,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

test('a person signs in at the page with a provider, stays so when it is loaded anew, and signs out', { timeout: 60_000 }, async () => {
  await using world = await createWorld()
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(world.page)
    const link = page.getByRole('link', { name: 'Sign in with Acme' })
    await link.waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => [colorScheme, id, nodes.map(node => node.html)])).toEqual([])
    }
    await link.click()
    await page.locator('[data-agent=web-1]').first().waitFor()
    expect([page.url().startsWith(world.page), await page.evaluate(() => document.cookie)]).toEqual([true, ''])
    await page.reload()
    await page.locator('[data-agent=web-1]').first().waitFor()
    await page.getByRole('button', { name: 'You and this page' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: 'Sign in with Acme' }).waitFor()
    await page.reload()
    await page.getByRole('link', { name: 'Sign in with Acme' }).waitFor()
  } finally {
    await context.close()
  }
})

test('a person without a role here is told so, and what to do', { timeout: 60_000 }, async () => {
  await using world = await createWorld()
  world.provider.account = 'ben'
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(world.page)
    await page.getByRole('link', { name: 'Sign in with Acme' }).click()
    await page.getByText('ben has no role here: the claim roles has "office"').waitFor()
    const { violations } = await new AxeBuilder({ page }).analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await page.getByRole('link', { name: 'Back to the page' }).click()
    await page.getByRole('link', { name: 'Sign in with Acme' }).waitFor()
  } finally {
    await context.close()
  }
})
