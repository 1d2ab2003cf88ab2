import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import * as openid from 'openid-client'
import { unreachable } from '../../access/jwt-sign-in.ts'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { OidcOptions } from './options.ts'

/** What a provider said of itself. */
interface Discovered {
  readonly configuration: openid.Configuration
  readonly keys: JWTVerifyGetKey
}

const { oidcTimeoutMs, oidcRetryMs, jwksCooldownMs, jwksMaxAgeMs } = gatewayLimits

/**
 * An OpenID provider as it describes itself, asked when somebody needs it first: a gateway starts without it. What it said stays; its keys are
 * asked for again when they are old, or when a JWT names one that is not among them.
 */
export class OpenIdProvider {
  readonly #options: OidcOptions
  readonly #now: () => number
  #discovered: Promise<Discovered> | undefined
  #failed: { readonly why: HalibutError; readonly untilMs: number } | undefined

  constructor(options: OidcOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** Rejects with `connect_failed`, also for a moment after it did so that nobody makes us ask all the time. */
  async configuration(): Promise<openid.Configuration> {
    return (await this.#get()).configuration
  }

  /** Rejects as {@link configuration} does. */
  async keys(): Promise<JWTVerifyGetKey> {
    return (await this.#get()).keys
  }

  #get(): Promise<Discovered> {
    if (this.#failed && this.#now() < this.#failed.untilMs) return Promise.reject(this.#failed.why)
    this.#discovered ??= this.#discover().catch((why: unknown) => {
      this.#discovered = undefined
      const error = why instanceof HalibutError ? why : unreachable(reasonOf(why), why)
      this.#failed = { why: error, untilMs: this.#now() + oidcRetryMs }
      throw error
    })
    return this.#discovered
  }

  async #discover(): Promise<Discovered> {
    const { issuer, client } = this.#options
    const isPlain = issuer.startsWith('http:')
    const options = { timeout: oidcTimeoutMs / 1_000, ...(isPlain && { execute: [openid.allowInsecureRequests] }) }
    const found = await openid.discovery(new URL(issuer), client?.id ?? 'none', undefined, openid.None(), options)
    const server = found.serverMetadata()
    if (server.issuer !== issuer) throw unreachable(`it calls itself ${server.issuer}, and oidcIssuer says ${issuer}`, undefined)
    if (server.jwks_uri === undefined) throw unreachable('it does not say where its keys are', undefined)
    const metadata = { [openid.clockTolerance]: gatewayLimits.jwtSkewMs / 1_000 }
    const configuration = new openid.Configuration(server, client?.id ?? 'none', metadata, authenticationOf(server, client?.secret ?? ''))
    configuration.timeout = options.timeout
    if (isPlain) openid.allowInsecureRequests(configuration)
    const keys = createRemoteJWKSet(new URL(server.jwks_uri), {
      timeoutDuration: oidcTimeoutMs,
      cooldownDuration: jwksCooldownMs,
      cacheMaxAge: jwksMaxAgeMs,
    })
    return { configuration, keys }
  }
}

/** As the provider takes it; by the standard in a header where it does not say. */
function authenticationOf(server: openid.ServerMetadata, secret: string): openid.ClientAuth {
  if (secret === '') return openid.None()
  const taken = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return taken.includes('client_secret_basic') ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret)
}

function reasonOf(why: unknown): string {
  if (!(why instanceof Error)) return String(why)
  const { cause } = why
  return cause instanceof Error ? `${why.message}: ${cause.message}` : why.message
}
