import { Access } from '../../server/src/access/access.ts'
import { type TokenStore, Tokens } from '../../server/src/access/tokens.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { GatewayCertificates } from '../../server/src/fleet/gateway-certificates.ts'
import type { TokenRecord } from '../../server/src/store/records.ts'
import { testIdentity } from './certificates.ts'
import { keptIdentities, recordsOf } from './idle-trust.ts'

/** Tokens in memory, which may fail to be kept. */
export interface MemoryTokens extends TokenStore {
  /** With what every change fails from now on. */
  failure: Error | undefined
  /** How often something was kept. */
  readonly puts: number
}

export function createTokenStore(records: readonly TokenRecord[] = []): MemoryTokens {
  const kept = new Map(records.map(record => [record.id, record]))
  let puts = 0
  const store: MemoryTokens = {
    failure: undefined,
    get puts() {
      return puts
    },
    all: () => [...kept.values()],
    put: async record => {
      if (store.failure) throw store.failure
      puts++
      kept.set(record.id, record)
    },
    remove: async id => {
      if (store.failure) throw store.failure
      return kept.delete(id)
    },
  }
  return store
}

/** The rules, the tokens and the certificates of a gateway that has just begun. */
export function createTestAccess(): { readonly access: Access; readonly tokens: Tokens; readonly certificates: GatewayCertificates } {
  const directory = new AgentDirectory()
  const certificates = new GatewayCertificates({
    mesh: { present: () => undefined, subscribers: () => [], on: () => () => undefined },
    agents: { directory, onAnswer: () => () => undefined },
    identities: keptIdentities(),
    acceptances: recordsOf(),
    present: testIdentity('gateway'),
    log: silentLog,
  })
  return { access: new Access(), tokens: new Tokens({ store: createTokenStore(), log: silentLog }), certificates }
}
