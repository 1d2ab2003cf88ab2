import type { Role } from '@halibut-gateway/schemas/wire'
import type { GrantIndex } from './grant-index.ts'

/** Who signed in. One sign-in has one object as long as it lasts, so that what is known of it can be kept by it. */
export interface Principal {
  /** Idempotency keys, sessions and rules belong to it. */
  readonly name: string
  readonly role: Role
  /** Where it may reach less than its role and the rules allow: what that is. */
  readonly scope?: GrantIndex | undefined
}
