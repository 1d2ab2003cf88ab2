import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { messageOf } from '../base/message-of.ts'
import { type ClaimRules, claimedPrincipal } from './claimed-principal.ts'
import type { Principal } from './principal.ts'
import { TimedSignIns } from './timed-sign-ins.ts'

/** Whose JWTs are believed, and for whom they have to be. */
export interface JwtSignInOptions {
  readonly issuer: string
  /** Of those that are presented in the place of a token. */
  readonly audience: string
  /** The issuer’s keys. Rejects with why they are not known now. */
  readonly keys: () => Promise<JWTVerifyGetKey>
  readonly claims: ClaimRules
  /** UTC milliseconds since 1970. Default: the clock of the machine, which is held against times of others. */
  readonly now?: () => number
}

/** Signatures by a key that the issuer alone has. With none, or with a shared secret, anybody could be anybody. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']
const form = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** JWTs that an OpenID provider has signed, each for as long as it says itself. */
export class JwtSignIn {
  readonly #options: JwtSignInOptions
  readonly #now: () => number
  readonly #known: TimedSignIns

  constructor(options: JwtSignInOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#known = new TimedSignIns({ max: gatewayLimits.jwtSignIns, now: options.now })
  }

  /**
   * Whose JWT this is; `undefined` where it is none. Rejects with `unauthorized` where it is not good, `forbidden` where it gives no role,
   * `connect_failed` where the provider cannot be asked; each with the reason.
   */
  async authenticate(credential: string): Promise<Principal | undefined> {
    if (!form.test(credential)) return undefined
    const known = this.#known.get(credential)
    if (known) return known
    const claims = await this.verify(credential, this.#options.audience)
    // Another request may have brought it meanwhile.
    const since = this.#known.get(credential)
    if (since) return since
    const principal = claimedPrincipal(claims, this.#options.claims)
    this.#known.add(credential, principal, claims.exp * 1_000 + gatewayLimits.jwtSkewMs - this.#now())
    return principal
  }

  /** The claims of a JWT of the issuer for this audience. Rejects as {@link authenticate} does. */
  async verify(jwt: string, audience: string): Promise<JWTPayload & { readonly exp: number }> {
    const keys = await this.#options.keys()
    try {
      const { payload } = await jwtVerify(jwt, keys, {
        issuer: this.#options.issuer,
        audience,
        algorithms,
        clockTolerance: gatewayLimits.jwtSkewMs / 1_000,
        currentDate: new Date(this.#now()),
        requiredClaims: ['exp'],
      })
      return payload as typeof payload & { readonly exp: number }
    } catch (why) {
      throw refused(why)
    }
  }

  /** Those that are known now. */
  principals(): Principal[] {
    return this.#known.principals()
  }

  /** Calls `listener` with whose JWT has expired; gives a function that ends this. */
  onEnded(listener: (principal: Principal) => void): () => void {
    return this.#known.onEnded(listener)
  }

  close(): void {
    this.#known.close()
  }
}

/** What is wrong with a JWT, or with the way to the keys. */
function refused(why: unknown): HalibutError {
  const message = messageOf(why)
  const isOfJwt = why instanceof errors.JOSEError && !(why instanceof errors.JWKSTimeout) && why.code !== 'ERR_JOSE_GENERIC'
  if (!isOfJwt) return unreachable(message, why)
  return new HalibutError('unauthorized', `the JWT is not acceptable: ${message}`, { advice: 'sign in anew at the provider' })
}

/** The provider cannot be asked now. */
export function unreachable(message: string, cause: unknown): HalibutError {
  return new HalibutError('connect_failed', `the OpenID provider cannot be asked: ${message}`, {
    cause,
    advice: 'try again; where it lasts, check that the gateway reaches the address of oidcIssuer',
  })
}
