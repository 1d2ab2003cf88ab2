import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressBytes } from '../../../../server/src/socket/address.ts'
import { Destinations } from '../../../../server/src/socket/destinations.ts'
import { type DialOptions, dial } from '../../../../server/src/socket/dial.ts'
import { examineTcp } from '../../../../server/src/socket/examine.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { listenRaw } from '../../../support/raw-peer.ts'
import { failureOf } from '../../../support/world.ts'

const anywhere = new Destinations()
const refuses = (host: string, destinations = anywhere, port = 10_933): string | undefined => {
  try {
    destinations.checkHost(host, port, 'us')
    return undefined
  } catch (why) {
    expect(why).toMatchObject({ kind: 'invalid_argument', phase: 'connect', retryable: false })
    return (why as Error).message
  }
}

/** A way to write an IPv6 address: each group with or without zeros in front, some run of zeros left out, in any letter case. */
const written = (bytes: Uint8Array): fc.Arbitrary<string> =>
  fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()).map(([padded, upper, short, dotted]) => {
    const groups = Array.from({ length: 8 }, (_, i) => (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16))
    const texts = groups.map(group => (padded ? group.padStart(4, '0') : group))
    const tail = dotted ? [bytes.subarray(12).join('.')] : texts.slice(6)
    let text = [...texts.slice(0, 6), ...tail].join(':')
    if (short) text = text.replace(/(^|:)(0+:){2,}/, '::')
    return upper ? text.toUpperCase() : text
  })
const octet = fc.integer({ min: 0, max: 255 })
const linkLocal = fc.tuple(octet, octet).map(([c, d]) => [169, 254, c, d] as const)
const hex = (high: number, low: number): string => ((high << 8) | low).toString(16)

describe('an address', () => {
  test('is read alike however it is written', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }).chain(bytes => written(bytes).map(text => [bytes, text] as const)),
        ([bytes, text]) => {
          expect(addressBytes(text)).toEqual(Uint8Array.from(bytes))
        },
      ),
    )
    expect(addressBytes('fe80::1%eth0')).toEqual(addressBytes('FE80:0:0::1'))
    for (const none of ['', 'localhost', '1.2.3', '1.2.3.4.5', ':::', '12345::', '[::1]']) expect(addressBytes(none)).toBeUndefined()
  })

  test('of the link, of IPv4 and whatever form of IPv6 leads to it, is never dialled', () => {
    fc.assert(
      fc.property(linkLocal, ([a, b, c, d]) => {
        const [high, low] = [hex(a, b), hex(c, d)]
        const forms = [
          [a, b, c, d].join('.'),
          `::ffff:${a}.${b}.${c}.${d}`,
          `::FFFF:${high}:${low}`,
          `0:0:0:0:0:ffff:${high}:${low}`,
          `::${a}.${b}.${c}.${d}`,
          `::ffff:0:${a}.${b}.${c}.${d}`,
          `64:ff9b::${a}.${b}.${c}.${d}`,
          `64:ff9b:1::${high}:${low}`,
          `64:ff9b:1:${high}:${hex(0, c)}:${hex(d, 0)}::`,
          `2002:${high}:${low}::1`,
          `2001:0:1:2:3:4:${hex(a ^ 255, b ^ 255)}:${hex(c ^ 255, d ^ 255)}`,
          `2001:db8::5efe:${a}.${b}.${c}.${d}`,
          `fd00::200:5efe:${high}:${low}`,
        ]
        for (const form of forms) {
          expect([form, refuses(form)]).toEqual([form, expect.stringContaining('a link-local address')])
          expect(refuses(`[${form}]`)).toContain('nothing is ever dialled there')
        }
      }),
    )
  })

  test('of the link in IPv6 is never dialled, in all of its network and with a zone', () => {
    fc.assert(
      fc.property(
        fc
          .uint8Array({ minLength: 16, maxLength: 16 })
          .map(bytes => Uint8Array.from([0xfe, 0x80 | (bytes[1] ?? 0 & 0x3f), ...bytes.slice(2)]))
          .filter(bytes => ((bytes[1] ?? 0) & 0xc0) === 0x80)
          .chain(written),
        text => {
          expect(refuses(text)).toContain('link-local')
          expect(refuses(`${text}%eth0`)).toContain('link-local')
        },
      ),
    )
  })

  test.each([
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    '::ffff:100.100.100.200',
    'metadata.google.internal',
    'METADATA.goog.',
  ])('where a provider tells secrets, %s, is never dialled, whatever is allowed', host => {
    expect(refuses(host, new Destinations(['*', '0.0.0.0/0', '::/0']))).toContain('where a provider of machines tells secrets')
  })

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.253.255.255',
    '169.255.0.0',
    '::1',
    'fe7f::1',
    'fec0::1',
    '2002:a9fd::1',
    '64:ff9b::10.0.0.1',
    'web-1',
  ])('such as %s is dialled where nothing else was said', host => {
    expect(refuses(host)).toBeUndefined()
  })
})

