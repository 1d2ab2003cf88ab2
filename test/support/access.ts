import { Access } from '../../server/src/access/access.ts'
import { Tokens } from '../../server/src/access/tokens.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { GatewayCertificates } from '../../server/src/fleet/gateway-certificates.ts'
import { testIdentity } from './certificates.ts'
import { keptIdentities } from './idle-trust.ts'
import { createInstantStore } from './instant-store.ts'

/** The rules, the tokens and the certificates of a gateway that has just begun. */
export function createTestAccess(): { readonly access: Access; readonly tokens: Tokens; readonly certificates: GatewayCertificates } {
  const directory = new AgentDirectory()
  const certificates = new GatewayCertificates({
    mesh: { present: () => undefined, subscribers: () => [], on: () => () => undefined },
    agents: { directory, onAnswer: () => () => undefined },
    identities: keptIdentities(),
    acceptances: createInstantStore().acceptances,
    present: testIdentity('gateway'),
    log: silentLog,
  })
  return { access: new Access(), tokens: new Tokens({ store: createInstantStore(), log: silentLog }), certificates }
}
