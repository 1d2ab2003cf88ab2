import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Audit } from '../../server/src/audit/audit.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { certificateFromPem, toPem, toPfx } from '../../server/src/runtime/certificates.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { testIdentity } from '../support/certificates.ts'

interface Own {
  readonly version: string
  readonly certificates: readonly { readonly thumbprint: string; readonly state: string; readonly ports: readonly number[] }[]
}

/** A gateway over HTTP that can be started again in the same folder. */
async function createGateway() {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-certificates-'))
  const config = join(folder, 'settings.json')
  const settings = { demo: false, port: 0, agentPort: 0, nextAgentPort: 0, stateFolder: join(folder, 'state') }
  let token = ''
  const start = async (more: object = {}) => {
    await writeFile(config, JSON.stringify({ ...settings, ...more }))
    const gateway = await startGateway(loadSettings({ flags: ['--config', config], environment: {} }), silentLog)
    const { origin, hash } = new URL(gateway.address)
    // The first start shows it, once.
    token ||= hash.slice('#token='.length)
    const authorization = `Bearer ${token}`
    const ask = async (verb: string, path: string, body?: object) => {
      const answer = await fetch(`${origin}${path}`, {
        method: verb,
        headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      })
      return {
        status: answer.status,
        etag: answer.headers.get('etag'),
        body: (await answer.json()) as { own: Own; kind?: string; agents?: object },
      }
    }
    return {
      gateway,
      ask,
      states: async () =>
        (await ask('GET', '/api/v1/trust/certificates')).body.own.certificates.map(({ thumbprint, state }) => [thumbprint, state]),
      version: async () =>
        (await ask('GET', '/version')).body as unknown as { agents: { thumbprint: string; port: number; next?: object } },
      [Symbol.asyncDispose]: () => gateway.close(),
    }
  }
  return { folder, stateFolder: settings.stateFolder, start, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

test('a rotation over HTTP, with a restart after every step, and heads of the audit log that can be verified at its end', async () => {
  await using world = await createGateway()
  const at = '/api/v1/trust/certificates'
  let [old, next, head] = ['', '', '']
  {
    await using it = await world.start()
    const { etag, body } = await it.ask('GET', at)
    old = it.gateway.thumbprint
    expect([etag, body.own.certificates]).toMatchObject([`"${body.own.version}"`, [{ thumbprint: old, state: 'present', dependents: 0 }]])
    const made = await it.ask('POST', at, { version: body.own.version })
    next = made.body.own.certificates[1]?.thumbprint ?? ''
    expect([made.status, made.body.own.certificates.map(({ state }) => state)]).toEqual([200, ['present', 'next']])
    expect(await it.ask('POST', at, { version: body.own.version })).toMatchObject({ status: 412, body: { kind: 'version_conflict' } })
    expect(JSON.stringify(made.body)).not.toContain('PRIVATE')
    const { agents } = await it.version()
    expect(agents).toMatchObject({ thumbprint: old, next: { thumbprint: next, port: expect.any(Number) } })
  }
  {
    await using it = await world.start()
    expect([it.gateway.thumbprint, it.gateway.next?.thumbprint, await it.states()]).toEqual([
      old,
      next,
      [
        [old, 'present'],
        [next, 'next'],
      ],
    ])
    expect((await it.ask('POST', `${at}/${next}/promote`, { version: '*' })).status).toBe(200)
  }
  {
    await using store = await openEmbeddedStore(await openStateFolder(world.stateFolder))
    head = new Audit(store, () => certificateFromPem({ certificatePem: store.meta.get('identity')?.text ?? '' })).signedHead() ?? ''
    expect(head).toContain(next)
  }
  {
    await using it = await world.start()
    expect([it.gateway.thumbprint, await it.states()]).toEqual([
      next,
      [
        [next, 'present'],
        [old, 'previous'],
      ],
    ])
    expect((await it.ask('GET', `${at}/agents?dependsOn=${old}`)).body).toEqual({ agents: [] })
    expect((await it.ask('POST', `${at}/${next}/retire`, { version: '*' })).status).toBe(400)
    expect((await it.ask('POST', `${at}/${old}/retire`, { version: '*' })).status).toBe(200)
    // And one more, so that the first one that signed is long gone.
    expect((await it.ask('POST', at, { version: '*', commonName: 'Third' })).status).toBe(200)
    const third = (await it.ask('GET', at)).body.own.certificates[1]?.thumbprint
    expect((await it.ask('POST', `${at}/${third}/promote`, { version: '*' })).status).toBe(200)
    expect((await it.ask('POST', `${at}/${next}/retire`, { version: '*' })).status).toBe(200)
  }
  await using store = await openEmbeddedStore(await openStateFolder(world.stateFolder))
  const audit = new Audit(store, () => certificateFromPem({ certificatePem: store.meta.get('identity')?.text ?? '' }))
  expect(await audit.verify([head, audit.signedHead() ?? ''])).toMatchObject({ ok: true })
  expect(store.identities.all().map(({ state, keyPem }) => [state, keyPem])).toEqual([
    ['retired', undefined],
    ['retired', undefined],
    ['present', undefined],
  ])
})

test('a certificate is imported as PEM or PFX, and what is none is refused without a word of its key', async () => {
  await using world = await createGateway()
  await using it = await world.start()
  const [pem, pfx] = [toPem(testIdentity('one')), await toPfx(testIdentity('two'), 'secret')]
  const at = '/api/v1/trust/certificates/import'
  expect((await it.ask('POST', at, { version: '*', pem })).status).toBe(200)
  expect((await it.states()).map(([thumbprint]) => thumbprint)).toContain(testIdentity('one').thumbprint)
  const retire = `/api/v1/trust/certificates/${testIdentity('one').thumbprint}/retire`
  expect((await it.ask('POST', retire, { version: '*' })).status).toBe(200)
  expect((await it.ask('POST', at, { version: '*', pfx: pfx.toString('base64'), password: 'secret' })).status).toBe(200)
  expect((await it.states()).map(([thumbprint]) => thumbprint)).toContain(testIdentity('two').thumbprint)
  for (const wrong of [
    { pem, pfx: 'AAAA' },
    {},
    { pem: testIdentity('one').keyPem },
    { pfx: 'AAAA' },
    { pfx: pfx.toString('base64'), password: 'wrong' },
  ]) {
    const { status, body } = await it.ask('POST', at, { version: '*', ...wrong })
    expect([status, ['invalid_params', 'certificate_invalid'].includes(body.kind ?? '')]).toEqual([422, true])
    expect(JSON.stringify(body)).not.toMatch(/PRIVATE|secret|wrong"/)
  }
})

test('the certificate of the setting identity is taken over when a rotation begins with it, and what came of that counts from then on', async () => {
  await using world = await createGateway()
  const [file, other] = [join(world.folder, 'identity.pem'), join(world.folder, 'other.pem')]
  await writeFile(file, toPem(testIdentity('file')))
  await writeFile(other, toPem(testIdentity('other')))
  const named = testIdentity('file').thumbprint
  const at = '/api/v1/trust/certificates'
  let next = ''
  {
    await using it = await world.start({ identity: file })
    expect(it.gateway.thumbprint).toBe(named)
    next = (await it.ask('POST', at, { version: '*' })).body.own.certificates[1]?.thumbprint ?? ''
    expect((await it.ask('POST', `${at}/${next}/promote`, { version: '*' })).status).toBe(200)
  }
  {
    await using it = await world.start({ identity: file })
    expect([it.gateway.thumbprint, await it.states()]).toEqual([
      next,
      [
        [next, 'present'],
        [named, 'previous'],
      ],
    ])
  }
  {
    await using it = await world.start()
    expect(it.gateway.thumbprint).toBe(next)
  }
  // Another file is another decision.
  await using it = await world.start({ identity: other })
  expect(it.gateway.thumbprint).toBe(testIdentity('other').thumbprint)
})

test('an agent at a link-local address is never dialled, nor one that destinations leave out, and both are said', async () => {
  await using world = await createGateway()
  await using it = await world.start({ destinations: ['127.0.0.0/8:10933', '*.agents.example'] })
  for (const [uri, told] of [
    ['https://169.254.169.254/', 'is a link-local address, and nothing is ever dialled there'],
    ['https://[fe80::1]:10933/', 'is a link-local address'],
    ['https://[::ffff:a9fe:a9fe]:10933/', 'is a link-local address'],
    ['https://127.0.0.1:10934/', 'the setting destinations does not allow connections to 127.0.0.1:10934'],
  ] as const) {
    const { status, body } = await it.ask('POST', '/api/v1/trust/discover', { uri })
    expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(told)])
  }
  const added = await it.ask('POST', '/api/v1/agents', { agent: 'meta', uri: 'https://169.254.169.254/', thumbprint: 'A'.repeat(40) })
  expect(added.status).toBe(201)
  for (;;) {
    const { body } = await it.ask('GET', '/api/v1/agents/meta')
    const { agent } = body as unknown as { agent: { reason: string; state: string } }
    if (agent.reason === 'not probed yet') continue
    expect([agent.state, agent.reason]).toEqual(['offline', expect.stringContaining('link-local')])
    break
  }
})
