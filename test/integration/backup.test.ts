import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Audit } from '../../server/src/audit/audit.ts'
import { parseEntry } from '../../server/src/audit/entry.ts'
import { parseHead } from '../../server/src/audit/signed-head.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { ask as askDatabase, openConnection } from '../../server/src/store/connection.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { newestStateVersion } from '../../server/src/store/schema.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { createFleet } from '../support/command-fleet.ts'
import { runCommand } from '../support/command-line.ts'
import { ask } from '../support/rest.ts'

const newAgent = (agent: string) => ({ agent, uri: `poll://${agent}/`, thumbprint: 'A'.repeat(40) })

test('a backup is made while the gateway runs, and what is restored from it is what was there, signed head and all', {
  timeout: 120_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'backup-'))
  const [file, other] = [join(root, 'one.backup'), join(root, 'other')]
  try {
    {
      await using fleet = await createFleet('listening')
      const [origin = '', token = ''] = fleet.address.split('/#token=')
      expect((await ask({ origin, token }, 'POST /agents', newAgent('kept'))).status).toBe(201)
      const made = await fleet.run('backup', file, '--state-folder', fleet.stateFolder, '--json')
      expect([made.code, made.err]).toEqual([0, ''])
      expect(JSON.parse(made.out)).toMatchObject({ file, headFile: `${file}.head`, agents: 1 })
      expect((await fleet.run('backup', file, '--state-folder', fleet.stateFolder)).code).toBe(2)
      expect((await ask({ origin, token }, 'POST /agents', newAgent('later'))).status).toBe(201)

      const report = JSON.parse((await fleet.run('restore', file, '--check', '--state-folder', fleet.stateFolder, '--json')).out)
      expect(report).toMatchObject({
        backup: { version: newestStateVersion, newest: newestStateVersion, tokens: expect.any(Number) },
        isSameIdentity: true,
        audit: { ok: true, first: 1 },
        heads: 1,
        agents: [
          { id: 'kept', change: 'kept', trusts: 'unknown' },
          { id: 'later', change: 'lost' },
        ],
        lost: [],
      })
      expect(report.backup.identity.thumbprint).toMatch(/^[0-9A-F]{40}$/)
      const refused = await fleet.run('restore', file, '--state-folder', fleet.stateFolder)
      expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('belongs to') })
      expect((await ask({ origin, token }, 'GET /agents/later')).status).toBe(200)
      await fleet.run('restore', file, '--state-folder', other)
      await cp(fleet.stateFolder, join(root, 'stopped'), { recursive: true })
    }
    expect(await agentsIn(other)).toEqual(['kept'])

    // Into a stopped one: what it had is kept beside it.
    const stopped = join(root, 'stopped')
    const restored = await runCommand(['restore', file, '--state-folder', stopped])
    expect(restored).toMatchObject({ code: 0, out: expect.stringContaining('what was there before is in') })
    expect(await agentsIn(stopped)).toEqual(['kept'])
    await expectRestoredEntry(stopped, await readFile(`${file}.head`, 'utf8'))
    const before = (await readdir(stopped)).find(name => name.startsWith('state.db.before-restore-')) ?? ''
    expect((await runCommand(['restore', join(stopped, before), '--state-folder', join(root, 'back')])).code).toBe(0)
    expect(await agentsIn(join(root, 'back'))).toEqual(['kept', 'later'])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a backup of another gateway, or one that somebody has changed, is told before anything is touched', {
  timeout: 120_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'backup-'))
  const [file, here] = [join(root, 'one.backup'), join(root, 'here')]
  try {
    for (const [folder, agents] of [
      ['there', ['a', 'b']],
      ['here', ['b', 'c']],
    ] as const) {
      await using gateway = await createGateway(join(root, folder))
      for (const id of agents) expect((await ask(gateway, 'POST /agents', newAgent(id))).status).toBe(201)
    }
    expect((await runCommand(['backup', file, '--state-folder', join(root, 'there')])).code).toBe(0)
    const told = await runCommand(['restore', file, '--check', '--state-folder', here])
    expect(told).toMatchObject({ code: 0, err: '', out: expect.stringContaining('ANOTHER ONE THAN NOW') })
    const report = JSON.parse((await runCommand(['restore', file, '--check', '--state-folder', here, '--json'])).out)
    expect(report).toMatchObject({
      isSameIdentity: false,
      agents: [
        { id: 'a', change: 'gained', trusts: 'unknown' },
        { id: 'b', change: 'kept', trusts: 'unknown' },
        { id: 'c', change: 'lost', trusts: 'unknown' },
      ],
      lost: [
        { agent: 'a', accepts: [] },
        { agent: 'b', accepts: [] },
      ],
    })
    expect(told.out).toMatch(/^b +kept +unknown +it is the same; it was not seen to accept any certificate of this gateway yet$/m)
    expect(await agentsIn(here)).toEqual(['b', 'c'])

    // What it was started with is known: another public address is told before it is gone by.
    const flags = ['--port', '0', '--agent-port', '0', '--state-folder', here, '--public-url', 'https://two.example/']
    const checked = await runCommand(['config', 'check', ...flags, '--json'])
    expect(JSON.parse(checked.out)).toMatchObject({
      problems: [],
      changes: [{ setting: 'publicUrl', from: '', to: 'https://two.example/' }],
    })

    const database = await openConnection(file)
    await database.exec(`UPDATE audit SET text = replace(text, 'gateway', 'nobody') WHERE sequence = 1; PRAGMA wal_checkpoint(TRUNCATE)`)
    database.close()
    const changed = await runCommand(['restore', file, '--state-folder', here])
    expect(changed).toMatchObject({ code: 11, out: expect.stringContaining('changed: entry 1 was changed') })
    expect(await agentsIn(here)).toEqual(['b', 'c'])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('what was revoked since a backup was made, and comes back with it, is told before and after it is restored', async () => {
  const root = await mkdtemp(join(tmpdir(), 'backup-'))
  const [file, folder] = [join(root, 'one.backup'), join(root, 'state')]
  try {
    const token = (id: string) => ({ id, name: `name of ${id}`, secretHash: 'x', role: 'admin', createdMs: 1 })
    const certificate = (id: string) => ({ id, firstSeenMs: 1, lastSeenMs: 1, revokedMs: 2 })
    const thumbprint = 'A'.repeat(40)
    {
      await using store = await openEmbeddedStore(await openStateFolder(folder))
      await store.agents.put({ id: 'web-1', uri: 'poll://web-1/', thumbprint })
      for (const id of ['one', 'two']) await store.tokens.put(token(id))
      await store.tokens.put({ ...token('before'), revokedMs: 1 })
      await store.backUp(file)
      for (const id of ['one', 'before', 'later']) await store.tokens.put({ ...token(id), revokedMs: 2 })
      for (const id of [thumbprint, 'B'.repeat(40)]) await store.certificates.put(certificate(id))
    }
    const { out } = await runCommand(['restore', file, '--check', '--state-folder', folder, '--json'])
    expect(JSON.parse(out).revived).toEqual([
      { what: 'token', id: 'one', name: 'name of one' },
      { what: 'certificate', id: thumbprint },
    ])
    const told = `revoked again: the token name of one (one), the certificate ${thumbprint}\n`
    for (const check of [['--check'], []])
      expect(await runCommand(['restore', file, ...check, '--state-folder', folder])).toMatchObject({
        code: 0,
        out: expect.stringContaining(told),
      })
    expect((await runCommand(['restore', file, '--check', '--state-folder', folder])).out).not.toContain('AGAIN')
  } finally {
    await rm(root, { recursive: true })
  }
})

test('backup.create makes one backup at a time in its folder, with the head beside it, and keeps the newest ten', {
  timeout: 120_000,
}, async () => {
  const root = await mkdtemp(join(tmpdir(), 'backup-'))
  try {
    await using gateway = await createGateway(join(root, 'state'), ['--backup-folder', join(root, 'backups')])
    const both = await Promise.all([ask(gateway, 'POST /backups'), ask(gateway, 'POST /backups')])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 429])
    const { name, sha256, head } = (both.find(({ status }) => status === 200) as { body: unknown }).body as {
      name: string
      sha256: string
      head: string
    }
    expect([name, sha256]).toEqual([expect.stringMatching(/^halibut-gateway-.*\.backup$/), expect.stringMatching(/^[0-9a-f]{64}$/)])
    expect(await readFile(join(root, 'backups', `${name}.head`), 'utf8')).toBe(head)
    await writeFile(join(root, 'backups', 'somebody.else'), '')
    for (let i = 0; i < 10; i++) expect((await ask(gateway, 'POST /backups')).status).toBe(200)
    const files = await readdir(join(root, 'backups'))
    expect([files.length, files.includes(name), files.includes('somebody.else')]).toEqual([21, false, true])
    const last = join(
      root,
      'backups',
      files
        .filter(each => each.endsWith('.backup'))
        .sort()
        .at(-1) ?? '',
    )
    expect((await runCommand(['audit', 'verify', last, '--head', `${last}.head`])).code).toBe(0)
    const { body } = await ask(gateway, 'GET /audit?action=backup.create&limit=1000')
    expect((body as { entries: { outcome: string }[] }).entries.map(({ outcome }) => outcome).sort()).toEqual([
      ...Array.from({ length: 11 }, () => 'done'),
      'too_many_calls',
    ])
  } finally {
    await rm(root, { recursive: true })
  }
})

