import { expect, test } from 'vitest'
import { buildUnitGateway } from '../../../support/unit-gateway.ts'

async function headersOf(url: string, publicUrl?: string) {
  const app = await buildUnitGateway(publicUrl === undefined ? {} : { publicUrl: new URL(publicUrl) })
  const { headers } = await app.inject({ url, headers: { host: 'gateway.example' } })
  await app.close()
  return headers
}

test.each(['/livez', '/version', '/nothing', '/metrics'])('%s carries what keeps everything foreign out of the page', async url => {
  expect(await headersOf(url)).toMatchObject({
    'content-security-policy':
      "default-src 'none';script-src 'self';style-src 'self';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'none';form-action 'none';frame-ancestors 'none';require-trusted-types-for 'script'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  })
})

test('what a proxy tells of a browser is believed where the proxy is trusted, and of nobody else', async () => {
  const app = await buildUnitGateway({ trustedProxies: ['10.0.0.0/8'] })
  try {
    app.get('/who', { config: { anyHost: true } }, async ({ ip, protocol }) => ({ ip, protocol }))
    const forwarded = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'gateway.example' }
    const from = async (remoteAddress: string, url: string, host: string) =>
      app.inject({ url, remoteAddress, headers: { ...forwarded, host } })
    expect((await from('10.1.2.3', '/who', 'x')).json()).toEqual({ ip: '192.0.2.7', protocol: 'https' })
    expect((await from('192.0.2.1', '/who', 'x')).json()).toEqual({ ip: '192.0.2.1', protocol: 'http' })
    // Under a Host that is not answered a stranger gets no further by naming another one.
    expect((await from('10.1.2.3', '/version', 'upstream')).statusCode).toBe(200)
    expect((await from('192.0.2.1', '/version', 'upstream')).statusCode).not.toBe(200)
  } finally {
    await app.close()
  }
})

test('browsers are told to insist on HTTPS only where they reach the gateway by it, and for this host alone', async () => {
  expect(await headersOf('/livez')).not.toHaveProperty('strict-transport-security')
  expect(await headersOf('/livez', 'http://gateway.example/')).not.toHaveProperty('strict-transport-security')
  expect((await headersOf('/livez', 'https://gateway.example/'))['strict-transport-security']).toBe('max-age=15552000')
})
