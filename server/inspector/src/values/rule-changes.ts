import type { RuleChange } from '@halibut-gateway/schemas'

/** What one sign-in gains and loses at one agent. */
export interface ChangeGroup {
  readonly who: string
  readonly role: string
  readonly change: RuleChange['change']
  /** What it is: seeing them, or calling a service. */
  readonly what: string
  readonly agents: readonly string[]
  readonly reason: string
}

/** Changes that are the same but for the agent, or the method, told once: who loses first. */
export function groupChanges(changes: readonly RuleChange[]): readonly ChangeGroup[] {
  const byCall = new Map<string, { first: RuleChange; methods: Set<string> }>()
  for (const change of changes) {
    const key = JSON.stringify([change.change, change.who, change.role, change.right, change.agent, change.service, change.reason])
    const known = byCall.get(key)
    if (known) known.methods.add(change.method ?? '')
    else byCall.set(key, { first: change, methods: new Set([change.method ?? '']) })
  }
  const groups = new Map<string, ChangeGroup & { agents: string[] }>()
  for (const { first, methods } of byCall.values()) {
    const { who, role, change, right, agent, service, reason } = first
    const names = [...methods].filter(name => name !== '').sort()
    const what =
      right === 'agents.read'
        ? 'to see'
        : `to call ${service ?? ''}${names.length === 0 ? '' : names.length > 3 ? ` (${names.length} methods)` : `.${names.join(', .')}`} of`
    const key = JSON.stringify([change, who, role, what, withoutNames(reason, agent)])
    const known = groups.get(key)
    if (known) known.agents.push(agent)
    else groups.set(key, { who, role, change, what, agents: [agent], reason })
  }
  return [...groups.values()].sort(
    (one, other) => Number(one.change === 'gains') - Number(other.change === 'gains') || (one.who < other.who ? -1 : 1),
  )
}

/** A reason that names the agent is the same for another one. */
function withoutNames(reason: string, agent: string): string {
  return reason.replaceAll(agent, '')
}