describe('the setting', () => {
  const rules = new Destinations([
    '10.0.0.0/8',
    '192.168.1.7:10933',
    '[2001:db8::/32]:10933-10940',
    '*.agents.example',
    'web-?.x'.replace('?', '*'),
  ])

  test.each<[string, number, boolean]>([
    ['10.255.0.1', 1, true],
    ['11.0.0.1', 1, false],
    ['::ffff:10.0.0.1', 1, true],
    ['192.168.1.7', 10_933, true],
    ['192.168.1.7', 10_934, false],
    ['192.168.1.8', 10_933, false],
    ['2001:db8:ffff::1', 10_940, true],
    ['2001:db8::1', 10_941, false],
    ['2001:db9::1', 10_933, false],
  ])('says that %s may be dialled at port %i: %s', (address, port, allowed) => {
    const why = refuses(address, rules, port)
    expect(why).toEqual(
      allowed ? undefined : expect.stringContaining(`the setting destinations does not allow connections to ${address}:${port}`),
    )
  })

  test('names are those that a proxy is asked for, with wildcards for whole labels in front and for parts of one elsewhere', () => {
    const asks = (name: string): boolean => {
      try {
        rules.checkHost(name, 10_933, 'a proxy')
        return true
      } catch {
        return false
      }
    }
    const names = [
      'a.agents.example',
      'A.b.Agents.Example.',
      'agents.example',
      'a.agents.example.org',
      'web-1.x',
      'web-.x',
      'web-1.y.x',
      '10.0.0.1',
      '8.8.8.8',
    ]
    expect(names.map(asks)).toEqual([true, true, false, false, true, true, false, true, false])
    expect(() => anywhere.checkHost('169.254.169.254', 80, 'a proxy')).toThrow('link-local')
    expect(() => anywhere.checkHost('anybody', 80, 'a proxy')).not.toThrow()
  })

  test.each([
    '',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8:0',
    '10.0.0.0/8:70000',
    'a:5-4',
    '1.2.3',
    '10.0.0/8',
    'a b',
    'https://a/',
    'fe80::1%eth0',
    'a/8',
    '[::1',
    '10.0.0.0/8/8',
  ])('refuses %j, and says what is wrong with it', text => {
    expect(() => new Destinations([text])).toThrow(
      expect.objectContaining({ kind: 'invalid_argument', message: expect.stringContaining(JSON.stringify(text)) }),
    )
  })
})

describe('a name', () => {
  const dialled = (host: string, port: number, destinations: Destinations) =>
    dial({
      host,
      port,
      uri: `https://${host}:${port}/`,
      certificate: testIdentity('caller'),
      destinations,
      connectTimeoutMs: 5_000,
      handshakeTimeoutMs: 5_000,
      receiveTimeoutMs: 5_000,
      sendTimeoutMs: 5_000,
      keepAliveIdleMs: 0,
    })

  test('is judged by the address that it was resolved to, and that one is dialled', async () => {
    await using listener = await listenRaw({ certificate: testIdentity('agent') })
    const { port } = listener
    for (const allowed of [['127.0.0.0/8', '::1'], ['localhost'], []]) {
      const channel = await dialled('localhost', port, new Destinations(allowed))
      channel.destroy()
      await channel.closed
    }
    const refused = await failureOf(dialled('localhost', port, new Destinations(['10.0.0.0/8', '*.example'])))
    expect(refused).toMatchObject({ kind: 'invalid_argument', endpoint: `https://localhost:${port}/`, retryable: false })
    expect(refused.message).toMatch(new RegExp(`does not allow connections to localhost:${port}, which is at (127\\.0\\.0\\.1|::1)`))
    // The system reads it as an address of the link.
    for (const spelling of ['0xa9fea9fe', '2852039166', '169.16689662'])
      expect((await failureOf(dialled(spelling, port, anywhere))).message).toMatch(/link-local|not resolve|no such host/i)
  })

  test.each([
    ['dials', dialThrough],
    ['only looks', examineThrough],
  ])(
    'means another address to a proxy, so that what it is asked for must be allowed by name, and the proxy itself too: who %s',
    async (_, open) => {
      const through = (host: string, proxyHost: string, destinations: Destinations) =>
        failureOf(open({ host, port: 10_933, proxy: { host: proxyHost, port: 1 }, destinations }))
      expect((await through('169.254.169.254', '127.0.0.1', anywhere)).message).toContain('link-local')
      expect((await through('web-1', '127.0.0.1', new Destinations(['127.0.0.0/8']))).message).toContain(
        'does not allow connections to web-1:10933',
      )
      expect((await through('web-1', '169.254.1.1', anywhere)).message).toContain('169.254.1.1 is a link-local')
      expect((await through('web-1', '10.0.0.1', new Destinations(['web-1']))).message).toContain(
        'does not allow connections to 10.0.0.1:1',
      )
      expect((await through('web-1', 'localhost', new Destinations(['10.0.0.0/8', 'web-1']))).message).toContain(
        'does not allow connections to localhost:1',
      )
      expect((await through('web-1', '127.0.0.1', new Destinations(['127.0.0.0/8', 'web-1']))).kind).toBe('proxy_failed')
    },
  )
})

type Through = Pick<DialOptions, 'host' | 'port' | 'proxy' | 'destinations'>

function dialThrough(place: Through): Promise<unknown> {
  return dial({
    ...place,
    uri: `https://${place.host}:${place.port}/`,
    connectTimeoutMs: 5_000,
    handshakeTimeoutMs: 5_000,
    receiveTimeoutMs: 5_000,
    sendTimeoutMs: 5_000,
    keepAliveIdleMs: 0,
  })
}

function examineThrough(place: Through): Promise<unknown> {
  return examineTcp({ ...place, timeoutMs: 5_000 })
}
