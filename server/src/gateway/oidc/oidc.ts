import { JwtSignIn } from '../../access/jwt-sign-in.ts'
import type { SignIn } from '../sign-in.ts'
import type { OidcOptions } from './options.ts'
import { PageSignIn } from './page-sign-in.ts'
import { OpenIdProvider } from './provider.ts'

/** What an OpenID provider gives a gateway. */
export interface Oidc {
  /** Its JWTs in the place of a token, and what was opened at the page. */
  readonly signIns: readonly SignIn[]
  /** Signing in at the page; `undefined` where that is not offered. */
  readonly page: PageSignIn | undefined
  close(): void
}

/** Asks nobody before somebody signs in. */
export function openOidc(oidc: OidcOptions, publicUrl: URL | undefined): Oidc {
  const { issuer, audience, claims, client } = oidc
  const provider = new OpenIdProvider(oidc)
  const jwts = new JwtSignIn({ issuer, audience, claims, keys: () => provider.keys() })
  const page = client && new PageSignIn({ oidc, client, provider, jwts, publicUrl })
  return {
    signIns: page ? [jwts, page] : [jwts],
    page,
    close: () => {
      jwts.close()
      page?.close()
    },
  }
}
