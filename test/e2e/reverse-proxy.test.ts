import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { type RequestOptions, request } from 'node:https'
import { fileURLToPath } from 'node:url'
import { dataStream, int64, method, service } from '@halibut-gateway/schemas/contract'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { createClient, type Download } from '../../client-sdk/src/index.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import { parsePublicUrl } from '../../server/src/gateway/public-url.ts'
import { DataStream } from '../../server/src/runtime/data-streams.ts'
import { caddy } from '../support/caddy.ts'
import { chromiumArguments, chromiumPath } from '../support/chromium.ts'
import { nginx } from '../support/nginx.ts'
import { startProxyProgram } from '../support/proxy-program.ts'
import { createRealGateway, type RealGateway } from '../support/real-gateway.ts'
import { createReverseProxy, type ReverseProxyOptions } from '../support/reverse-proxy.ts'

const pageFolder = fileURLToPath(new URL('../../server/inspector/dist/page/', import.meta.url))
/** The name under which browsers know the gateway; it resolves in the browser of these tests alone. */
const name = 'gateway.example'

const calculator = service('ICalculatorService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
})

const files = service('IFileService', { Double: method([['content', dataStream]], dataStream) })

let browser: Browser
beforeAll(async () => {
  if (!existsSync(pageFolder)) throw new Error('the page is not built: npm run build')
  browser = await chromium.launch({
    executablePath: chromiumPath(),
    args: [...chromiumArguments, `--host-resolver-rules=MAP ${name} 127.0.0.1`],
  })
})
afterAll(() => browser.close())

/** A gateway and a reverse proxy before it. The port of the proxy is known before the gateway is set up, as in real life. */
async function createProxied(proxied: Partial<ReverseProxyOptions>, set: (port: number) => NonNullable<GatewayOption>) {
  const target = { ...proxied, port: 0 }
  const proxy = await createReverseProxy(target)
  const gateway = await createRealGateway({
    host: agent => agent.addService(calculator, { Add: (a, b) => a + b }),
    contracts: [calculator],
    gateway: { pageFolder, ...set(proxy.port) },
  })
  target.port = gateway.port
  const address = `https://${name}:${proxy.port}${proxied.path ?? '/'}`
  return {
    gateway,
    address,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await gateway[Symbol.asyncDispose]()
    },
  }
}
type GatewayOption = Parameters<typeof createRealGateway>[0]['gateway']

/** Opens the page as a person does, and gives it with the addresses that it asked for and what failed of that. */
async function openPage(address: string, gateway: RealGateway) {
  const page = await browser.newPage({ ignoreHTTPSErrors: true })
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).pathname))
  page.on('websocket', socket => asked.push(new URL(socket.url()).pathname))
  await page.goto(`${address}#token=${gateway.token}`)
  return { page, asked, [Symbol.asyncDispose]: () => page.close() }
}

const publicUrl = (port: number, path = '/') => {
  const url = parsePublicUrl(`https://${name}:${port}${path}`)
  return { publicUrl: url, policy: new OriginPolicy({ origins: [url.origin] }) }
}

test.each([
  ['takes the path off', { path: '/gw/' }, (port: number) => publicUrl(port, '/gw/')],
  ['leaves the path there', { path: '/gw/', stripsPath: false }, (port: number) => publicUrl(port, '/gw')],
  ['gives no path', {}, (port: number) => publicUrl(port)],
  ['gives no path, where only allowedHosts is set', {}, (port: number) => ({ policy: new OriginPolicy({ hosts: [`${name}:${port}`] }) })],
  [
    'is trusted and tells the Host in X-Forwarded-Host',
    { path: '/gw/', host: 'upstream:1', headers: { 'x-forwarded-host': name } },
    (port: number) => ({ publicUrl: publicUrl(port).publicUrl, trustedProxies: ['127.0.0.1'], policy: forwarded(port) }),
  ],
] as const)('behind a proxy that %s, the page calls an agent, and asks for nothing beside its path', async (_, proxied, set) => {
  await using world = await createProxied(proxied, set)
  await using opened = await openPage(world.address, world.gateway)
  await callAdd(opened.page)
  expect(opened.asked).toContain(`${new URL(world.address).pathname}rpc`)
  expect(opened.asked.filter(path => !path.startsWith(new URL(world.address).pathname))).toEqual([])
})

