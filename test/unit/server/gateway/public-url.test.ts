import { expect, test } from 'vitest'
import { parsePublicUrl, pathBelow } from '../../../../server/src/gateway/public-url.ts'
import { checkTrustedProxies } from '../../../../server/src/gateway/trusted-proxies.ts'

test.each([
  ['https://gateway.example', 'https://gateway.example/'],
  ['https://gateway.example/gw', 'https://gateway.example/gw/'],
  ['http://gateway.example:8080/a/b/', 'http://gateway.example:8080/a/b/'],
])('the public address %s is %s', (text, href) => {
  expect(parsePublicUrl(text).href).toBe(href)
})

test.each([
  'gateway.example/gw',
  'ftp://gateway.example/',
  'https://user:secret@gateway.example/',
  'https://gateway.example/?a',
  'https://x/#a',
])('%s is no public address', text => {
  expect(() => parsePublicUrl(text)).toThrow('publicUrl')
})

test('the path of the public address is taken off where it is there, and off nothing that only begins like it', () => {
  expect(['/gw/', '/gw/rpc?a=/gw/', '/rpc', '/gwx', '/gw'].map(path => pathBelow('/gw/', path))).toEqual([
    '/',
    '/rpc?a=/gw/',
    '/rpc',
    '/gwx',
    '/gw',
  ])
  expect(pathBelow('/', '/rpc')).toBe('/rpc')
})

test('trusted proxies are addresses and networks', () => {
  const list = ['10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', 'loopback']
  expect(checkTrustedProxies(list)).toBe(list)
  for (const entry of ['proxy.example', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/0', '::1/129', '10.0.0.1,10.0.0.2', '']) {
    expect(() => checkTrustedProxies([entry]), entry).toThrow('trustedProxies')
  }
})
