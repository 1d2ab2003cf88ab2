import type { Role } from '@halibut-gateway/schemas/wire'
import type { GrantIndex } from './grant-index.ts'

/** Who signed in. One sign-in has one object as long as it lasts, so that what is known of it can be kept by it. */
export interface Principal {
  /** What people know it by, and rules belong to. Another one may have it one day. */
  readonly name: string
  /** What nobody else ever has: the id of a token, or issuer and subject of a provider. Default: the name is never another one’s. */
  readonly id?: string | undefined
  readonly role: Role
  /** Where it may reach less than its role and the rules allow: what that is. */
  readonly scope?: GrantIndex | undefined
}

/** What sessions and the outcomes of calls belong to, so that whoever gets a name later gets nothing with it. */
export function ownerOf({ id, name }: Principal): string {
  return id ?? `name ${name}`
}

/** Whether both are the same one, of whichever sign-ins. */
export function isSame(one: Principal | undefined, other: Principal): boolean {
  return one === other || (one !== undefined && ownerOf(one) === ownerOf(other))
}
