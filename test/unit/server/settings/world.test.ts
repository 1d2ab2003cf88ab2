import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { readSettings } from '../../../../server/src/settings/load.ts'
import { problemsOfWorld } from '../../../../server/src/settings/world.ts'
import { createTestCertificate } from '../../../support/certificates.ts'

const lockedName = 'locked-for-this-user'

// Whoever runs the tests may be root, who may write everywhere.
vi.mock(import('node:fs/promises'), async importOriginal => {
  const actual = await importOriginal()
  const access: typeof actual.access = async (path, mode) => {
    if (String(path).endsWith(lockedName)) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
    await actual.access(path, mode)
  }
  return { ...actual, access }
})

/** A folder with the files of a test, and what the world says against flags in it. */
async function createFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'settings-'))
  return {
    folder,
    wrongOf: async (...flags: string[]) =>
      (
        await problemsOfWorld(
          readSettings({
            flags: ['--port', '0', '--agent-port', '0', '--state-folder', folder, ...flags].slice(flags.includes('--port') ? 2 : 0),
            environment: {},
          }),
        )
      ).map(({ place, reason }) => `${place}: ${reason.replaceAll(folder, '…')}`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

test('nothing is wrong with a world that fits, and nothing is made in it', async () => {
  await using world = await createFolder()
  expect(await world.wrongOf()).toEqual([])
})

test('a port that is taken is told with the setting that names it', async () => {
  await using world = await createFolder()
  const taken = createServer()
  await new Promise<void>(resolve => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as { port: number }
  expect(await world.wrongOf('--port', String(port))).toEqual([
    `--port: cannot listen on 127.0.0.1:${port}: Address already in use; choose another port, or end the process that uses it`,
  ])
  await new Promise(resolve => taken.close(resolve))
  expect(await world.wrongOf('--port', String(port))).toEqual([])
})

test('a state folder that is a file, or lies in one, is told', async () => {
  await using world = await createFolder()
  const file = join(world.folder, 'file')
  await writeFile(file, '')
  const flags = ['--port', '0', '--agent-port', '0', '--state-folder']
  for (const path of [file, join(file, 'deeper')]) {
    const wrong = await problemsOfWorld(readSettings({ flags: [...flags, path], environment: {} }))
    expect(wrong).toEqual([{ place: '--state-folder', reason: `${file} is no folder` }])
  }
})

test('a state folder in which this user may not write is told, also where it would have to be made', async () => {
  await using world = await createFolder()
  const locked = join(world.folder, lockedName)
  await mkdir(locked)
  const flags = ['--port', '0', '--agent-port', '0', '--state-folder', join(locked, 'state')]
  const wrong = await problemsOfWorld(readSettings({ flags, environment: {} }))
  expect(wrong).toEqual([{ place: '--state-folder', reason: `this user may not write in ${locked}` }])
})

test('a certificate and a key that do not belong together are told, and a pair is fine', async () => {
  await using world = await createFolder()
  const [ours, other] = [createTestCertificate({ commonName: 'ours' }), createTestCertificate({ commonName: 'other' })]
  const [identity, key, wrongKey] = ['c.pem', 'k.pem', 'w.pem'].map(name => join(world.folder, name)) as [string, string, string]
  await writeFile(identity, ours.certificatePem)
  await writeFile(key, ours.keyPem)
  await writeFile(wrongKey, other.keyPem)
  expect(await world.wrongOf('--identity', identity, '--identity-key', key)).toEqual([])
  expect(await world.wrongOf('--identity', identity, '--identity-key', wrongKey)).toEqual([expect.stringMatching(/^--identity: …\/c\.pem/)])
  expect(await world.wrongOf('--identity', join(world.folder, 'none.pem'))).toEqual([
    '--identity: …/none.pem: there is no such file; correct the path, or the rights of the file',
  ])
})

test('a certificate of the page and a key that do not belong together are told, and so is one without the other', async () => {
  await using world = await createFolder()
  const [ours, other] = [createTestCertificate({ commonName: 'ours' }), createTestCertificate({ commonName: 'other' })]
  const [certificate, key, wrongKey] = ['c.pem', 'k.pem', 'w.pem'].map(name => join(world.folder, name)) as [string, string, string]
  await writeFile(certificate, ours.certificatePem)
  await writeFile(key, ours.keyPem)
  await writeFile(wrongKey, other.keyPem)
  expect(await world.wrongOf('--tls-certificate', certificate, '--tls-key', key)).toEqual([])
  expect(await world.wrongOf('--tls-certificate', certificate, '--tls-key', wrongKey)).toEqual([
    '--tls-certificate: …/c.pem with the key of …/w.pem: the private key does not belong to the certificate; supply the key that the certificate was made with',
  ])
  expect(await world.wrongOf('--tls-certificate', certificate)).toEqual([
    '--tls-certificate: tlsCertificate and tlsKey belong together, and one of them is missing',
  ])
})

test('rules that do not pass their own tests are told, and start a gateway all the same', async () => {
  await using world = await createFolder()
  const path = join(world.folder, 'settings.json')
  const rules = {
    rules: [{ name: 'all', who: ['*'], agents: ['*'] }],
    tests: [{ who: 'ci', role: 'operator', agent: 'db-1', possible: false }],
  }
  await writeFile(path, JSON.stringify({ rules }))
  const reading = readSettings({ flags: ['--config', path], environment: {} })
  expect(reading.problems).toEqual([])
  expect(await world.wrongOf('--config', path)).toEqual([
    expect.stringMatching(
      /settings\.json: rules: the rules do not pass their own tests: tests\/0: must not be possible, but the rule all allows it$/,
    ),
  ])
})

test('every contract file that is none is told', async () => {
  await using world = await createFolder()
  const [array, absent] = [join(world.folder, 'array.json'), join(world.folder, 'absent.json')]
  await writeFile(array, '[]')
  expect(await world.wrongOf('--contracts', `${array},${absent}`)).toEqual([
    '--contracts: …/array.json: the document: must be an object',
    expect.stringContaining('--contracts: …/absent.json: ENOENT'),
  ])
})
