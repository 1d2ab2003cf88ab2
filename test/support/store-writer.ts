import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'

/**
 * A process that changes a store as fast as it can, many changes at once, and says on its standard output what was acknowledged, a number a line, until it
 * is killed. Change `n` is a record of each kind that people make, an audit entry and an outcome, all or nothing; it forgets the
 * records of change `n - kept`.
 */
const [path = '', kept = '50'] = process.argv.slice(2)
const store = await openEmbeddedStore(await openStateFolder(path))
await Promise.all(Array.from({ length: 24 }, write))

async function write(): Promise<never> {
  for (;;) {
    const number = await store.change(draft => {
      const before = draft.audit.head ?? { sequence: 0, hash: '' }
      const sequence = before.sequence + 1
      const text = `change ${sequence} ${'x'.repeat(sequence % 200)}`
      draft.agents.put({ id: `a${sequence}`, uri: `poll://a${sequence}/`, thumbprint: 'A'.repeat(40) })
      draft.tokens.put({ id: `t${sequence}`, name: text, secretHash: '', role: 'viewer', createdMs: sequence })
      draft.contracts.put({ id: `c${sequence}`, contract: { service: text, methods: {} } as never, addedMs: sequence })
      draft.denied.put({ id: `d${sequence}`, deniedMs: sequence, by: text })
      draft.certificates.put({ id: `e${sequence}`, firstSeenMs: sequence, lastSeenMs: sequence })
      draft.meta.put({ id: `m${sequence}`, text })
      for (const [kind, id] of [
        ['contracts', 'c'],
        ['denied', 'd'],
        ['certificates', 'e'],
        ['meta', 'm'],
      ] as const)
        draft[kind].remove(`${id}${sequence - Number(kept)}`)
      draft.agents.remove(`a${sequence - Number(kept)}`)
      draft.tokens.remove(`t${sequence - Number(kept)}`)
      draft.outcomes.put({ id: `o${sequence}`, atMs: sequence, outcome: text })
      draft.outcomes.removeBefore(sequence - Number(kept) + 1)
      draft.audit.append({ sequence, atMs: sequence, text, hash: createHash('sha256').update(before.hash).update(text).digest('hex') })
      return sequence
    })
    writeSync(1, `${number}\n`)
  }
}
