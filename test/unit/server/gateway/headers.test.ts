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

test('browsers are told to insist on HTTPS only where they reach the gateway by it, and for this host alone', async () => {
  expect(await headersOf('/livez')).not.toHaveProperty('strict-transport-security')
  expect(await headersOf('/livez', 'http://gateway.example/')).not.toHaveProperty('strict-transport-security')
  expect((await headersOf('/livez', 'https://gateway.example/'))['strict-transport-security']).toBe('max-age=15552000')
})
