import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { method, service, string } from '@halibut-gateway/schemas/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  certificateFromPem,
  certificateFromPfx,
  createSelfSignedCertificate,
  loadCertificateFile,
  saveCertificateFile,
  toPem,
  toPfx,
} from '../../../../server/src/runtime/certificates.ts'
import { HalibutRuntime } from '../../../../server/src/runtime/runtime.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { createRuntime, echo, failureOf } from '../../../support/world.ts'

const agent = testIdentity('agent')
const other = testIdentity('caller')
const thumbprint = agent.thumbprint

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'setup-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

function failure(action: () => unknown) {
  return failureOf(new Promise(resolve => resolve(action())))
}

test('a port in use is told with the address, the reason and what to do', async () => {
  await using first = createRuntime('agent')
  await using second = createRuntime('caller')
  const { port } = await first.listen({ host: '127.0.0.1' })
  const why = await failureOf(second.listen({ host: '127.0.0.1', port }))
  expect(why).toMatchObject({ kind: 'listen_failed', advice: 'choose another port, or end the process that uses it' })
  expect(why.message).toBe(
    `cannot listen on 127.0.0.1:${port}: Address already in use; choose another port, or end the process that uses it`,
  )
  expect((await second.listen({ host: '127.0.0.1' })).port).toBeGreaterThan(0)
})

test.each([-1, 65_536, 70_000, 1.5])('port %d is refused', async port => {
  await using runtime = createRuntime('agent')
  expect(await failureOf(runtime.listen({ port }))).toMatchObject({
    kind: 'listen_failed',
    message: expect.stringContaining('a port is a whole number from 0 to 65535; choose such a port, or 0 for any free one'),
  })
})

test.each(['192.0.2.1', 'no such host', '::g'])('listening on %s, which is no address of this machine, is refused', async host => {
  await using runtime = createRuntime('agent')
  const why = await failureOf(runtime.listen({ host }))
  expect(why.kind).toBe('listen_failed')
  expect(why.message).toContain(host)
})

test('a runtime without a certificate, or with a key that is not its certificate’s, is refused', async () => {
  expect(await failure(() => new HalibutRuntime({} as never))).toMatchObject({
    kind: 'invalid_argument',
    message: 'No certificate was provided.',
  })
  await using runtime = new HalibutRuntime({ certificate: { ...agent, keyPem: other.keyPem } })
  expect(await failureOf(runtime.listen())).toMatchObject({
    kind: 'certificate_invalid',
    message: expect.stringContaining('TLS cannot use the certificate with its key'),
  })
  const call = { endpoint: { uri: 'https://localhost:1/', thumbprint }, service: 'IEchoService', method: 'SayHello', args: ['Paul'] }
  expect(await failureOf(runtime.call(call))).toMatchObject({ kind: 'certificate_invalid', delivery: 'not_sent' })
})

test('a file that is missing, a folder, empty, too long or noise is told with its path', async () => {
  const missing = join(folder, 'missing.pem')
  const told = async (path: string) => (await failureOf(loadCertificateFile(path))).message
  expect(await told(missing)).toBe(`${missing}: there is no such file; correct the path, or the rights of the file`)
  await mkdir(join(folder, 'folder.pem'))
  expect(await told(join(folder, 'folder.pem'))).toContain('folder.pem: ')
  for (const [name, content] of [
    ['empty.pem', ''],
    ['noise.pfx', Buffer.from('30820101deadbeef', 'hex')],
    ['text.pem', 'this is no certificate'],
  ] as const) {
    const path = await file(name, content)
    expect(await told(path)).toBe(`${path}: it is neither PEM nor PFX; supply a PEM or PKCS #12 file`)
  }
  const long = await file('long.pem', Buffer.alloc(64 * 1024 + 1))
  expect(await told(long)).toBe(`${long}: it has 65537 bytes; supply a certificate file; those have at most 65536`)
})

test.each([
  ['pair.pem', {}, {}],
  ['locked.pem', { password: 'pässword' }, { password: 'pässword' }],
  ['pair.pfx', { password: 'pässword' }, { password: 'pässword' }],
  ['old.P12', { password: 'x', encryption: '3des' }, { password: 'x' }],
  ['open.pfx', {}, {}],
] as const)('a certificate that is saved as %s with %j is loaded again', async (name, saved, loaded) => {
  const path = join(folder, name)
  await saveCertificateFile(agent, path, saved)
  expect(await loadCertificateFile(path, loaded)).toEqual(agent)
  const text = await readFile(path, 'latin1')
  expect(text.includes('-----BEGIN')).toBe(name.endsWith('.pem'))
  expect(text.includes('-----BEGIN PRIVATE KEY')).toBe(name === 'pair.pem')
})

