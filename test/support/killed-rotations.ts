import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseEntry } from '../../server/src/audit/entry.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { identitiesOf } from '../../server/src/cli/identity.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { GatewayCertificates, type KeptIdentities } from '../../server/src/fleet/gateway-certificates.ts'
import { certificateFromPem } from '../../server/src/runtime/certificates.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded-store.ts'
import { identityRecord } from '../../server/src/store/records.ts'
import { openStateFolder } from '../../server/src/store/state-folder.ts'
import type { Store } from '../../server/src/store/store.ts'
import { testIdentity } from './certificates.ts'
import { seededRandom } from './cutting-relay.ts'
import { createInstantStore } from './instant-store.ts'
import { linesUntilKilled } from './killed-program.ts'

/** The certificates of a gateway without agents, as its store has them. */
export function certificatesOf(identities: KeptIdentities, store: Store): GatewayCertificates {
  const pem = store.meta.get(identityRecord)?.text
  return new GatewayCertificates({
    mesh: { present: () => undefined, subscribers: () => [], on: () => () => undefined },
    agents: { directory: new AgentDirectory(), onAnswer: () => () => undefined },
    identities,
    acceptances: createInstantStore().acceptances,
    present: pem === undefined ? testIdentity('first') : certificateFromPem({ certificatePem: pem }),
    log: silentLog,
  })
}

/** Those that are presented. */
export function statesOf(certificates: GatewayCertificates): string {
  const living = certificates.list().filter(({ state }) => state !== 'retired')
  return living.map(({ thumbprint, state }) => `${state} ${thumbprint}`).join(', ')
}

/** Kills a process that rotates certificates, at random moments, and looks each time at what is there. Gives how many steps were acknowledged in all. */
export async function killRotations(kills: number, seed: number): Promise<number> {
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'halibut-rotations-'))
  let steps = 0
  try {
    for (let kill = 0; kill < kills; kill++) {
      const told = await linesUntilKilled(new URL('./rotation-writer.ts', import.meta.url), [folder], random() * 100)
      steps += told.length
      await using store = await openEmbeddedStore(await openStateFolder(folder))
      const certificates = certificatesOf(identitiesOf(store), store)
      const [before, now] = [told.at(-1) ?? '', statesOf(certificates)]
      expect([before, follows(before, now)]).toEqual([before, true])
      // Each has the key that it is presented with, and nothing else has one.
      for (const { id, state, keyPem } of store.identities.all()) {
        expect([state, keyPem !== undefined]).toEqual([state, state === 'next' || state === 'previous'])
        if (keyPem !== undefined) expect(certificates.presented.map(({ thumbprint }) => thumbprint)).toContain(id)
      }
      expect(store.identities.all().filter(({ state }) => state === 'present').length).toBe(1)
      // The audit log tells of each step, and of none that was not made.
      const [last] = await store.audit.read({ before: Number.MAX_SAFE_INTEGER, limit: 1 })
      expect([last?.sequence ?? 0, last && parseEntry(last.text).action]).toEqual([stepsOf(store), stepTo(now)])
      expect(stepsOf(store)).toBeGreaterThanOrEqual(steps)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return steps
}

/** How many steps it took to come to what is there. */
function stepsOf(store: Store): number {
  const states = store.identities.all().map(({ state }) => state)
  const retired = states.filter(state => state === 'retired').length
  return 3 * retired + (states.includes('next') ? 1 : states.includes('previous') ? 2 : 0)
}

/** The last step to what is there. */
function stepTo(states: string): string | undefined {
  if (states.includes('next ')) return 'certificates.create'
  return states.includes('previous ') ? 'certificates.promote' : 'certificates.retire'
}

/** Whether what is there is what was told last, or one step on, which nobody was told of any more. */
function follows(told: string, now: string): boolean {
  if (told === now) return true
  const [of, next] = [told, now].map(text => Object.fromEntries(text.split(', ').map(each => each.split(' ') as [string, string])))
  if (of?.['next'] !== undefined) return next?.['present'] === of['next'] && next['previous'] === of['present']
  if (of?.['previous'] !== undefined) return now === `present ${of['present']}`
  return next?.['present'] === of?.['present'] && next?.['next'] !== undefined
}
