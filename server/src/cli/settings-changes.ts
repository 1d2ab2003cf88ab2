import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Audit } from '../audit/audit.ts'
import { callbackPath } from '../gateway/oidc/page-sign-in.ts'
import { parsePublicUrl } from '../gateway/public-url.ts'
import type { SettingsReading } from '../settings/load.ts'
import type { Settings } from '../settings/schema.ts'
import { loadIdentityFile } from '../settings/world.ts'
import { publicUrlRecord } from '../store/records.ts'
import { databaseName } from '../store/schema.ts'
import { type StateContent, StateCopy } from '../store/state-copy.ts'
import type { Store } from '../store/store.ts'
import { isTakenOver } from './identity.ts'
import { acceptedIn, lostBy, presentedIn, presentIn, type ToldLoss } from './lost-agents.ts'

/** What a start with these settings would change for others, against the state that there is. */
export interface SettingsChange {
  readonly setting: 'identity' | 'publicUrl'
  /** Where the value comes from. */
  readonly place: string
  /** A thumbprint, or an address; empty where there was none. */
  readonly from: string
  /** Empty where there is none, or one that is to be made. */
  readonly to: string
  readonly what: string
  /** The agents that would not believe the gateway any more, as far as it was seen what they accept. */
  readonly lost?: readonly ToldLoss[]
}

/** Looks at settings that are good, and at the state in their folder, whichever process has it. Rejects where that state cannot be read. */
export async function settingsChanges({ settings, values }: SettingsReading): Promise<SettingsChange[]> {
  const folder = resolve(settings.stateFolder)
  if (!existsSync(join(folder, databaseName))) return []
  const copy = await StateCopy.open(folder)
  try {
    const content = await copy.content()
    const placeOf = (name: keyof Settings): string => values.get(name)?.place ?? name
    return [...(await identityChange(settings, content, placeOf('identity'))), ...publicUrlChange(settings, content, placeOf('publicUrl'))]
  } finally {
    copy.close()
  }
}

/**
 * Keeps with which public address a gateway was started, and writes down that it is another one than before. Whoever calls the gateway can do without
 * that, also where the disk is full.
 */
export async function rememberPublicUrl(store: Store, audit: Pick<Audit, 'write'>, publicUrl: URL | undefined): Promise<void> {
  const address = publicUrl?.href ?? ''
  const before = store.meta.get(publicUrlRecord)?.text
  if (before === address) return
  const keep = store.change(draft => {
    draft.meta.put({ id: publicUrlRecord, text: address })
    const facts = { setting: 'publicUrl', address, before }
    if (before !== undefined) audit.write(draft, { who: 'gateway', action: 'settings.changed', outcome: 'done', facts })
  })
  await keep.catch(() => undefined)
}

async function identityChange(settings: Settings, content: StateContent, place: string): Promise<SettingsChange[]> {
  const present = presentIn(content)
  const next = await nextIdentity(settings, content)
  if (present === undefined || next === present) return []
  const before = presentedIn(content)
  const after = new Set([...before].filter(each => each !== present))
  if (next !== undefined) after.add(next)
  const agents = new Set([...content.agents.map(({ id }) => id), ...settings.agents.map(({ id }) => id)])
  const whose = next === undefined ? 'a new certificate that is to be made' : `the certificate ${next}`
  return [
    {
      setting: 'identity',
      place,
      from: present,
      to: next ?? '',
      what: `the gateway would be known by ${whose}, and not by ${present} any more; \`halibut-gateway cert import\` lets agents trust both for a while`,
      lost: lostBy(agents, acceptedIn(content), before, after),
    },
  ]
}

/** As the start chooses it; `undefined`: one that is to be made. */
async function nextIdentity(settings: Settings, { keptIdentity: kept, identities }: StateContent): Promise<string | undefined> {
  if (settings.identity === '') return kept
  const { thumbprint: named } = await loadIdentityFile(settings)
  const stateOf = (wanted: string) => identities.find(({ id }) => id === wanted)?.state
  return kept !== undefined && isTakenOver(named, kept, stateOf) ? kept : named
}

function publicUrlChange({ publicUrl, oidcIssuer }: Settings, { publicUrl: from }: StateContent, place: string): SettingsChange[] {
  const url = publicUrl === '' ? undefined : parsePublicUrl(publicUrl)
  const to = url?.href ?? ''
  if (from === undefined || from === to) return []
  const ends = `people who are signed in at ${from === '' ? 'the address so far' : from} have to sign in anew at ${to === '' ? 'that of the gateway itself' : to}`
  const base = to === '' ? 'the address of the page, with ' : to
  const provider = oidcIssuer === '' ? '' : `; ${oidcIssuer} has to allow another redirect URI: ${base}${callbackPath}`
  return [
    {
      setting: 'publicUrl',
      place,
      from,
      to,
      what: `${ends}; their bookmarks, and clients with the old address, do not get there any more${provider}`,
    },
  ]
}
