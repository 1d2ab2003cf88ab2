import type { CallSnapshot } from '@halibut-gateway/schemas'
import type { Principal } from '../access/principal.ts'

/** What a call to an agent is. */
export type CallSubject = Pick<CallSnapshot, 'activityId' | 'agent' | 'service' | 'method' | 'principal'>

/** What is known of a call beside its {@link CallSubject}. */
export interface CallWay {
  readonly mode: 'listening' | 'polling'
  /** Whether service and method are of a contract; else the caller may have made them up. */
  readonly isByContract: boolean
  /** Whose it is: a session. */
  readonly caller?: string | undefined
  /** Who made it. */
  readonly principal?: Principal | undefined
  readonly idempotencyKey?: string | undefined
  /** The request that it is made for. */
  readonly request?: { readonly traceId: string } | undefined
}
