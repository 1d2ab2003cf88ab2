import type { Target } from '../access/grant-index.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'

/** A method as rules name it: without its signature. */
export function methodName(method: string): string {
  const end = method.indexOf('(')
  return end < 0 ? method : method.slice(0, end)
}

/** An agent as rules see it, whether it is there or not: who may not know of it learns neither. */
export function agentTarget(directory: AgentDirectory, id: string): NonNullable<Target['agent']> {
  return { id, tags: directory.get(id)?.definition.tags }
}
