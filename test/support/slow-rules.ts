import type { Grant, RulesDocument } from '@halibut-gateway/schemas'
import { hasRight, type Right } from '@halibut-gateway/schemas/wire'
import type { Target } from '../../server/src/access/grant-index.ts'
import type { Principal } from '../../server/src/access/principal.ts'

// Rules decided the obviously right way: one after the other, and each pattern by trying every way.

/** Whether a text matches a pattern in which `*` stands for any characters. */
export function slowMatch(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  if (pattern.startsWith('*')) return slowMatch(pattern.slice(1), text) || (text !== '' && slowMatch(pattern, text.slice(1)))
  return text.startsWith(pattern.charAt(0)) && slowMatch(pattern.slice(1), text.slice(1))
}

/** Whether a grant reaches a target. */
function slowReaches({ agents, services = ['*'], methods = ['*'] }: Grant, { agent, service, method }: Target): boolean {
  const isAgent = (pattern: string): boolean => {
    if (!pattern.startsWith('tag:')) return slowMatch(pattern, agent?.id ?? '')
    return (agent?.tags ?? []).some(tag => slowMatch(pattern.slice('tag:'.length), tag))
  }
  if (agent && !agents.some(isAgent)) return false
  if (service !== undefined && !services.some(pattern => slowMatch(pattern, service))) return false
  return method === undefined || methods.some(pattern => slowMatch(pattern, method))
}

/** What `decide` must say. */
export function slowDecision(
  { rules }: RulesDocument,
  { name, role }: Principal,
  right: Right,
  target: Target,
): { readonly allowed: boolean; readonly rule: string | undefined } {
  if (!hasRight(role, right)) return { allowed: false, rule: undefined }
  if (role === 'admin') return { allowed: true, rule: undefined }
  const isMeant = (who: string): boolean => (who.startsWith('role:') ? who === `role:${role}` : slowMatch(who, name))
  const rule = rules.find(each => each.who.some(isMeant) && slowReaches(each, target))
  return { allowed: rule !== undefined, rule: rule?.name }
}
