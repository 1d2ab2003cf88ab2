import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { parsePublicUrl } from '../../server/src/gateway/public-url.ts'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'
import { flowService, hostFlowService } from '../support/flow-service.ts'
import { createRealGateway } from '../support/real-gateway.ts'
import { createReverseProxy } from '../support/reverse-proxy.ts'

const name = 'gateway.example'

let browser: Browser
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...chromiumArguments, `--host-resolver-rules=MAP ${name} 127.0.0.1`],
  })
})
afterAll(() => browser.close())

/** A gateway behind a proxy that gives it this path. */
async function createProxied(path: string) {
  const target = { path, port: 0 }
  const proxy = await createReverseProxy(target)
  const publicUrl = parsePublicUrl(`https://${name}:${proxy.port}${path}`)
  const gateway = await createRealGateway({
    host: agent => hostFlowService(agent, () => undefined),
    contracts: [flowService],
    gateway: { publicUrl, policy: new OriginPolicy({ origins: [publicUrl.origin] }) },
  })
  target.port = gateway.port
  return {
    address: publicUrl.href,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
    },
  }
}

test.each(['/', '/a/path/'])(
  'the page of the API below %s is shown in full under the strictest policy, and all of its links lead somewhere',
  async path => {
    await using world = await createProxied(path)
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    const page = await context.newPage()
    const problems: string[] = []
    const asked: [string, number][] = []
    page.on('console', message => problems.push(message.text()))
    page.on('pageerror', error => problems.push(error.message))
    page.on('response', response => asked.push([new URL(response.url()).pathname, response.status()]))
    const answer = await page.goto(`${world.address}openapi`)
    expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'")
    expect(answer?.headers()['content-security-policy']).not.toContain('unsafe')
    // The style has come.
    expect(await page.evaluate(() => getComputedStyle(document.body).display)).toBe('grid')
    const call = page.locator('section[id="agent.invoke"]')
    await page.getByRole('navigation').getByRole('link', { name: 'POST /api/v1/agents/{agent}/calls' }).click()
    expect(await call.evaluate(section => section.getBoundingClientRect().top < window.innerHeight)).toBe(true)
    await call.getByText('on the command line').click()
    expect(await call.locator('pre:visible').textContent()).toContain('curl -X POST')
    await page.getByRole('link', { name: 'OpenAPI 3.1' }).click()
    expect(JSON.parse((await page.locator('body').textContent()) ?? '')).toMatchObject({ openapi: '3.1.0' })
    expect(asked.filter(([place]) => !place.startsWith(path))).toEqual([])
    expect(asked.filter(([place, status]) => status >= 400 && !place.endsWith('/favicon.ico'))).toEqual([])
    expect(problems.filter(problem => !problem.includes('404'))).toEqual([])
    await context.close()
  },
)

test.each([
  ['light', { width: 1_280, height: 800 }],
  ['dark', { width: 1_280, height: 800 }],
  ['light', { width: 400, height: 800 }],
] as const)('everybody can use the page of the API (%s, %o)', async (colorScheme, viewport) => {
  await using world = await createProxied('/')
  const context = await browser.newContext({ ignoreHTTPSErrors: true, colorScheme, viewport })
  const page = await context.newPage()
  await page.goto(`${world.address}openapi`)
  // One of each shape says what all of them do, and hundreds would be looked at for a quarter of a minute.
  const kept = ['agents.list', 'agents.update', 'agent.invoke', 'get-livez', 'schema-Problem']
  const left = await page.evaluate(ids => {
    for (const section of document.querySelectorAll('main > section')) if (!ids.includes(section.id)) section.remove()
    for (const link of document.querySelectorAll('nav a'))
      if (!document.getElementById(link.getAttribute('href')?.slice(1) ?? '')) link.parentElement?.remove()
    for (const details of document.querySelectorAll('details')) details.open = true
    return document.querySelectorAll('main > section').length
  }, kept)
  expect(left).toBe(kept.length)
  const { violations, passes } = await new AxeBuilder({ page }).analyze()
  expect(passes.length).toBeGreaterThan(10)
  expect(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)])).toEqual([])
  await context.close()
})
