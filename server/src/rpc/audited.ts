import type { Right } from '@halibut-gateway/schemas/wire'

const auditedRights: ReadonlySet<Right> = new Set([
  'agents.write',
  'agents.call',
  'contracts.write',
  'trust.write',
  'rules.write',
  'tokens.write',
  'backup.write',
] as const)

/** Whether it is written down when somebody uses a right: to change something, to call an agent, or to read what is written down. */
export function isAudited(right: Right): boolean {
  return right === 'audit.read' || auditedRights.has(right)
}

/** Whether what is done with a right changes what is kept, so that its entry is a part of that change. */
export function isOfChange(right: Right): boolean {
  return auditedRights.has(right) && right !== 'agents.call'
}

/** These end what somebody else may be doing at this moment, at once, whatever the disk does. */
const endings: ReadonlySet<string> = new Set(['tokens.revoke', 'trust.revoke'])

/** Whether nobody runs a method that takes this right while nothing can be written down. */
export function mustBeWritten(right: Right, method: string): boolean {
  return auditedRights.has(right) && !endings.has(method)
}

/** Parameters that say what was done to what: names, and never a value of a call. */
const namedFacts = [
  'service',
  'method',
  'id',
  'name',
  'role',
  'thumbprint',
  'subscription',
  'pending',
  'replace',
  'address',
  'who',
  'action',
  'outcome',
] as const
/** They may be anything, and are written down also where they do not fit. */
const maxFactChars = 512

/** What the audit log says of parameters. */
export function auditFacts(params: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof params !== 'object' || params === null) return undefined
  const given = params as Record<string, unknown>
  const facts: Record<string, string> = {}
  for (const name of namedFacts) if (typeof given[name] === 'string') facts[name] = given[name].slice(0, maxFactChars)
  if (Number.isSafeInteger(given['sequence'])) facts['sequence'] = String(given['sequence'])
  // A contract that is added says whose it is in its document.
  const { service } = (given['contract'] ?? {}) as { readonly service?: unknown }
  if (typeof service === 'string') facts['service'] ??= service.slice(0, maxFactChars)
  return facts
}