/** Calls Add(40, 2) as a person does. */
async function callAdd(page: Page): Promise<void> {
  await page.locator('[data-agent=web-1][data-state=connected]').click()
  await page.getByRole('button', { name: 'Calculator' }).click()
  await page.getByRole('button', { name: 'Add int64, int64' }).click()
  await page.getByRole('textbox', { name: 'a int64' }).fill('40')
  await page.getByRole('textbox', { name: 'b int64' }).fill('2')
  await page.getByRole('button', { name: 'Call Add' }).click()
  expect(await page.locator('[data-outcome=answered]').getByLabel('Result').textContent()).toBe('42')
}

test.each([
  ['nginx', nginx],
  ['Caddy', caddy],
])(
  'behind the %s of the system with the file of operations, the page calls an agent, and a program sends and fetches data streams',
  async (_, kind) => {
    let gateway: RealGateway | undefined
    await using proxy = await startProxyProgram(kind, name, async port => {
      const { publicUrl: url, policy } = publicUrl(port, '/gw/')
      gateway = await createRealGateway({
        host: agent => {
          agent.addService(calculator, { Add: (a, b) => a + b })
          agent.addService(files, { Double: async content => DataStream.from(Buffer.concat(Array(2).fill(await content.bytes()))) })
        },
        contracts: [calculator, files],
        gateway: { pageFolder, publicUrl: url, policy, trustedProxies: ['loopback'] },
      })
      return gateway.port
    })
    if (!gateway) throw new Error('the proxy has started without its gateway')
    try {
      const address = `https://${name}:${proxy.port}/gw/`
      // Without the slash at its end it leads there too.
      await using opened = await openPage(address.slice(0, -1), gateway)
      await callAdd(opened.page)
      expect(opened.asked).toContain('/gw/rpc')
      expect(opened.asked.filter(path => path !== '/gw' && !path.startsWith('/gw/'))).toEqual([])

      const { port } = proxy
      await using client = createClient({
        url: address,
        token: gateway.token,
        tickets: false,
        webSocket: (url, protocols) =>
          new WebSocket(url, protocols, {
            rejectUnauthorized: false,
            lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]),
          }) as never,
      })
      const content = randomBytes(3 * 1024 * 1024)
      const answer = (await client.agent('web-1').invoke('IFileService', 'Double', [content])).value as Download
      expect(Buffer.from(await answer.bytes()).equals(Buffer.concat([content, content]))).toBe(true)
      const headers = { authorization: `Bearer ${gateway.token}`, host: `${name}:${port}` }
      const listed = await overHttps({ port, path: '/gw/api/v1/agents', headers })
      expect([listed.status, JSON.parse(listed.body)]).toEqual([200, { agents: [expect.objectContaining({ id: 'web-1' })] }])
      // Browsers come by HTTPS, and shall never try without.
      expect(listed.headers['strict-transport-security']).toBe('max-age=15552000')
      const led = (await overHttps({ port, path: '/gw', headers })).headers.location
      expect(new URL(led ?? '', `https://${name}:${port}/gw`).href).toBe(`https://${name}:${port}/gw/`)
      expect((await overHttps({ port, path: '/', headers })).status).toBe(404)
    } finally {
      await gateway[Symbol.asyncDispose]()
    }
  },
)

/** One request over HTTPS, whose certificate nobody has to know. */
function overHttps(options: RequestOptions): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', rejectUnauthorized: false, ...options }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })
}

test('the address without the slash at its end leads to the page, with its token', async () => {
  await using world = await createProxied({ path: '/gw/', stripsPath: false }, port => publicUrl(port, '/gw/'))
  await using opened = await openPage(world.address.replace(/\/$/, ''), world.gateway)
  await opened.page.locator('[data-agent=web-1]').waitFor()
})

test('behind a proxy that nobody told the gateway of, the page is there and says what to set', async () => {
  await using world = await createProxied({ host: 'upstream:1' }, () => ({ policy: new OriginPolicy({ hosts: ['upstream:1'] }) }))
  await using opened = await openPage(world.address, world.gateway)
  await opened.page.getByText('this Origin is not allowed here').first().waitFor()
  await opened.page.getByText('behind a proxy set publicUrl').first().waitFor()
})

function forwarded(port: number): OriginPolicy {
  return new OriginPolicy({ hosts: [name], origins: [`https://${name}:${port}`] })
}
