import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand, startCommand } from '../support/command-line.ts'
import { ask } from '../support/rest.ts'

const states = resolve(import.meta.dirname, '../support/states')

/** Starts a gateway with a state that an older version has left, and gives what it says of its agents and its thumbprint. */
async function started(name: string, folder: string) {
  await cp(join(states, name), folder, { recursive: true })
  const flags = ['--port', '0', '--agent-port', '0', '--state-folder', folder, '--json', '--log-level', 'error']
  await using gateway = startCommand(['serve', ...flags])
  const { address = '', thumbprint = '' } = await gateway.firstJson
  const [origin = '', token = ''] = address.split('/#token=')
  const { body } = await ask({ origin, token }, 'GET /agents')
  const denied = await ask({ origin, token }, 'GET /trust/denied')
  return { thumbprint, agents: (body as { agents: { id: string; state: string; tags: string[] }[] }).agents, denied: denied.body }
}

test.each(['version-0.1', 'state-1'])('a gateway goes on with the state that %s has left', async name => {
  const root = await mkdtemp(join(tmpdir(), 'upgrade-'))
  try {
    const first = await started(name, join(root, 'state'))
    expect(first.agents.length).toBeGreaterThan(1)
    expect(first.thumbprint).toMatch(/^[0-9A-F]{40}$/)
    const verified = await runCommand(['audit', 'verify', join(root, 'state')])
    expect([verified.code, verified.err]).toEqual([0, ''])
  } finally {
    await rm(root, { recursive: true })
  }
})

test('agents, trust and the audit log of the first state in a database are there, and a head that was signed then still counts', async () => {
  const root = await mkdtemp(join(tmpdir(), 'upgrade-'))
  const folder = join(root, 'state')
  try {
    const { agents, denied } = await started('state-1', folder)
    expect(agents.map(({ id, state, tags }) => [id, state, tags])).toEqual([
      ['web-1', expect.any(String), ['web']],
      ['web-2', 'disabled', []],
    ])
    expect(denied).toMatchObject({ denied: [{ thumbprint: 'C'.repeat(40), by: 'ann', reason: 'not ours' }] })
    const verified = await runCommand(['audit', 'verify', folder, '--head', join(states, 'state-1/audit.head'), '--json'])
    expect([verified.code, JSON.parse(verified.out)]).toEqual([0, expect.objectContaining({ ok: true, first: 11, heads: 1 })])
    const report = await runCommand(['restore', join(states, 'state-1/state.db'), '--check', '--state-folder', folder, '--json'])
    expect(JSON.parse(report.out)).toMatchObject({
      isSameIdentity: true,
      backup: { version: 1 },
      agents: [{ change: 'kept' }, { change: 'kept' }],
    })
  } finally {
    await rm(root, { recursive: true })
  }
})
