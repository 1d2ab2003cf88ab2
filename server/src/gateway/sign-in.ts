import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Principal } from '../access/principal.ts'

/** Finds out who a credential belongs to: the token of this start, the tokens that are kept, the JWTs of an OpenID provider. */
export interface SignIn {
  /** `undefined` where the credential is none of these. Throws where it is one, and says why it is not good. One sign-in has one object. */
  authenticate(credential: string): Principal | undefined | Promise<Principal | undefined>
  /** Calls `listener` with whose sign-in is over before the process is; gives a function that ends this. Absent: nobody’s ever is. */
  onEnded?(listener: (principal: Principal) => void): () => void
  /** Those who can sign in now, as far as that is known. Absent: nobody. */
  principals?(): readonly Principal[]
}

/** What any of them accepts, asked one after another. */
export function anySignIn(...signIns: readonly SignIn[]): SignIn {
  return {
    authenticate: async credential => {
      for (const signIn of signIns) {
        const principal = await signIn.authenticate(credential)
        if (principal) return principal
      }
      return undefined
    },
    onEnded: listener => {
      const stops = signIns.map(signIn => signIn.onEnded?.(listener))
      return () => {
        for (const stop of stops) stop?.()
      }
    },
    principals: () => signIns.flatMap(signIn => signIn.principals?.() ?? []),
  }
}

/** A token for one run of the gateway: 256 bits, base64url. */
export function createStartToken(): string {
  return `hgw_start_${randomBytes(32).toString('base64url')}`
}

/** Accepts one token, kept in memory as its digest only and compared in constant time. */
export function startTokenSignIn(token: string, principal: Principal = { name: 'start', role: 'admin' }): SignIn {
  const wanted = digest(token)
  return {
    authenticate: credential => (timingSafeEqual(digest(credential), wanted) ? principal : undefined),
    principals: () => [principal],
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
