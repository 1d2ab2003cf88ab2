import type { MethodResult } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'

type Found = MethodResult<'audit.verify'>

/** What is known of whether the audit log holds. */
export type VerificationState =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly sequence: number; readonly last: number | undefined }
  | { readonly at: 'held'; readonly first: number; readonly last: number; readonly heads: number }
  | { readonly at: 'broken'; readonly found: Extract<Found, { ok: false }> }
  | { readonly at: 'failed'; readonly why: unknown }

/** Looking through the whole audit log. */
export interface AuditVerification {
  readonly state: ReadonlySignal<VerificationState>
  /** Looks through it, and holds it against signed heads that somebody has kept. */
  begin(heads: readonly string[]): Promise<void>
  stop(): void
}

export function createAuditVerification(session: Pick<Session, 'client'>): AuditVerification {
  const state = signal<VerificationState>({ at: 'idle' })
  let running: AbortController | undefined
  const stop = (): void => {
    running?.abort()
    running = undefined
    state.value = { at: 'idle' }
  }
  session.client.subscribe(stop)
  return {
    state,
    stop,
    begin: async heads => {
      const client = session.client.peek()
      if (!client) return
      running?.abort()
      const mine = new AbortController()
      running = mine
      state.value = { at: 'running', sequence: 0, last: undefined }
      try {
        const params = heads.length === 0 ? {} : { heads: [...heads] }
        for await (const item of client.watch('audit.verify', { signal: mine.signal, params })) {
          if (mine.signal.aborted) return
          if (!('found' in item)) state.value = { at: 'running', ...item }
          else if (item.found.ok) state.value = { at: 'held', first: item.found.first, last: item.found.last, heads: heads.length }
          else state.value = { at: 'broken', found: item.found }
        }
      } catch (why) {
        if (!mine.signal.aborted) state.value = { at: 'failed', why }
      }
    },
  }
}
