import { join } from 'node:path'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import * as library from '@halibut-gateway/server'
import { afterAll, describe, expect, test } from 'vitest'
import { testIdentity } from '../../../support/certificates.ts'
import { createRuntime, echo } from '../../../support/world.ts'

const { DataStream, HalibutError, HalibutRuntime } = library
const certificate = testIdentity('agent')
const runtime = createRuntime('agent')
const endpoint = { uri: 'https://localhost:1/', thumbprint: certificate.thumbprint }
const client = runtime.createClient(echo, endpoint)
const call = { endpoint, service: 'IEchoService', method: 'SayHello', args: ['Paul'] }
const other = service('IOther', { SayHello: method([['name', string]], string) })

afterAll(() => runtime.close())

/** What somebody without types may give. */
const wrongValues: readonly unknown[] = [
  undefined,
  null,
  '',
  'text',
  0,
  -1,
  1.5,
  Number.NaN,
  true,
  10n,
  Symbol('symbol'),
  [],
  [undefined],
  {},
  { nope: 1 },
  Object.create(null),
  () => undefined,
  new Date(0),
  new Map(),
  Buffer.of(1),
]

/** A function of the library with arguments that it takes, but for its being sent nowhere. */
type Row = readonly [name: string, run: (...args: never[]) => unknown, args: readonly unknown[]]

const rows: readonly Row[] = [
  ['new HalibutRuntime', options => new HalibutRuntime(options).close(), [{ certificate }]],
  [
    'addService',
    (...args) => createRuntime('caller').addService(...(args as never as [never, never])),
    [other, { SayHello: () => '' }, {}],
  ],
  ['listen', options => runtime.listen(options).then(listener => listener.close()), [{ host: '127.0.0.1' }]],
  ['poll', options => runtime.poll(options).close(), [{ subscription: 'poll://a/', endpoint }]],
  ['setFriendlyPage', page => runtime.setFriendlyPage(page), [{ html: 'Hello' }]],
  ['trust', thumbprint => runtime.trust(thumbprint), [certificate.thumbprint]],
  ['removeTrust', thumbprint => runtime.removeTrust(thumbprint), [certificate.thumbprint]],
  ['trustOnly', thumbprints => runtime.trustOnly(thumbprints), [[certificate.thumbprint]]],
  ['isTrusted', thumbprint => runtime.isTrusted(thumbprint), [certificate.thumbprint]],
  ['createClient', (contract, to) => runtime.createClient(contract, to), [echo, endpoint]],
  ['a client', (name, options) => client.SayHello(name, options), ['Paul', { timeoutMs: 1 }]],
  ['call', request => runtime.call(request), [call]],
  ['probe', (to, options) => runtime.probe(to, options), [endpoint, { timeoutMs: 1 }]],
  ['discover', (uri, options) => runtime.discover(uri, options), ['https://localhost:1/', {}]],
  ['disconnect', to => runtime.disconnect(to), [endpoint]],
  ['events', uri => runtime.events(uri), [endpoint.uri]],
  ['on', (event, listener) => runtime.on(event, listener)(), ['log', () => undefined]],
  ['close', options => createRuntime('caller').close(options), [{ drainMs: 1 }]],
  ['createSelfSignedCertificate', options => library.createSelfSignedCertificate(options), [{ commonName: 'x' }]],
  ['certificateFromPem', options => library.certificateFromPem(options), [certificate]],
  ['certificateFromEncryptedPem', options => library.certificateFromEncryptedPem(options), [{ ...certificate, password: 'x' }]],
  ['certificateFromPfx', (bytes, password) => library.certificateFromPfx(bytes, password), [Buffer.of(1), 'x']],
  ['loadCertificateFile', (path, options) => library.loadCertificateFile(path, options), [join(import.meta.dirname, 'nowhere.pem'), {}]],
  [
    'saveCertificateFile',
    (pair, path, options) => library.saveCertificateFile(pair, path === 'text' ? ('/nowhere/at/all' as never) : path, options),
    [certificate, '/nowhere/at/all.pem', {}],
  ],
  ['toPem', (pair, password) => library.toPem(pair, password), [certificate, 'x']],
  ['toPfx', (...args) => library.toPfx(...(args as never as [never, never])), [certificate, 'x', '3des']],
  ['DataStream.from', (content, length) => DataStream.from(content, length), [['a'], 5]],
  ['DataStream.fromBytes', bytes => DataStream.fromBytes(bytes), [Buffer.of(1)]],
  ['DataStream.fromString', text => DataStream.fromString(text), ['x']],
  ['DataStream.fromIterable', (length, open) => DataStream.fromIterable(length, open), [1, () => []]],
  ['DataStream.fromFile', path => DataStream.fromFile(path), ['/nowhere/at/all']],
  ['withProgress', tell => DataStream.from('x').withProgress(tell).bytes(), [() => undefined]],
  ['pump', sink => DataStream.from('x').pump(sink), [() => undefined]],
  ['bytes', most => DataStream.from('x').bytes(most), [5]],
  ['saveTo', path => DataStream.from('x').saveTo(path === 'text' ? ('/nowhere/at/all' as never) : path), ['/nowhere/at/all']],
  ['severityOf', type => library.severityOf(type), ['Error']],
  ['classifyError', why => library.classifyError(why), [new Error('x')]],
  ['isRetryable', why => library.isRetryable(why), [new Error('x')]],
]