test('the file of a key is for its owner alone, also where one that all could read was there, and is replaced whole', async () => {
  const path = join(folder, 'private.pem')
  await saveCertificateFile(agent, path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await writeFile(path, 'x'.repeat(100_000))
  await chmod(path, 0o666)
  await saveCertificateFile(other, path)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toBe(toPem(other))
})

test('a file that cannot be written is told with its path, and nothing is left beside it', async () => {
  const inNoFolder = join(folder, 'no-folder', 'a.pem')
  const why = await failureOf(saveCertificateFile(agent, inNoFolder))
  expect(why.kind).toBe('invalid_argument')
  expect(why.message).toContain(`${inNoFolder} cannot be written: ENOENT`)
  const path = join(folder, 'is-a-folder.pem')
  await mkdir(path)
  expect((await failureOf(saveCertificateFile(agent, path))).message).toContain(`${path} cannot be written: `)
  expect((await readdir(folder)).filter(name => name.endsWith('.tmp'))).toEqual([])
})

test('a key that is missing, damaged, encrypted or another’s is told with its file and what to do', async () => {
  const certificate = await file('certificate.pem', agent.certificatePem)
  const told = async (key: string, password?: string) => {
    const keyPath = await file('key.pem', key)
    const why = await failureOf(loadCertificateFile(certificate, { keyPath, ...(password !== undefined && { password }) }))
    expect(why.kind).toBe('certificate_invalid')
    expect(why.message.startsWith(`${certificate} with the key of ${keyPath}: `)).toBe(true)
    expect(why.message).not.toContain(agent.keyPem.slice(40, 80))
    return why.message.slice(why.message.indexOf('key.pem: ') + 9)
  }
  expect(await told('')).toBe('there is no private key; supply the PRIVATE KEY block too, in the same file or one of its own')
  expect(await told(agent.keyPem.replace(/\n[^-]{20}/, '\n!!!!'))).toContain('the private key cannot be read; supply an RSA or EC key')
  expect(await told(agent.keyPem.slice(0, 100))).toContain('there is no private key')
  expect(await told(other.keyPem)).toBe(
    'the private key does not belong to the certificate; supply the key that the certificate was made with',
  )
  const encrypted = toPem(agent, 'secret').slice(agent.certificatePem.length)
  expect(await told(encrypted)).toBe('the private key is encrypted; supply its password')
  expect(await told(encrypted, 'wrong')).toBe('the password does not open the private key; supply the right password')
})

test('a certificate block that is damaged or missing is told', async () => {
  const damaged = agent.certificatePem.replace(/\n[^-]{20}/, '\nAAAA')
  expect((await failure(() => certificateFromPem({ certificatePem: damaged + agent.keyPem }))).message).toBe(
    'the certificate: the certificate cannot be read; export it again; the file may be damaged or cut off',
  )
  expect((await failure(() => certificateFromPem({ certificatePem: agent.keyPem, where: 'settings/certificate' }))).message).toContain(
    'settings/certificate: there is no CERTIFICATE block in it',
  )
})

test('a PFX with the wrong password, or cut off, is told', async () => {
  const rsa = await createSelfSignedCertificate()
  const pfx = await toPfx(rsa, 'secret')
  expect((await certificateFromPfx(pfx, 'secret')).thumbprint).toBe(rsa.thumbprint)
  expect((await failure(() => certificateFromPfx(pfx, 'wrong', 'agent.pfx'))).message).toBe(
    'agent.pfx: the password does not open the PFX; supply the right password',
  )
  expect((await failure(() => certificateFromPfx(pfx.subarray(0, 900), 'secret', 'agent.pfx'))).message).toContain(
    'agent.pfx: it is neither PEM nor PFX',
  )
})

test.each<[Record<string, unknown>, string]>([
  [{ nope: 1 }, 'limits: there is no limit named "nope"'],
  [{ __proto__: null, toString: 1 }, 'limits: there is no limit named "toString"'],
  [{ maxMessageBytes: -1 }, 'limits.maxMessageBytes: it must be a number of 0 or more, not -1'],
  [{ acceptTimeoutMs: Number.NaN }, 'limits.acceptTimeoutMs: it must be a number of 0 or more, not NaN'],
  [{ acceptTimeoutMs: Number.POSITIVE_INFINITY }, 'limits.acceptTimeoutMs: it must be a number of 0 or more, not Infinity'],
  [{ acceptTimeoutMs: '1000' }, 'limits.acceptTimeoutMs: it must be a number, not "1000"'],
  [{ acceptTimeoutMs: null }, 'limits.acceptTimeoutMs: it must be a number, not null'],
  [{ throwOnDataStreamSizeMismatch: 1 }, 'limits.throwOnDataStreamSizeMismatch: it must be a boolean, not a number'],
])('the limits %j are refused with the place and the reason', async (limits, message) => {
  expect(await failure(() => new HalibutRuntime({ certificate: agent, limits }))).toMatchObject({ kind: 'invalid_argument', message })
})

test('a limit that is undefined keeps its default', () => {
  const runtime = new HalibutRuntime({ certificate: agent, limits: { maxMessageBytes: undefined } as never })
  expect(runtime.limits.maxMessageBytes).toBe(64 * 1024 * 1024)
})

test('a trusted thumbprint that is none is told by its number', async () => {
  const trust = [thumbprint, 'AB:CD']
  expect((await failure(() => new HalibutRuntime({ certificate: agent, trust }))).message).toBe(
    'trusted thumbprint 2: it must be 40 hex digits without separators (the SHA-1 of a certificate), not "AB:CD"',
  )
  const runtime = new HalibutRuntime({ certificate: agent, trust: [thumbprint] })
  expect((await failure(() => runtime.trust('x'))).message).toContain('the trusted thumbprint: it must be 40 hex digits')
  expect((await failure(() => runtime.trustOnly(['x']))).message).toContain('trusted thumbprint 1: it must be 40 hex digits')
  expect(runtime.trusted).toEqual([thumbprint])
})

test('a service that is registered twice, in whatever letter case, is refused, and the first one stays', async () => {
  const runtime = new HalibutRuntime({ certificate: agent })
  runtime.addService(echo, { SayHello: name => name })
  const again = service('iECHOservice', { SayHello: method([['name', string]], string) })
  expect(await failure(() => runtime.addService(again, { SayHello: name => name }))).toMatchObject({
    kind: 'invalid_argument',
    message: 'the service iECHOservice has been added already',
  })
})

test('an implementation that is none, or lacks a method, is refused by name', async () => {
  const runtime = new HalibutRuntime({ certificate: agent })
  expect((await failure(() => runtime.addService(echo, null as never))).message).toBe(
    'the implementation of IEchoService must be an object',
  )
  expect((await failure(() => runtime.addService(echo, {} as never))).message).toBe(
    'the implementation of IEchoService has no method SayHello',
  )
})

test('a contract that names an impossible type is refused with the place, by host, client and call alike', async () => {
  await using runtime = new HalibutRuntime({ certificate: agent })
  const impossible = {
    contract: 1,
    service: 'IOne',
    methods: [
      { name: 'M', params: [{ name: 'p', type: { list: 'Nope' } }], result: 'void' },
      { name: 'N', params: [], result: { dictionary: ['double', 'string'] } },
    ],
  } as never
  const message = "/methods/0/params/0/type/list 'Nope' is neither a scalar nor an entry of types"
  for (const action of [
    () => runtime.addService(impossible, {} as never),
    () => runtime.createClient(impossible, { uri: 'https://localhost:1/', thumbprint }),
    () => runtime.call({ endpoint: 'https://localhost:1/', contract: impossible, service: 'IOne', method: 'M', args: [] }),
  ]) {
    const why = await failure(action)
    expect(why.kind).toBe('invalid_contract')
    expect(why.message).toContain(message)
    expect(why.message).toContain('/methods/1/result')
  }
})

test('a client that is polled, or an agent that is called, needs a usable endpoint with a pin', async () => {
  await using runtime = createRuntime('caller')
  const poll = (endpoint: unknown, rest: object = {}) =>
    failure(() => runtime.poll({ subscription: 'poll://a/', endpoint: endpoint as never, ...rest }))
  expect((await poll('poll://a/')).message).toBe('a client is polled at an https:// address, not at poll://a/')
  expect((await poll('https://localhost:1/')).message).toContain('https://localhost:1/ has no thumbprint to pin')
  const pinned = { uri: 'https://localhost:1/', thumbprint }
  expect((await poll(pinned, { subscription: 'a b' })).message).toContain('the subscription "a b"')
  for (const connections of [0, -1, 1.5, 1_001, Number.NaN]) {
    expect((await poll(pinned, { connections })).message).toBe(`connections must be a whole number from 1 to 1000, not ${connections}`)
  }
  const call = { endpoint: 'https://user:secret@localhost:1/', service: 'IEchoService', method: 'SayHello', args: ['Paul'] }
  expect((await failureOf(runtime.call(call))).message).toContain('https://localhost:1/ has no thumbprint to pin')
})
