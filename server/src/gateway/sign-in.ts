import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Principal } from '../access/principal.ts'

/** Finds out who a credential belongs to. Tickets, stored tokens and OIDC are further implementations. */
export interface SignIn {
  /** `undefined` where the credential is not valid. */
  authenticate(credential: string): Principal | undefined | Promise<Principal | undefined>
}

/** A token for one run of the gateway: 256 bits, base64url. */
export function createStartToken(): string {
  return `hgw_start_${randomBytes(32).toString('base64url')}`
}

/** Accepts one token, kept in memory as its digest only and compared in constant time. */
export function startTokenSignIn(token: string, principal: Principal = { name: 'start', role: 'admin' }): SignIn {
  const wanted = digest(token)
  return { authenticate: credential => (timingSafeEqual(digest(credential), wanted) ? principal : undefined) }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
