import { type Role, roles } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import type { Principal } from './principal.ts'

/** How what a provider says of somebody is read. */
export interface ClaimRules {
  /** The claim whose value is the name. */
  readonly nameClaim: string
  /** The claim with what stands for roles: a text, or a list of texts. With dots a member of a member: `realm_access.roles`. */
  readonly rolesClaim: string
  /** Which role each value of it is. */
  readonly roles: ReadonlyMap<string, Role>
}

const namePrefix = 'oidc:'
const maxNameChars = 200
const toldValues = 5

/**
 * Whose claims these are: `oidc:` and the name, so that nobody passes for a token, with the greatest of the roles. Throws `unauthorized` where there
 * is no name, and `forbidden` where there is no role.
 */
export function claimedPrincipal(claims: Readonly<Record<string, unknown>>, rules: ClaimRules): Principal {
  const told = claimAt(claims, rules.nameClaim)
  if (typeof told !== 'string' || told === '' || told.length > maxNameChars || /\p{Cc}/u.test(told)) {
    throw new HalibutError('unauthorized', `the claim ${rules.nameClaim} is not a name`, {
      advice: 'let the provider say it, or set oidcNameClaim to one that it says',
    })
  }
  const values = textsOf(claimAt(claims, rules.rolesClaim))
  const found = values.flatMap(value => rules.roles.get(value) ?? [])
  const role = roles.findLast(each => found.includes(each))
  if (role) return { id: idOf(claims, told), name: `${namePrefix}${told}`, role }
  const said = values.length === 0 ? 'is not there' : `has ${values.slice(0, toldValues).map(shown).join(', ')}`
  throw new HalibutError('forbidden', `${told} has no role here: the claim ${rules.rolesClaim} ${said}`, {
    advice: `have one of these said there: ${[...rules.roles.keys()].slice(0, toldValues).map(shown).join(', ')}`,
  })
}

/** A provider gives a subject to nobody else; where it says none there is the name alone. */
function idOf({ iss, sub }: Readonly<Record<string, unknown>>, name: string): string {
  return `${namePrefix}${JSON.stringify(typeof sub === 'string' ? [iss, sub] : [iss, null, name])}`
}

/** A claim whose name has dots itself, as addresses do, comes first. */
function claimAt(claims: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let at: unknown = claims
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(' ').filter(text => text !== '')
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : []
}

function shown(value: string): string {
  return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value)
}
