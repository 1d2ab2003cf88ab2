import type { Tokens } from '../access/tokens.ts'
import type { Audit } from '../audit/audit.ts'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'

const first = { name: 'admin', role: 'admin' } as const

/**
 * A token for whoever has started the gateway, where there never was one. It is kept with the entry of the audit log that tells of it, or neither is:
 * where the disk takes nothing there is none, and the next start makes it.
 */
export async function firstToken(tokens: Tokens, audit: Pick<Audit, 'telling'>, log: LogSink): Promise<string | undefined> {
  if (tokens.list().length > 0) return undefined
  try {
    const within = audit.telling({ who: 'gateway', action: 'tokens.create', outcome: 'done', facts: first })
    const { secret } = await tokens.create({ ...first, createdBy: 'gateway' }, within)
    return secret
  } catch (why) {
    if (!(why instanceof HalibutError && why.kind === 'storage_failed')) throw why
    log('error', 'there is no first token, since it could not be kept; the next start makes one', { cause: why.message })
    return undefined
  }
}
