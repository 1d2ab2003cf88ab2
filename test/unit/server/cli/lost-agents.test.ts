import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Audit } from '../../../../server/src/audit/audit.ts'
import { rememberPublicUrl } from '../../../../server/src/cli/settings-changes.ts'
import { type Certificate, toPem } from '../../../../server/src/runtime/certificates.ts'
import { openEmbeddedStore } from '../../../../server/src/store/embedded-store.ts'
import { identityRecord } from '../../../../server/src/store/records.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { runCommand } from '../../../support/command-line.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lost-agents-'))
})
afterEach(() => rm(root, { recursive: true }))

const [old, renewed] = [testIdentity('old'), testIdentity('renewed')]
const seenMs = Date.parse('2026-01-02T03:04:05Z')
/** Agents by their ids, with the certificate that each was seen to accept last. */
const fleet = { follows: [renewed, old], stays: [old], never: [] }

/** A state whose gateway is known by a certificate. */
async function createState(name: string, identity: Certificate, agents: Readonly<Record<string, readonly Certificate[]>>) {
  const folder = join(root, name)
  await using store = await openEmbeddedStore(await openStateFolder(folder))
  const { thumbprint: id, certificatePem } = identity
  await store.change(draft => {
    draft.meta.put({ id: identityRecord, text: toPem(identity) })
    draft.identities.put({ id, certificatePem, state: 'present', addedMs: seenMs })
    for (const [agent, certificates] of Object.entries(agents)) {
      const accepted = certificates.map(({ thumbprint }) => ({ thumbprint, lastSeenMs: seenMs }))
      draft.agents.put({ id: agent, uri: `poll://${agent}/`, thumbprint: 'A'.repeat(40) })
      if (accepted.length > 0) draft.acceptances.put({ id: agent, accepted })
    }
  })
  await rememberPublicUrl(store, new Audit(store, () => testIdentity('gateway')), new URL('https://one.example/'))
  return folder
}

test('restore --check tells which agents trust the gateway in the backup, and which would be lost with it', async () => {
  const [before, file] = [await createState('before', old, { follows: [old], stays: [old], never: [] }), join(root, 'one.backup')]
  expect((await runCommand(['backup', file, '--state-folder', before])).code).toBe(0)
  const here = await createState('here', renewed, fleet)
  const check = ['restore', file, '--check', '--state-folder', here]
  expect(JSON.parse((await runCommand([...check, '--json'])).out)).toMatchObject({
    isSameIdentity: false,
    agents: [
      { id: 'follows', trusts: 'no' },
      { id: 'never', trusts: 'unknown' },
      { id: 'stays', trusts: 'yes' },
    ],
    lost: [
      { agent: 'follows', accepts: [renewed.thumbprint], lastSeen: '2026-01-02T03:04:05.000Z' },
      { agent: 'never', accepts: [] },
    ],
  })
  const { out } = await runCommand(check)
  expect(out).toContain('1 were seen to trust the restored gateway, 2 would be lost')
  expect(out).toContain(`it accepts ${renewed.thumbprint}, as it was seen last at 2026-01-02T03:04:05.000Z`)
  expect(out).not.toMatch(/^stays /m)

  // Where it is the gateway that is there already, nobody is lost who was never seen.
  const same = JSON.parse((await runCommand(['restore', file, '--check', '--state-folder', before, '--json'])).out)
  expect(same).toMatchObject({ isSameIdentity: true, lost: [] })
})

test('config check tells the agents that another identity would lose, and what another publicUrl ends', async () => {
  const folder = await createState('here', old, fleet)
  const [identity, config] = [join(root, 'renewed.pem'), join(root, 'settings.json')]
  await writeFile(identity, toPem(renewed))
  const same = { port: 0, agentPort: 0, nextAgentPort: 0, stateFolder: folder, publicUrl: 'https://one.example' }
  const check = async (settings: object, ...more: string[]) => {
    await writeFile(config, JSON.stringify({ ...same, ...settings }))
    return await runCommand(['config', 'check', '--config', config, ...more])
  }
  expect(await check({})).toMatchObject({ code: 0, out: 'the settings will do\n' })

  const agents = [{ id: 'of-the-file', uri: 'poll://of-the-file/', thumbprint: 'B'.repeat(40) }]
  const provider = { oidcIssuer: 'https://id.example/', oidcAudience: 'gateway' }
  const other = { identity, agents, publicUrl: 'https://two.example/gw', ...provider }
  const told = await check(other, '--json')
  expect([told.code, told.err]).toEqual([0, ''])
  expect(JSON.parse(told.out)).toEqual({
    problems: [],
    changes: [
      {
        setting: 'identity',
        place: expect.stringContaining('identity'),
        from: old.thumbprint,
        to: renewed.thumbprint,
        what: expect.stringContaining(`known by the certificate ${renewed.thumbprint}, and not by ${old.thumbprint}`),
        lost: [
          { agent: 'stays', accepts: [old.thumbprint], lastSeen: '2026-01-02T03:04:05.000Z' },
          { agent: 'never', accepts: [] },
          { agent: 'of-the-file', accepts: [] },
        ],
      },
      {
        setting: 'publicUrl',
        place: expect.stringContaining('publicUrl'),
        from: 'https://one.example/',
        to: 'https://two.example/gw/',
        what: expect.stringMatching(/sign in anew at .*https:\/\/id\.example\/ .*: https:\/\/two\.example\/gw\/oidc\/callback$/),
      },
    ],
  })
  const { out } = await check(other)
  expect(out).toContain('3 agents would be lost:')
  expect(out).toMatch(/^never +it was not seen to accept any certificate/m)
  expect(out).not.toMatch(/^follows /m)
})
