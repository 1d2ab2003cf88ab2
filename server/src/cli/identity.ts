import type { Audit } from '../audit/audit.ts'
import { steadyTime } from '../base/steady-time.ts'
import type { KeptIdentities } from '../fleet/gateway-certificates.ts'
import { type Certificate, certificateFromPem, createSelfSignedCertificate, toPem } from '../runtime/certificates.ts'
import type { Settings } from '../settings/schema.ts'
import { loadIdentityFile } from '../settings/world.ts'
import { type IdentityRecord, identityRecord } from '../store/records.ts'
import type { Store } from '../store/store.ts'

/** Our certificates as the store keeps them; each change is one of the store. */
export function identitiesOf(store: Store): KeptIdentities {
  return {
    get: id => store.identities.get(id),
    all: () => store.identities.all(),
    put: (changed, present, thumbprint, change = act => store.change(act)) =>
      change(
        draft => {
          for (const record of changed) draft.identities.put(record)
          draft.meta.put({ id: identityRecord, text: toPem(present) })
        },
        { thumbprint },
      ),
  }
}

/**
 * The certificate that this gateway is known by: the one of the settings, unless a rotation has begun with it since; else the one that is kept, or a new
 * one. That it was presented is written down for good, without its key, and in the audit log where it is another one than before.
 */
export async function loadIdentity(store: Store, settings: Settings, audit: Pick<Audit, 'write'>): Promise<Certificate> {
  const certificate = await chosen(store, settings)
  const { thumbprint: id, certificatePem } = certificate
  const now = steadyTime()
  await store.change(draft => {
    const known = draft.identities.get(id)
    if (known?.state === 'present') return
    for (const record of draft.identities.all()) {
      if (record.state !== 'present') continue
      draft.identities.put({ ...record, state: 'retired', retiredMs: now })
      const facts = { setting: 'identity', thumbprint: id, before: record.id }
      audit.write(draft, { who: 'gateway', action: 'settings.changed', outcome: 'done', facts })
    }
    draft.identities.put(presented({ addedMs: now, ...known, id, certificatePem, state: 'present' }))
  })
  return certificate
}

async function chosen(store: Store, settings: Settings): Promise<Certificate> {
  const pem = store.meta.get(identityRecord)?.text
  const kept = pem === undefined ? undefined : certificateFromPem({ certificatePem: pem, where: `the state in ${settings.stateFolder}` })
  if (settings.identity !== '') {
    const named = await loadIdentityFile(settings)
    return kept && isTakenOver(named.thumbprint, kept.thumbprint, id => store.identities.get(id)?.state) ? kept : named
  }
  if (kept) return kept
  const made = await createSelfSignedCertificate({ commonName: 'Halibut Gateway' })
  await store.meta.put({ id: identityRecord, text: toPem(made) })
  return made
}

/** Whether the state has what came of a rotation that began with the certificate of the settings: then the kept one counts. */
export function isTakenOver(named: string, kept: string, stateOf: (id: string) => IdentityRecord['state'] | undefined): boolean {
  return stateOf(kept) === 'present' && stateOf(named) !== undefined
}

/** Its key stands elsewhere. */
function presented({ keyPem: _, retiredMs: __, ...record }: IdentityRecord): IdentityRecord {
  return record
}
