import { join } from 'node:path'
import type { StoredContent } from './backend.ts'
import { type Connection, openConnection } from './connection.ts'
import { takeOverFirstState } from './first-state.ts'
import { LibsqlBackend } from './libsql-backend.ts'
import { MirroredStore } from './mirrored-store.ts'
import { type Ownership, ownStateFolder } from './ownership.ts'
import type { DamagedRow } from './read-record.ts'
import { databaseName, migrate, stateSchema } from './schema.ts'
import type { StateFolder } from './state-folder.ts'
import type { Store } from './store.ts'
import { toStoreError } from './store-failure.ts'

/** The store of one gateway: a file in its state folder. */
export interface EmbeddedStore extends Store {
  /** Writes what is acknowledged now into a file of its own, while the store works on. Rejects with `invalid_argument` where there is such a file. */
  backUp(path: string): Promise<void>
  /** What it takes on the disk. */
  readonly bytes: number
}

/**
 * Opens the store in a state folder, for this process alone; makes it at the first start, and brings what an older version has left to what this
 * one knows. Rejects with `invalid_argument` where another process has it or a newer version has written it, with `internal_error` where the disk
 * or the file is at fault. `onDamaged` hears of rows that are not as they were written.
 */
export async function openEmbeddedStore(folder: StateFolder, onDamaged?: (row: DamagedRow) => void): Promise<EmbeddedStore> {
  const path = join(folder.path, databaseName)
  let ownership: Ownership | undefined
  const connections: Connection[] = []
  const open = async (): Promise<Connection> => {
    const connection = await openConnection(path)
    connections.push(connection)
    return connection
  }
  try {
    ownership = await ownStateFolder(folder)
    const writer = await open()
    await migrate(writer, stateSchema, path)
    const backend = await LibsqlBackend.create({ path, ownership, writer, reader: await open() })
    const store = new FileStore(backend, await backend.content(), onDamaged)
    await takeOverFirstState(folder, store)
    return store
  } catch (why) {
    for (const connection of connections) connection.close()
    await ownership?.release()
    throw toStoreError(path, why)
  }
}

class FileStore extends MirroredStore implements EmbeddedStore {
  readonly #backend: LibsqlBackend

  constructor(backend: LibsqlBackend, content: StoredContent, onDamaged?: (row: DamagedRow) => void) {
    super(backend, content, onDamaged)
    this.#backend = backend
  }

  get bytes(): number {
    return this.#backend.bytes
  }

  backUp(path: string): Promise<void> {
    return this.#backend.backUp(path)
  }
}
