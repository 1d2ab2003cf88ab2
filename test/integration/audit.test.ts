import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClient } from '../../client-sdk/src/index.ts'
import { Audit } from '../../server/src/audit/audit.ts'
import { parseEntry } from '../../server/src/audit/entry.ts'
import { startGateway } from '../../server/src/cli/start.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { loadSettings } from '../../server/src/settings/load.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { nodeWebSocket } from '../support/node-websocket.ts'

test('a gateway writes down its start, its end and the calls of browsers, in a chain that its own certificate vouches for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halibut-audit-'))
  try {
    const flags = ['--no-demo', '--port', '0', '--agent-port', '0', '--state-folder', folder]
    const gateway = await startGateway(loadSettings({ flags, environment: {} }), () => undefined)
    const { origin, hash } = new URL(gateway.address)
    const client = createClient({ url: origin, token: hash.slice('#token='.length), webSocket: nodeWebSocket })
    await client.agents()
    await expect(client.agent('nobody').invoke('IScriptService', 'Run', ['secret'])).rejects.toMatchObject({ kind: 'agent_not_found' })
    client.close()
    await gateway.close()
    await using store = await openEmbeddedStore(await openStateFolder(folder))
    const entries = (await store.audit.read({ limit: 10 })).map(({ text }) => parseEntry(text))
    expect(entries.map(({ who, action, agent, outcome }) => [who, action, agent, outcome])).toEqual([
      ['gateway', 'gateway.started', undefined, 'done'],
      ['gateway', 'tokens.create', undefined, 'done'],
      ['admin', 'agent.invoke', 'nobody', 'agent_not_found'],
      ['gateway', 'gateway.stopped', undefined, 'done'],
    ])
    expect(JSON.stringify(entries)).not.toContain('secret')
    const audit = new Audit(store, () => certificateFromPem({ certificatePem: store.meta.get('identity')?.text ?? '' }))
    expect(await audit.verify([audit.signedHead() ?? ''])).toEqual({ ok: true, first: 1, last: 4 })
  } finally {
    await rm(folder, { recursive: true })
  }
})
