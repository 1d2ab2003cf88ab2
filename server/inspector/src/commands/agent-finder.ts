import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { Agents } from '../state/agents.ts'
import { match } from './matching.ts'
import type { Finder } from './registry.ts'

const mostFound = 8

/** Finds agents by id, name and tag. */
export function agentFinder(agents: Pick<Agents, 'all'>, open: (id: string) => void): Finder {
  return {
    group: 'Agents',
    find: typed => {
      // There may be ten thousand of them at each letter: only the best are kept, and each is looked at once.
      const best: { readonly agent: AgentSnapshot; readonly score: number }[] = []
      for (const agent of agents.all().values()) {
        const score = scoreOf(agent, typed)
        if (score === undefined || (best.length === mostFound && score <= (best.at(-1)?.score ?? 0))) continue
        const at = best.findIndex(each => each.score < score)
        best.splice(at < 0 ? best.length : at, 0, { agent, score })
        if (best.length > mostFound) best.pop()
      }
      return best.map(({ agent: { id, name, state, tags } }) => ({
        id: `agent.${id}`,
        name,
        about: [id === name ? '' : id, state, ...tags].filter(part => part !== '').join(' · '),
        run: () => open(id),
      }))
    },
  }
}

/** A name counts more than a tag. */
function scoreOf({ id, name, tags }: AgentSnapshot, typed: string): number | undefined {
  const named = match(typed, name) ?? match(typed, id)
  return named ? named.score + 10 : match(typed, [name, ...tags].join(' '))?.score
}
