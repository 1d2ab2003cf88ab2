import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as openid from 'openid-client'
import { claimedPrincipal } from '../../access/claimed-principal.ts'
import { type JwtSignIn, unreachable } from '../../access/jwt-sign-in.ts'
import type { Principal } from '../../access/principal.ts'
import { TimedSignIns } from '../../access/timed-sign-ins.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import { cookieName, cookieOf, formatCookie } from './cookies.ts'
import type { OidcClient, OidcOptions } from './options.ts'
import type { OpenIdProvider } from './provider.ts'
import { Sealer } from './sealed.ts'

/** Where the provider sends a browser back to, below the address of the page. */
export const callbackPath = 'oidc/callback'

/** What a browser keeps for us from the beginning of a sign-in to its end. */
interface Begun {
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
  readonly untilMs: number
}

/** What signing in at the page stands on. */
export interface PageSignInOptions {
  readonly oidc: OidcOptions
  readonly client: OidcClient
  readonly provider: OpenIdProvider
  /** Who looks at what the provider has signed. */
  readonly jwts: Pick<JwtSignIn, 'verify'>
  /** Where browsers reach the gateway; default: as each request says. */
  readonly publicUrl: URL | undefined
}

/**
 * Signs people in at the page by the authorization code flow with PKCE. The browser gets a cookie, which no script reads and no other site’s
 * requests bring, for a sign-in that is kept here.
 */
export class PageSignIn {
  readonly #options: PageSignInOptions
  readonly #sealer = new Sealer()
  /** By what the cookies hold. */
  readonly #signIns = new TimedSignIns({ max: gatewayLimits.pageSignIns })

  constructor(options: PageSignInOptions) {
    this.#options = options
  }

  /** Leads the browser to the provider. Rejects with `connect_failed`. */
  async begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { client, provider } = this.#options
    const base = this.#baseOf(request)
    const configuration = await provider.configuration()
    const [state, nonce, verifier] = [openid.randomState(), openid.randomNonce(), openid.randomPKCECodeVerifier()]
    const redirectUri = new URL(callbackPath, base).href
    const address = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: client.scopes.join(' '),
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const begun: Begun = { nonce, verifier, redirectUri, untilMs: performance.now() + gatewayLimits.oidcSignInMs }
    const cookie = formatCookie(cookieName(`begun-${state}`, base), await this.#sealer.seal({ ...begun }, state), {
      base,
      sameSite: 'Lax',
      maxAgeMs: gatewayLimits.oidcSignInMs,
    })
    return reply.header('set-cookie', cookie).header('cache-control', 'no-store').redirect(address.href, 303)
  }

  /**
   * The browser is back from the provider: it is signed in, and led to the page. Rejects with `unauthorized`, `forbidden` or `connect_failed`, with
   * the reason.
   */
  async end(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { client, jwts, oidc } = this.#options
    const base = this.#baseOf(request)
    const { state, begun } = await this.#begunBy(request, base)
    const idToken = await this.#redeem(request, state, begun)
    const principal = claimedPrincipal(await jwts.verify(idToken, client.id), oidc.claims)
    const secret = randomBytes(32).toString('base64url')
    this.#signIns.add(secret, principal, client.sessionMs)
    return reply
      .header('set-cookie', [
        formatCookie(cookieName('session', base), secret, { base, sameSite: 'Strict', maxAgeMs: client.sessionMs }),
        formatCookie(cookieName(`begun-${state}`, base), '', { base, sameSite: 'Lax', maxAgeMs: 0 }),
      ])
      .header('cache-control', 'no-store')
      .redirect(base.href, 303)
  }

  /** Whose browser asks, as its cookie says: where the request comes from our own page, or does nothing. */
  principalOf(request: FastifyRequest): Principal | undefined {
    const base = this.#baseOf(request)
    const { origin } = request.headers
    if (origin !== base.origin && (origin !== undefined || request.method !== 'GET')) return undefined
    const secret = cookieOf(request, cookieName('session', base))
    return secret === undefined ? undefined : this.#signIns.get(secret)
  }

  /** Ends the sign-in of the browser that asks, where it has one, and takes its cookie away. Throws `forbidden` for a page that is not our own. */
  signOut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const base = this.#baseOf(request)
    if (request.headers.origin !== base.origin) throw new HalibutError('forbidden', 'it is for the gateway’s own page to sign somebody out')
    const name = cookieName('session', base)
    if (this.principalOf(request)) this.#signIns.end(cookieOf(request, name) ?? '')
    return reply.header('set-cookie', formatCookie(name, '', { base, sameSite: 'Strict', maxAgeMs: 0 }))
  }

  /** A cookie’s content is no credential anywhere else. */
  authenticate(): undefined {
    return undefined
  }

  principals(): Principal[] {
    return this.#signIns.principals()
  }

  onEnded(listener: (principal: Principal) => void): () => void {
    return this.#signIns.onEnded(listener)
  }

  close(): void {
    this.#signIns.close()
  }

  /** What this browser began, and nobody else. */
  async #begunBy(request: FastifyRequest, base: URL): Promise<{ readonly state: string; readonly begun: Begun }> {
    const { state } = request.query as { readonly state?: unknown }
    const sealed = typeof state === 'string' ? cookieOf(request, cookieName(`begun-${state}`, base)) : undefined
    const begun = sealed === undefined ? undefined : ((await this.#sealer.open(sealed, String(state))) as Begun | undefined)
    if (typeof state === 'string' && begun && begun.untilMs > performance.now()) return { state, begun }
    throw new HalibutError('unauthorized', 'this browser did not begin this sign-in, or too long ago', { advice: 'begin it again' })
  }

  /** The ID token for the code. */
  async #redeem({ originalUrl }: FastifyRequest, state: string, { nonce, verifier, redirectUri }: Begun): Promise<string> {
    const configuration = await this.#options.provider.configuration()
    const address = new URL(redirectUri)
    address.search = originalUrl.slice(originalUrl.indexOf('?'))
    try {
      const answer = await openid.authorizationCodeGrant(configuration, address, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      return answer.id_token ?? ''
    } catch (why) {
      throw refused(why)
    }
  }

  #baseOf({ protocol, host }: FastifyRequest): URL {
    return this.#options.publicUrl ?? new URL(`${protocol}://${host}/`)
  }
}

/** Why there is no ID token: the provider said no, or what it said is not acceptable, or nothing. */
function refused(why: unknown): HalibutError {
  if (why instanceof openid.AuthorizationResponseError || why instanceof openid.ResponseBodyError) {
    const { error, error_description: description } = why
    const told = description === undefined ? error : `${error}: ${description}`
    return new HalibutError('unauthorized', `the provider refused: ${told.slice(0, 300)}`, { advice: 'begin the sign-in again' })
  }
  const reason = why instanceof Error ? (why.cause instanceof Error ? why.cause.message : why.message) : String(why)
  const isOfAnswer = why instanceof openid.ClientError && why.code !== 'OAUTH_TIMEOUT' && !(why.cause instanceof TypeError)
  if (!isOfAnswer) return unreachable(reason, why)
  return new HalibutError('unauthorized', `what the provider answered is not acceptable: ${reason}`, { advice: 'begin the sign-in again' })
}
