import { expect, test } from 'vitest'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { defaultLimits } from '../../../../server/src/base/limits.ts'
import {
  checkThumbprint,
  type EndpointInput,
  parseEndpoint,
  printSubscription,
  subscriptionKey,
} from '../../../../server/src/runtime/endpoint.ts'

const thumbprint = 'AB'.repeat(20)

function parse(input: unknown) {
  return parseEndpoint(input as EndpointInput, defaultLimits)
}

/** The message of the `invalid_argument` that it throws. */
function complaint(action: () => unknown): string {
  try {
    action()
  } catch (why) {
    expect(why).toBeInstanceOf(HalibutError)
    expect(why).toMatchObject({ kind: 'invalid_argument', delivery: 'not_sent' })
    return (why as HalibutError).message
  }
  throw new Error('it was accepted')
}

test.each([
  ['https://Foo:10933/x?y#z', 'https://foo:10933/', 'foo', 10_933],
  ['HTTPS://localhost', 'https://localhost/', 'localhost', 443],
  ['https://localhost:443/', 'https://localhost/', 'localhost', 443],
  ['https://[::1]:10933', 'https://[::1]:10933/', '[::1]', 10_933],
  ['https://user:secret@host:1/', 'https://host:1/', 'host', 1],
  ['https://bücher.example:65535/', 'https://xn--bcher-kva.example:65535/', 'xn--bcher-kva.example', 65_535],
  ['poll://SQ-TENTAPOLL', 'poll://sq-tentapoll/', 'SQ-TENTAPOLL', 443],
  ['poll://user@host:99/path', 'poll://host:99/', 'host', 99],
])('the endpoint %s is %s', (text, uri, host, port) => {
  expect(parse(text)).toMatchObject({ uri, host, port, thumbprint: undefined })
})

test.each<[unknown, string]>([
  [undefined, 'the endpoint: it must be a URI, or an object with a uri'],
  [null, 'the endpoint: it must be a URI, or an object with a uri'],
  [5, 'the endpoint: it must be a URI, or an object with a uri'],
  [{}, 'the endpoint: it must be an absolute URI such as https://host:10933/ or poll://name/, not undefined'],
  ['', 'the endpoint "": it is empty; it must be an absolute URI such as https://host:10933/ or poll://name/'],
  [
    'localhost:10933',
    'the endpoint "localhost:10933": it has no scheme; it must be an absolute URI such as https://host:10933/ or poll://name/',
  ],
  ['//host:1/', 'it has no scheme'],
  ['https:host:1', 'it has no scheme'],
  ['https:\\\\host\\', 'it has no scheme'],
  ['https://', 'it is not an absolute URI'],
  ['poll://', 'the endpoint "poll://": it names no host'],
  ['poll:///name', 'it names no host'],
  ['https://ho st/', 'the endpoint "https://ho st/": there is a space or control character at position 11'],
  [' https://host/', 'there is a space or control character at position 1'],
  ['https://host/\n', 'there is a space or control character at position 14'],
  ['https://ho\tst/', 'there is a space or control character at position 11'],
  ['https://host:0/', 'the endpoint "https://host:0/": port 0 is not from 1 to 65535'],
  ['https://host:70000', 'the endpoint "https://host:70000": port 70000 is not from 1 to 65535'],
  ['poll://name:0', 'port 0 is not from 1 to 65535'],
  ['https://host:99999999999999999999/', 'port 9999999999 is not from 1 to 65535'],
  ['https://host:http/', 'it is not an absolute URI'],
  ['https://host:-1/', 'it is not an absolute URI'],
  ['https://::1:10933/', 'an IPv6 address stands in brackets, https://[::1]:10933/'],
  ['https://[::1/', 'it is not an absolute URI'],
  ['https://ho%zzst/', 'it is not an absolute URI'],
  ['http://host/', 'Unknown endpoint type: http (an endpoint is https://host:port/ where an agent listens, poll://name/ where it polls)'],
  ['ftp://host/', 'Unknown endpoint type: ftp'],
  [`ftp${'x'.repeat(5_000)}`, `${'x'.repeat(100)}…`],
])('the endpoint %j is refused with the place and the reason', (input, reason) => {
  const message = complaint(() => parse(input))
  expect(message).toContain(reason)
  expect(message.length).toBeLessThan(400)
})

