import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AuditSearch } from '../../../../server/src/store/audit-search.ts'
import { openEmbeddedStore } from '../../../../server/src/store/embedded-store.ts'
import { databaseName } from '../../../../server/src/store/schema.ts'
import { openStateFolder } from '../../../../server/src/store/state-folder.ts'

test('a search whose database could not be opened fails alone: the next one opens it', async () => {
  const home = await mkdtemp(join(tmpdir(), 'audit-search-'))
  const folder = join(home, 'state')
  const search = new AuditSearch(join(folder, databaseName))
  try {
    await expect(search.search({ limit: 1 })).rejects.toThrow()
    await using store = await openEmbeddedStore(await openStateFolder(folder))
    await store.change(({ audit }) => audit.append({ sequence: 1, atMs: 1, text: '{}', hash: 'h' }))
    expect(await search.search({ limit: 1 })).toEqual({ entries: [{ sequence: 1, atMs: 1, text: '{}', hash: 'h' }] })
  } finally {
    await search.close()
    await rm(home, { recursive: true })
  }
})
