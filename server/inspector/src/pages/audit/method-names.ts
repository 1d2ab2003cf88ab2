import type { MethodName } from '@halibut-gateway/schemas'

/** Actions that people look for; another one can be typed. */
export const methodNames = [
  'agent.invoke',
  'agents.add',
  'agents.disable',
  'agents.doctor',
  'agents.remove',
  'agents.update',
  'audit.search',
  'backup.create',
  'certificates.create',
  'certificates.promote',
  'certificates.retire',
  'contracts.add',
  'contracts.remove',
  'rules.set',
  'tokens.create',
  'tokens.revoke',
  'trust.approve',
  'trust.deny',
  'trust.restore',
  'trust.revoke',
  'trust.rotate',
] as const satisfies readonly MethodName[]