test.each([
  'https://user:secret@ho st/',
  'https://user:secret@host:70000/',
  'https://user:secret@/',
  'user:secret@host',
  'https:user:secret@host',
  'https://us@er:secret@host:0/path',
  'ftp://user:secret@host/',
  'https://user:se/cr@et@[::1/',
])('the credentials in %s are not shown', text => {
  expect(complaint(() => parse(text))).not.toMatch(/secret|user|cr@/)
})

test.each<[unknown, string]>([
  ['', 'it must be 40 hex digits without separators (the SHA-1 of a certificate), not ""'],
  [thumbprint.slice(1), 'not "BAB'],
  [`${thumbprint.slice(2)}XY`, 'XY"'],
  ['AB:'.repeat(20), 'without separators'],
  ['AB'.repeat(32), 'and these are 64, as of a SHA-256'],
  [` ${thumbprint}`, 'without separators'],
  [7, 'not 7'],
  [null, 'not null'],
])('the thumbprint %j is refused with the place and the reason', (given, reason) => {
  expect(complaint(() => parse({ uri: 'https://u:p@host:1/', thumbprint: given }))).toContain(
    `the thumbprint of https://host:1/: it must be`,
  )
  expect(complaint(() => checkThumbprint(given, 'agents/3'))).toContain(reason)
})

test('a thumbprint in lower case is kept as it is', () => {
  expect(parse({ uri: 'https://host/', thumbprint: thumbprint.toLowerCase() }).thumbprint).toBe(thumbprint.toLowerCase())
})

test.each<[unknown, string]>([
  [{ host: 'http://proxy', port: 1 }, "The proxy's hostname cannot contain a protocol prefix (eg http://)"],
  [{ host: '', port: 1 }, 'the proxy of https://host/: it has no host'],
  [{ port: 1 }, 'it has no host'],
  [{ host: 'u:secret@proxy', port: 1 }, 'its host "***@proxy" must be a name or an address and nothing else'],
  [{ host: 'proxy', port: 0 }, 'its port must be a whole number from 1 to 65535, not 0'],
  [{ host: 'proxy', port: 70_000 }, 'not 70000'],
  [{ host: 'proxy', port: '80', password: 'secret' }, 'not a text'],
])('the proxy %j is refused with the place and the reason', (proxy, reason) => {
  const message = complaint(() => parse({ uri: 'https://host/', proxy }))
  expect(message).toContain(reason)
  expect(message).not.toContain('secret')
})

test.each<[unknown, string]>([
  [{ retryCountLimit: -1 }, 'the limits of https://host/.retryCountLimit: it must be a number of 0 or more, not -1'],
  [{ retryCount: 1 }, 'the limits of https://host/: there is no limit named "retryCount"'],
  [{ maxMessageBytes: 1 }, 'the limits of https://host/: maxMessageBytes is a limit of the whole runtime'],
])('the limits %j of an endpoint are refused with the place and the reason', (limits, reason) => {
  expect(complaint(() => parse({ uri: 'https://host/', limits }))).toContain(reason)
})

test('an endpoint’s own limits stand above those of the runtime', () => {
  const { limits } = parse({ uri: 'https://host/', limits: { retryCountLimit: 1, tcpClientConnectTimeoutMs: undefined } })
  expect(limits).toMatchObject({ retryCountLimit: 1, tcpClientConnectTimeoutMs: defaultLimits.tcpClientConnectTimeoutMs })
})

