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
  const byCall = new Map<string, { readonly first: RuleChange; readonly methods: Set<string> }>()
  for (const change of changes) {
    const key = JSON.stringify([change.change, change.who, change.role, change.right, change.agent, change.service, generalReason(change)])
    const known = byCall.get(key)
    if (known) known.methods.add(change.method ?? '')
    else byCall.set(key, { first: change, methods: new Set([change.method ?? '']) })
  }
  const groups = new Map<string, ChangeGroup & { readonly agents: string[] }>()
  for (const { first, methods } of byCall.values()) {
    const { who, role, change, agent } = first
    const what = whatOf(first, [...methods].filter(name => name !== '').sort())
    const reason = generalReason(first)
    const key = JSON.stringify([change, who, role, what, reason])
    const known = groups.get(key)
    if (known) known.agents.push(agent)
    else groups.set(key, { who, role, change, what, agents: [agent], reason })
  }
  return [...groups.values()].sort(
    (one, other) => Number(one.change === 'gains') - Number(other.change === 'gains') || (one.who < other.who ? -1 : 1),
  )
}

function whatOf({ right, service = '' }: RuleChange, methods: readonly string[]): string {
  if (right === 'agents.read') return 'to see'
  const named = methods.length > 3 ? ` (${methods.length} methods)` : methods.map(name => `.${name}`).join(', ')
  return `to call ${service}${named} of`
}

/** The reason without the agent and the method that it names: those stand beside it. */
function generalReason({ reason, agent, service, method }: RuleChange): string {
  return reason
    .replace(` of the agent ${agent}`, '')
    .replace(` see the agent ${agent}`, ' see it')
    .replace(`${service}.${method}`, service ?? '')
}
