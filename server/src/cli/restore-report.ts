import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { verifyCopy } from '../audit/audit-copy.ts'
import { openAuditCopy } from '../audit/open-copy.ts'
import type { Verification } from '../audit/verify.ts'
import { HalibutError } from '../base/errors.ts'
import { checkBackup } from '../store/backup.ts'
import type { AgentRecord } from '../store/records.ts'
import { databaseName, newestStateVersion } from '../store/schema.ts'
import { type Credential, type StateContent, StateCopy } from '../store/state-copy.ts'
import { acceptedIn, lostBy, presentedIn, type ToldLoss, type Trusts, trustsOf } from './lost-agents.ts'

/** What restoring a backup would do; nothing was touched. */
export interface RestoreReport {
  readonly backup: Pick<StateContent, 'version' | 'identity' | 'tokens'> & {
    /** The newest version that this gateway knows. */ readonly newest: number
  }
  /** What is there now; `undefined`: nothing is. */
  readonly present: Pick<StateContent, 'version' | 'identity' | 'tokens'> | undefined
  /** `undefined` where there is no identity now. */
  readonly isSameIdentity: boolean | undefined
  readonly audit: Verification
  /** How many signed heads the audit log was held against. */
  readonly heads: number
  readonly agents: readonly RestoredAgent[]
  /** The agents that would not believe the restored gateway, as far as it was seen what they accept. */
  readonly lost: readonly ToldLoss[]
  /** What was revoked since the backup was made, and would be worth something again. */
  readonly revived: readonly Pick<Credential, 'what' | 'id' | 'name'>[]
}

/** What becomes of an agent. */
export interface RestoredAgent {
  readonly id: string
  readonly change: 'kept' | 'gained' | 'lost' | 'changed'
  /** Whether it trusts the gateway that is restored. */
  readonly trusts: Trusts
  readonly what: string
}

/** Tells what restoring a backup into a state folder would do. Rejects where it is no backup, or one of a newer version. */
export async function reportRestore(path: string, folder: string, heads: readonly string[]): Promise<RestoreReport> {
  const content = await checkBackup(path)
  if (content.version > newestStateVersion)
    throw new HalibutError(
      'invalid_argument',
      `${path} was written by a newer version of the gateway (state ${content.version}, this one knows ${newestStateVersion})`,
      { advice: 'restore it with that version' },
    )
  const present = existsSync(join(folder, databaseName)) ? await contentOf(folder) : undefined
  const copy = await openAuditCopy(path)
  try {
    const { verification, heads: held } = await verifyCopy(copy, heads)
    const isSame = present?.identity && content.identity && present.identity.thumbprint === content.identity.thumbprint
    const presented = presentedIn(content)
    // What was seen since the backup was made is what agents accept now.
    const knownOf = acceptedIn(content, present)
    const restored = [...content.agents.map(({ id }) => id), ...agentsOfFile(content, present)]
    return {
      backup: { ...figuresOf(content), newest: newestStateVersion },
      present: present && figuresOf(present),
      isSameIdentity: present?.identity ? isSame === true : undefined,
      audit: verification,
      heads: held,
      agents: agentsOf(content.agents, present?.agents ?? [], id => trustsOf(knownOf(id), presented)),
      lost: lostBy(restored, knownOf, present ? presentedIn(present) : new Set(), presented),
      revived: revivedBy(content, present),
    }
  } finally {
    await copy.close()
  }
}

function figuresOf({ version, identity, tokens }: StateContent) {
  return { version, identity, tokens }
}

function revivedBy({ credentials }: StateContent, present: StateContent | undefined): RestoreReport['revived'] {
  const valid = new Map(credentials.filter(({ isRevoked }) => !isRevoked).map(each => [`${each.what} ${each.id}`, each]))
  const revoked = (present?.credentials ?? []).filter(({ isRevoked, what, id }) => isRevoked && valid.has(`${what} ${id}`))
  return revoked.map(({ isRevoked: _, ...credential }) => credential)
}

/** A state that is damaged is as good as none. */
async function contentOf(folder: string): Promise<StateContent | undefined> {
  try {
    const copy = await StateCopy.open(folder)
    try {
      return await copy.content()
    } finally {
      copy.close()
    }
  } catch {
    return undefined
  }
}

/** Agents that were seen and are in no state: those of the settings file, which stay. */
function agentsOfFile(...states: readonly (StateContent | undefined)[]): Set<string> {
  const kept = new Set(states.flatMap(state => state?.agents ?? []).map(({ id }) => id))
  const seen = states.flatMap(state => state?.acceptances ?? []).map(({ id }) => id)
  return new Set(seen.filter(id => !kept.has(id)))
}

function agentsOf(backup: readonly AgentRecord[], present: readonly AgentRecord[], trustsNow: (id: string) => Trusts): RestoredAgent[] {
  const now = new Map(present.map(agent => [agent.id, agent]))
  const later = new Map(backup.map(agent => [agent.id, agent]))
  const ids = [...new Set([...later.keys(), ...now.keys()])].sort()
  return ids.map(id => {
    const [before, after] = [now.get(id), later.get(id)]
    const trusts = trustsNow(id)
    if (!after) return { id, change: 'lost', trusts, what: 'it was added after the backup was made' }
    if (!before) return { id, change: 'gained', trusts, what: 'it was removed since the backup was made, or never here' }
    const [first] = (['uri', 'thumbprint'] as const).filter(name => before[name] !== after[name])
    if (first) return { id, change: 'changed', trusts, what: `${first} is ${before[first]} now, and will be ${after[first]}` }
    return { id, change: 'kept', trusts, what: 'it is the same' }
  })
}