test('forceResolveHost is checked as an endpoint is', () => {
  expect(complaint(() => parse({ uri: 'https://host/', forceResolveHost: 'elsewhere' }))).toContain(
    'forceResolveHost of https://host/ "elsewhere": it has no scheme',
  )
})

test.each([
  ['poll://SQ-TENTAPOLL', 'poll://sq-tentapoll/'],
  ['poll://name:99/', 'poll://name:99/'],
  ['poll://BÜCHER/', 'poll://bücher/'],
  ['poll://BÜCHER:99/', 'poll://bücher:99/'],
  ['poll://A\u0308A/', 'poll://äa/'],
  ['poll://AΣ/', 'poll://aσ/'],
  ['poll://Aİ/', 'poll://aİ/'],
  ['poll://😀A_-1./', 'poll://😀a_-1./'],
  ['poll://[FE80::1]/', 'poll://[fe80::1]/'],
])('the subscription %s is announced as %s', (text, printed) => {
  expect(printSubscription(text)).toBe(printed)
})

test.each([
  [
    'poll://name/path',
    'the subscription "poll://name/path": it must be a scheme and a name alone; requests are queued for poll://name/ and would never arrive',
  ],
  ['poll://name/?query', 'requests are queued for poll://name/'],
  ['poll://user@name/', '"poll://***@name/": it must be a scheme and a name alone'],
  ['poll://a b/', 'there is a space or control character at position 9'],
  ['name', 'it has no scheme'],
  ['poll://', 'it names no host'],
  ...['a~b', '{guid}', 'a..b', '.a', 'a,b', 'a%41b', 'a(b)', 'a=b', `${'a'.repeat(256)}`].map(host => [
    `poll://${host}/`,
    '.NET takes no such host',
  ]),
])('the subscription %s is refused with the place and the reason', (text, reason) => {
  expect(complaint(() => printSubscription(text))).toContain(reason)
})

test('what an agent announces is a queue’s name in any letter case, or nothing where it is no URI with a host', () => {
  expect(subscriptionKey('POLL://Name')).toBe('poll://name/')
  expect(subscriptionKey('poll://name/path?q')).toBe('poll://name/path?q')
  expect(subscriptionKey('poll://BÜCHER/')).toBe('poll://bücher/')
  expect(subscriptionKey('poll://b\u00fccher/')).toBe(parse('poll://BU\u0308CHER').uri)
  expect(subscriptionKey('poll://a~b/')).toBeUndefined()
  expect(subscriptionKey('foo:bar')).toBeUndefined()
  expect(subscriptionKey('name')).toBeUndefined()
})

test('an endpoint cannot change; a copy with something else in it is another endpoint, with the rest as it was', () => {
  const proxy = { host: 'proxy', port: 3128 }
  const read = parse({
    uri: 'https://agent:10933/x',
    thumbprint,
    proxy,
    forceResolveHost: 'https://10.0.0.1:1/',
    limits: { retryCountLimit: 2 },
  })
  expect(Object.isFrozen(read)).toBe(true)
  expect(parse(read)).toEqual(read)
  expect(parse({ ...read })).toEqual(read)
  const other = 'CD'.repeat(20)
  const copy = parse({ ...read, thumbprint: other })
  expect(copy).toEqual({ ...read, thumbprint: other, key: copy.key })
  expect(copy.key).not.toBe(read.key)
  expect(parse({ ...read, uri: 'https://other:1/', forceResolveHost: undefined })).toMatchObject({ host: 'other', port: 1 })
  expect(parse({ ...read, limits: { retryCountLimit: 3 } }).limits).toEqual({ ...defaultLimits, retryCountLimit: 3 })
  const plain = parse({ uri: 'https://agent:10933/', thumbprint })
  expect(parse({ ...plain, thumbprint: other }).key).toBe(parse({ uri: 'https://agent:10933/', thumbprint: other }).key)
  expect(complaint(() => parse({ ...read, thumbprint: 'short' }))).toContain('it must be 40 hex digits')
})