/** What came of a call: nothing, or why it failed. */
async function outcome(run: (...args: never[]) => unknown, args: readonly unknown[]): Promise<unknown> {
  try {
    await run(...(args as never[]))
    return undefined
  } catch (why) {
    return why
  }
}

/** Each argument in the place of the right one, and so each member of an object of options. */
function* wrongArguments(args: readonly unknown[]): Generator<readonly unknown[]> {
  for (const [at, right] of args.entries()) {
    for (const wrong of wrongValues) {
      yield args.with(at, wrong)
      const isOptions = typeof right === 'object' && right !== null && Object.getPrototypeOf(right) === Object.prototype
      if (isOptions) for (const name of [...Object.keys(right), 'nope']) yield args.with(at, { ...right, [name]: wrong })
    }
  }
}

describe.each(rows)('%s', (name, run, args) => {
  test('whatever it is given, it fails with a HalibutError that says what is wrong, or not at all', async () => {
    for (const wrong of wrongArguments(args)) {
      const why = await outcome(run, wrong)
      if (why === undefined) continue
      const told = `${name}: ${String(why)}\n${why instanceof Error ? why.stack : ''}`
      expect(why instanceof HalibutError, told).toBe(true)
      if (!(why instanceof HalibutError)) continue
      expect(why.message.length, told).toBeGreaterThan(10)
      expect(why.message, told).not.toMatch(/\[object|undefined is not|Cannot read|is not a function/)
    }
  }, 60_000)
})

test.each([
  ['listen', () => runtime.listen({ port: '8080' } as never), 'the options of listen(): port: it must be a number, not a text'],
  ['listen', () => runtime.listen({ prot: 1 } as never), 'the options of listen(): there is no "prot"; those are port, host, certificate'],
  [
    'poll',
    () => runtime.poll({ subscription: 'poll://a/', endpoint, conections: 2 } as never),
    'the options of poll(): there is no "conections"; those are subscription, endpoint, connections',
  ],
  [
    'new HalibutRuntime',
    () => new HalibutRuntime({ certificate, trusted: [] } as never),
    'the options of HalibutRuntime: there is no "trusted"; those are certificate, trust, limits, onUnauthorised, authoriseSubscriber, authoriseAgent, destinations, corlib, friendlyPage, cacheErrors',
  ],
  [
    'createClient',
    () => runtime.createClient(echo, { uri: 'https://localhost/', thumbPrint: 'x' } as never),
    'the endpoint: there is no "thumbPrint"; those are uri, thumbprint, nextThumbprint, proxy, forceResolveHost, limits',
  ],
  ['addService', () => runtime.addService(undefined as never, {} as never), 'the contract: it must be an object, not undefined'],
  ['trustOnly', () => runtime.trustOnly('x' as never), 'the trusted thumbprints: it must be a list, not a text'],
  ['on', () => runtime.on('logs' as never, () => undefined), /^the event of on\(\): there is no "logs"; those are connectionOpened, /],
  ['call', () => runtime.call({ ...call, args: 'Paul' } as never), 'the call: args: it must be a list, not a text'],
  [
    'call',
    () => runtime.call({ endpoint, service: 'IEchoService', args: [] } as never),
    'the call: method: it must be a text, not undefined',
  ],
  ['toPem', () => library.toPem({} as never), /^the certificate: it must be one that createSelfSignedCertificate\(\)/],
])('%s says what it was given, and what it takes', async (_, run, message) => {
  const why = await outcome(run, [])
  expect(why).toMatchObject({ kind: expect.stringMatching(/^invalid_/), delivery: 'not_sent' })
  expect((why as Error).message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
})