/** A gateway of `serve`, without agents. */
async function createGateway(stateFolder: string, more: readonly string[] = []) {
  const { startCommand } = await import('../support/command-line.ts')
  const flags = ['--port', '0', '--agent-port', '0', '--state-folder', stateFolder, '--json', '--log-level', 'error', ...more]
  const command = startCommand(['serve', ...flags])
  const { address = '' } = await command.firstJson
  const [origin = '', token = ''] = address.split('/#token=')
  return { origin, token, [Symbol.asyncDispose]: () => command[Symbol.asyncDispose]() }
}

async function agentsIn(folder: string): Promise<string[]> {
  const database = await openConnection(join(folder, 'state.db'))
  const rows = await askDatabase(database, "SELECT id FROM records WHERE kind = 'agents' ORDER BY id")
  database.close()
  return rows.map(({ id }) => String(id))
}

/** The log goes on behind the head of the backup, with who has restored it; the signed head of then still fits. */
async function expectRestoredEntry(folder: string, headText: string): Promise<void> {
  const { sequence, hash } = parseHead(headText)
  await using store = await openEmbeddedStore(await openStateFolder(folder))
  const [restored] = await store.audit.read({ after: sequence, limit: 1 })
  expect(restored && parseEntry(restored.text)).toEqual({
    who: 'local',
    role: 'admin',
    action: 'state.restored',
    outcome: 'done',
    facts: { user: userInfo().username, backup: 'one.backup', entries: sequence, hash },
  })
  const { certificatePem } = certificateFromPem({ certificatePem: store.meta.get('identity')?.text ?? '' })
  const audit = new Audit(store, () => ({ certificatePem, keyPem: '' }))
  expect(await audit.verify([headText])).toMatchObject({ ok: true, last: store.audit.head?.sequence })
}
