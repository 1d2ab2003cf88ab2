import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import type { KeptIdentities, KeptIdentity } from '../../server/src/fleet/gateway-certificates.ts'
import type { KeptRecords } from '../../server/src/fleet/kept-records.ts'
import { Trust, type TrustRecords } from '../../server/src/fleet/trust.ts'
import type { Certificate } from '../../server/src/runtime/certificates.ts'

/** Records in memory, which are kept at once. */
export function recordsInMemory(): TrustRecords {
  return { denied: recordsOf(), certificates: recordsOf() }
}

/** Some of them. */
export function recordsOf<T extends { readonly id: string }>(): KeptRecords<T> {
  const kept = new Map<string, T>()
  return {
    get: id => kept.get(id),
    all: () => [...kept.values()],
    put: async record => void kept.set(record.id, record),
    remove: async id => kept.delete(id),
  }
}

/** Our own certificates in memory, and what the one is that we are known by. */
export function keptIdentities(): KeptIdentities & { present: Certificate | undefined } {
  const kept = new Map<string, KeptIdentity>()
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
    records: recordsInMemory(),
    own: { thumbprint: 'C'.repeat(40), thumbprint256: 'C'.repeat(64) },
    log: silentLog,
  })
}
