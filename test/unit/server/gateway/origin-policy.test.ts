import { describe, expect, test } from 'vitest'
import { OriginPolicy } from '../../../../server/src/gateway/origin-policy.ts'

test('nothing is allowed that was not listed, but what comes from no page', () => {
  const policy = new OriginPolicy()
  expect([policy.answersAs('127.0.0.1:8642'), policy.answersAs(''), policy.allows('http://127.0.0.1:8642'), policy.allows('null')]).toEqual(
    [false, false, false, false],
  )
  expect(policy.allows(undefined)).toBe(true)
})

test.each(['127.0.0.1:8642', 'localhost:8642', '[::1]:8642'])('loopback is allowed as %s, with its port alone', host => {
  const policy = new OriginPolicy()
  policy.allowLoopback(8642)
  expect([policy.answersAs(host), policy.allows(`http://${host}`)]).toEqual([true, true])
  const name = host.slice(0, host.lastIndexOf(':'))
  for (const other of [name, `${name}:8643`, `${host}.evil.example`, `evil.example.${host}`]) expect(policy.answersAs(other)).toBe(false)
  for (const other of [`https://${host}`, `http://${name}`, `http://${host}/`, `http://${host}.evil.example`]) {
    expect(policy.allows(other)).toBe(false)
  }
})

test('on port 80 neither Host nor Origin has a port', () => {
  const policy = new OriginPolicy()
  policy.allowLoopback(80)
  expect([policy.answersAs('localhost'), policy.allows('http://localhost'), policy.answersAs('localhost:80')]).toEqual([true, true, false])
})

test('a host is compared without regard to its letters’ case, an origin to the letter as browsers send it', () => {
  const policy = new OriginPolicy({ hosts: ['Gateway.Example:8443'] })
  expect([policy.answersAs('GATEWAY.example:8443'), policy.answersAs('gateway.example')]).toEqual([true, false])
  expect([policy.allows('https://gateway.example:8443'), policy.allows('http://gateway.example:8443')]).toEqual([true, true])
  expect(policy.allows('https://GATEWAY.example:8443')).toBe(false)
})

test('a listed host without a port is the origin of the scheme’s own port', () => {
  const policy = new OriginPolicy({ hosts: ['gateway.example', '[2001:db8::1]:8443'] })
  expect([policy.allows('https://gateway.example'), policy.allows('https://gateway.example:8443')]).toEqual([true, false])
  expect([policy.answersAs('[2001:db8::1]:8443'), policy.allows('https://[2001:db8::1]:8443')]).toEqual([true, true])
})

test('a listed origin is allowed with its scheme alone, and answered under its host', () => {
  const policy = new OriginPolicy({ origins: ['https://pages.example'] })
  expect([policy.allows('https://pages.example'), policy.answersAs('pages.example')]).toEqual([true, true])
  for (const other of ['http://pages.example', 'https://pages.example:444', 'https://sub.pages.example', 'https://pages.example.evil']) {
    expect(policy.allows(other)).toBe(false)
  }
})

describe('what is none is refused at the start, with its name', () => {
  test.each(['https://pages.example/', 'https://pages.example/app', 'pages.example', 'ftp://pages.example', 'null', '*', ''])(
    'the origin %j',
    origin => {
      expect(() => new OriginPolicy({ origins: [origin] })).toThrow(`${JSON.stringify(origin)} is not an origin`)
    },
  )

  test.each([
    'https://gateway.example',
    'gateway.example/',
    'a b',
    'user@gateway.example',
    '*',
    '',
    'gateway.example:port',
    'gateway.example:99999',
  ])('the host %j', host => {
    expect(() => new OriginPolicy({ hosts: [host] })).toThrow(`${JSON.stringify(host)} is not a host`)
  })
})
