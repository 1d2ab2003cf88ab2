import { isRole, type Role, roles } from '@halibut-gateway/schemas/wire'
import type { ClaimRules } from '../../access/claimed-principal.ts'
import { HalibutError } from '../../base/errors.ts'

/** What is set of an OpenID provider whose users may sign in. */
export interface OidcSettings {
  readonly oidcIssuer: string
  readonly oidcClientId: string
  readonly oidcClientSecret: string
  readonly oidcAudience: string
  readonly oidcName: string
  readonly oidcScopes: readonly string[]
  readonly oidcNameClaim: string
  readonly oidcRolesClaim: string
  readonly oidcRoles: readonly string[]
  readonly oidcSessionMs: number
}

/** An OpenID provider, and what becomes of what it says. */
export interface OidcOptions {
  /** As it stands in what the provider signs. */
  readonly issuer: string
  /** Who JWTs have to be for that are presented in the place of a token. */
  readonly audience: string
  readonly claims: ClaimRules
  /** Who we are there, for signing in at the page; absent: it is not offered. */
  readonly client?: OidcClient | undefined
}

/** Who the gateway is at a provider, for whoever signs in at the page. */
export interface OidcClient {
  readonly id: string
  readonly secret: string
  /** How the page calls the provider. */
  readonly providerName: string
  readonly scopes: readonly string[]
  readonly sessionMs: number
}

/** The provider that is set; `undefined` where none is. Throws `invalid_argument`, with the setting’s name first. */
export function oidcOptions(settings: OidcSettings): OidcOptions | undefined {
  const { oidcIssuer: issuer, oidcClientId: id, oidcClientSecret: secret, oidcAudience, oidcName, oidcScopes } = settings
  if (issuer === '') {
    const orphan = (['oidcClientId', 'oidcClientSecret', 'oidcAudience', 'oidcName'] as const).find(name => settings[name] !== '')
    if (orphan !== undefined) throw invalid(orphan, 'belongs to oidcIssuer, which is not set')
    return undefined
  }
  const host = checkIssuer(issuer)
  if (id === '' && oidcAudience === '') throw invalid('oidcIssuer', 'takes oidcClientId, or at least oidcAudience')
  if (id === '' && secret !== '') throw invalid('oidcClientSecret', 'belongs to oidcClientId, which is not set')
  if (id !== '' && !oidcScopes.includes('openid')) throw invalid('oidcScopes', 'must have openid')
  return {
    issuer,
    audience: oidcAudience === '' ? id : oidcAudience,
    claims: { nameClaim: settings.oidcNameClaim, rolesClaim: settings.oidcRolesClaim, roles: rolesOf(settings.oidcRoles) },
    ...(id === ''
      ? {}
      : { client: { id, secret, providerName: oidcName === '' ? host : oidcName, scopes: oidcScopes, sessionMs: settings.oidcSessionMs } }),
  }
}

/** Gives its host. Whoever can change what comes without TLS could be anybody. */
function checkIssuer(issuer: string): string {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  const isLoopback = url !== undefined && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname)
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback)) || url.search !== '' || url.hash !== '') {
    throw invalid('oidcIssuer', `${JSON.stringify(issuer)} is not an https address such as https://login.example/realms/ops`)
  }
  return url.host
}

/** `value=role`; where nothing is said, a role is called what it is called here. */
function rolesOf(list: readonly string[]): ReadonlyMap<string, Role> {
  if (list.length === 0) return new Map(roles.map(role => [role, role]))
  return new Map(
    list.map(entry => {
      const at = entry.lastIndexOf('=')
      const [value, role] = [entry.slice(0, at), entry.slice(at + 1)]
      if (at < 1 || !isRole(role))
        throw invalid('oidcRoles', `${JSON.stringify(entry)} is not a value and a role such as gateway-admins=admin`)
      return [value, role]
    }),
  )
}

function invalid(name: string, reason: string): HalibutError {
  return new HalibutError('invalid_argument', `${name}: ${reason}`)
}
