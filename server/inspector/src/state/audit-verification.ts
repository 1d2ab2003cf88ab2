import type { MethodResult } from '@halibut-gateway/schemas'
import type { Session } from './session.ts'
import { createStoppable, type Stoppable } from './stoppable.ts'

type Found = MethodResult<'audit.verify'>

/** What is known of whether the audit log holds. */
type Progress =
  | { readonly at: 'running'; readonly sequence: number; readonly last: number | undefined }
  | { readonly at: 'held'; readonly first: number; readonly last: number; readonly heads: number }
  | { readonly at: 'broken'; readonly found: Extract<Found, { ok: false }> }

/** Looking through the whole audit log. */
export interface AuditVerification extends Pick<Stoppable<Progress>, 'state' | 'stop'> {
  /** Looks through it, and holds it against signed heads that somebody has kept. */
  begin(heads: readonly string[]): Promise<void>
}

export function createAuditVerification(session: Pick<Session, 'client'>): AuditVerification {
  const { state, stop, begin } = createStoppable<Progress>(session)
  return {
    state,
    stop,
    begin: heads =>
      begin(async (client, signal, tell) => {
        tell({ at: 'running', sequence: 0, last: undefined })
        const params = heads.length === 0 ? {} : { heads: [...heads] }
        for await (const item of client.watch('audit.verify', { signal, params })) {
          if (!('found' in item)) tell({ at: 'running', ...item })
          else if (item.found.ok) tell({ at: 'held', first: item.found.first, last: item.found.last, heads: heads.length })
          else tell({ at: 'broken', found: item.found })
        }
      }),
  }
}
