import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import { changeAll, openChanges } from './changes.ts'

/**
 * A process that does all that people change at a gateway, several at once and as fast as it can, and says on its standard output what was answered, a line
 * each, until it is killed.
 */
const [path = ''] = process.argv.slice(2)
const store = await openEmbeddedStore(await openStateFolder(path))
const changes = openChanges(store)
const run = randomBytes(4).toString('hex')
let count = 0

await Promise.all(Array.from({ length: 8 }, write))

async function write(): Promise<never> {
  for (;;) {
    for await (const done of changeAll(changes, `${run}-${count++}`)) writeSync(1, `${done}\n`)
  }
}
