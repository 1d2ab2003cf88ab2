import { expect, test } from 'vitest'
import { cookieName, formatCookie } from '../../../../../server/src/gateway/oidc/cookies.ts'

// What browsers hold a cookie of such a name to: RFC 6265bis, section 4.1.3.
test.each([
  ['https://gateway.example/', '__Host-halibut-gateway-session', 'Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure'],
  ['https://gateway.example:8443/', '__Host-halibut-gateway-8443-session', 'Path=/; Max-Age=60; HttpOnly; SameSite=Strict; Secure'],
  ['https://gateway.example/gw/', '__Secure-halibut-gateway-session', 'Path=/gw/; Max-Age=60; HttpOnly; SameSite=Strict; Secure'],
  ['http://127.0.0.1:8080/', 'halibut-gateway-8080-session', 'Path=/; Max-Age=60; HttpOnly; SameSite=Strict'],
])('at %s a cookie is called so that nobody else can set it, as far as browsers promise that', (address, name, attributes) => {
  const base = new URL(address)
  expect(cookieName('session', base)).toBe(name)
  expect(formatCookie(name, 'x', { base, sameSite: 'Strict', maxAgeMs: 60_000 })).toBe(`${name}=x; ${attributes}`)
})
