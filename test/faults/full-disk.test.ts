import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { ask } from '../support/rest.ts'
import { serveInProcess } from '../support/served-gateway.ts'

/** How large a file of a process may become from now on: what is written beyond is refused by the kernel, as on a full disk. */
function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])
}

test('a gateway whose disk is full refuses changes, lives on with what it had, and goes on by itself when there is room', {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-full-'))
  const state = join(folder, 'state')
  try {
    const config = join(folder, 'settings.json')
    await writeFile(config, JSON.stringify({ demo: false, port: 0, agentPort: 0, stateFolder: state }))
    {
      await using gateway = await serveInProcess(config)
      const { origin, token = '', pid } = gateway
      const probe = async (path: string): Promise<number> => (await fetch(`${origin}${path}`)).status
      const add = async (id: string) =>
        ask({ origin, token }, 'POST /agents', {
          agent: id,
          uri: `poll://${id}/`,
          thumbprint: createHash('sha1').update(id).digest('hex').toUpperCase(),
        })
      const ids = async () => {
        const { status, body } = await ask({ origin, token }, 'GET /agents')
        return { status, ids: (body as { agents: { id: string }[] }).agents.map(({ id }) => id).sort() }
      }
      expect([(await add('before-1')).status, (await add('before-2')).status]).toEqual([201, 201])
      limitFiles(pid, (await stat(join(state, 'state.db-wal'))).size)
      for (let i = 0; i < 3; i++)
        expect(await add('refused')).toMatchObject({ status: 503, body: { kind: 'storage_failed', detail: expect.any(String) } })
      expect([await probe('/readyz'), await probe('/livez')]).toEqual([503, 200])
      expect(await ids()).toEqual({ status: 200, ids: ['before-1', 'before-2'] })
      limitFiles(pid, 'unlimited')
      // Nobody asks for a change: the gateway looks by itself.
      while ((await probe('/readyz')) !== 200) await new Promise(setImmediate)
      expect([(await add('after')).status, await probe('/livez')]).toEqual([201, 200])
      gateway.signal('SIGKILL')
      expect((await gateway.ended).signal).toBe('SIGKILL')
    }
    await using store = await openEmbeddedStore(await openStateFolder(state))
    const kept = store.agents.all().map(({ id }) => id)
    expect(kept.sort()).toEqual(['after', 'before-1', 'before-2'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
