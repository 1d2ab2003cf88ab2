/** The roles that a sign-in can have, from the least to the most. */
export const roles = ['viewer', 'operator', 'admin'] as const

/** What a sign-in is: how much it may do. */
export type Role = (typeof roles)[number]

/** The one table of rights: every method and every route names one of them. `roles` have it; `meaning` is what it lets one do. */
export const rightTable = {
  none: right(['viewer', 'operator', 'admin'], 'what whoever is signed in may do'),
  'agents.read': right(['viewer', 'operator', 'admin'], 'see agents and their states'),
  'agents.write': right(['admin'], 'add, change and remove agents'),
  'agents.call': right(['operator', 'admin'], 'call services of agents'),
  'calls.read': right(['viewer', 'operator', 'admin'], 'see what becomes of one’s own calls'),
  'contracts.read': right(['viewer', 'operator', 'admin'], 'see contracts'),
  'contracts.write': right(['admin'], 'add and remove contracts'),
  'trust.read': right(['operator', 'admin'], 'see whom the gateway trusts, and who asks to be'),
  'trust.write': right(['admin'], 'trust, deny and revoke'),
  'rules.read': right(['admin'], 'see the rules, and what others would change'),
  'rules.write': right(['admin'], 'write the rules'),
  'tokens.read': right(['admin'], 'see which tokens there are'),
  'tokens.write': right(['admin'], 'make and revoke tokens'),
  'audit.read': right(['admin'], 'see what others do'),
  'backup.write': right(['admin'], 'make backups of all that is kept'),
  'metrics.read': right(['viewer', 'operator', 'admin'], 'read /metrics, and what was counted before'),
  'inspect.read': right(['admin'], 'see what happens on the connections to agents, and the stack traces of their services'),
} as const satisfies Record<string, RightEntry>

/** One row of {@link rightTable}. */
export interface RightEntry {
  readonly roles: readonly Role[]
  readonly meaning: string
}

/** The closed set of rights. */
export type Right = keyof typeof rightTable

/** Whether a text is a role. */
export function isRole(text: string): text is Role {
  return (roles as readonly string[]).includes(text)
}

/** Whether a role has a right. */
export function hasRight(role: Role, right: Right): boolean {
  const entry: RightEntry = rightTable[right]
  return entry.roles.includes(role)
}

function right(roles: readonly Role[], meaning: string): RightEntry {
  return { roles, meaning }
}
