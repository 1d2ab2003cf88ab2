import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ask, connect } from './connection.ts'
import { identityRecord } from './records.ts'
import { databaseName } from './schema.ts'
import { toStoreError } from './store-failure.ts'

const lookTimeoutMs = 5_000

/** Our certificate and key out of a state folder, whichever process has it: it only looks. `undefined` where no gateway has begun there yet. */
export async function peekIdentity(folder: string): Promise<string | undefined> {
  const path = join(folder, databaseName)
  if (!existsSync(path)) return undefined
  const connection = connect(path, lookTimeoutMs)
  try {
    const [row] = await ask(connection, "SELECT document FROM records WHERE kind = 'meta' AND id = ?", identityRecord)
    return row && (JSON.parse(String(row['document'])) as { readonly text: string }).text
  } catch (why) {
    throw toStoreError(path, why)
  } finally {
    connection.close()
  }
}
