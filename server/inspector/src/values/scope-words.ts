import type { Grant } from '@halibut-gateway/schemas'

/** What a scope lets one reach, in words: a grant a line. */
export function scopeWords(scope: readonly Grant[]): readonly string[] {
  return scope.map(({ agents, services, methods }) => {
    const where = agents.includes('*') ? 'all agents' : listed(agents.map(agentWords))
    if (services?.length === 0) return `see ${where}`
    const what = services === undefined || services.includes('*') ? 'all services' : listed(services)
    const which = methods === undefined || methods.includes('*') ? '' : `, only ${listed(methods)}`
    return `${what} of ${where}${which}`
  })
}

/** Texts with commas between, as somebody types them. */
export function patternsIn(text: string): string[] {
  return text
    .split(',')
    .map(each => each.trim())
    .filter(each => each !== '')
}

function agentWords(pattern: string): string {
  return pattern.startsWith('tag:') ? `agents with ${pattern.slice(4)}` : pattern
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  return names.length <= 4 ? names.join(', ') : `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`
}
