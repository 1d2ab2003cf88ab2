import { expect, test, vi } from 'vitest'
import { Tokens } from '../../../../server/src/access/tokens.ts'
import { Audit } from '../../../../server/src/audit/audit.ts'
import { parseEntry } from '../../../../server/src/audit/entry.ts'
import { HalibutError } from '../../../../server/src/base/errors.ts'
import { silentLog } from '../../../../server/src/base/log.ts'
import { firstToken } from '../../../../server/src/cli/first-token.ts'
import { testIdentity } from '../../../support/certificates.ts'
import { MemoryBackend, openMemoryStore } from '../../../support/memory-store.ts'

test('the first token is told where it is kept with its entry; where that cannot be there is none, and the next start makes it', async () => {
  const backend = new MemoryBackend()
  const log = vi.fn()
  const start = async () => {
    await using store = openMemoryStore(backend)
    const tokens = new Tokens({ store, log: silentLog })
    const audit = new Audit(store, () => testIdentity('gateway'))
    try {
      const told = await firstToken(tokens, audit, log)
      const entries = (await store.audit.read({ limit: 10 })).map(({ text }) => parseEntry(text))
      return { told, tokens: tokens.list().map(({ id }) => id), entries }
    } finally {
      tokens.close()
    }
  }
  backend.failure = new HalibutError('storage_failed', 'the disk is full')
  expect(await start()).toEqual({ told: undefined, tokens: [], entries: [] })
  expect(log.mock.calls).toEqual([['error', expect.stringContaining('there is no first token'), { cause: 'the disk is full' }]])
  backend.failure = undefined
  const { told, tokens, entries } = await start()
  expect(told).toMatch(/^hgw_/)
  const [id] = tokens
  expect(entries).toEqual([{ who: 'gateway', action: 'tokens.create', outcome: 'done', facts: { name: 'admin', role: 'admin', id } }])
  expect(await start()).toMatchObject({ told: undefined, tokens: [id] })
})
