import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import type { KeptIdentities } from '../../server/src/fleet/gateway-certificates.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import type { Certificate } from '../../server/src/runtime/certificates.ts'
import type { IdentityRecord } from '../../server/src/store/records.ts'
import { createInstantStore } from './instant-store.ts'

/** Our own certificates in memory, and what the one is that we are known by. */
export function keptIdentities(): KeptIdentities & { present: Certificate | undefined } {
  const kept = new Map<string, IdentityRecord>()
  return {
    present: undefined,
    get: id => kept.get(id),
    all: () => [...kept.values()],
    async put(changed, present) {
      for (const record of changed) kept.set(record.id, record)
      this.present = present
    },
  }
}

/** Trust for gateways at which nobody knocks. */
export function idleTrust(directory = new AgentDirectory()): Trust {
  const unused = (): never => {
    throw new Error('nothing of trust is used here')
  }
  return new Trust({
    mesh: { on: unused, revoke: () => undefined, reinstate: () => undefined, disconnect: unused, whoListens: unused },
    agents: { directory, add: unused, edit: unused, mayPoll: unused, onAnswer: unused },
    records: createInstantStore(),
    own: { thumbprint: 'C'.repeat(40), thumbprint256: 'C'.repeat(64) },
    log: silentLog,
  })
}
