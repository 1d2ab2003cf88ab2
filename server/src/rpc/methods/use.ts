import type { AgentUse as ToldUse } from '@halibut-gateway/schemas'
import type { Access } from '../../access/access.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import { AgentSight } from '../agent-sight.ts'
import { type AgentUse, SeenOpenCalls } from '../agent-use.ts'
import { ChangedItems } from '../changed-items.ts'
import { pageOf } from '../pages.ts'
import type { Handlers } from '../run.ts'
import { SeenThings } from '../seen-things.ts'

/** About what the JSON of an entry has beside its agent’s id. */
const frameChars = 80

/** What the methods about the use of agents work with. */
export interface UseMethodsOptions {
  readonly use: AgentUse
  readonly directory: AgentDirectory
  readonly access: Access
}

/** The methods that tell how agents are used: of those alone that the caller may see. */
export function useMethods({ use, directory, access }: UseMethodsOptions): Pick<Handlers, 'use.list' | 'use.watch'> {
  return {
    'use.list': (params, { principal }) => {
      const sight = new AgentSight(access, principal)
      const open = use.open()
      const all = new Map<string, ToldUse>()
      for (const id of new Set([...use.ids(), ...open.keys()])) {
        const agent = directory.get(id)
        if (agent && sight.sees(agent)) all.set(id, told(id, use.lastMs(id), open.get(id)))
      }
      const { page, next } = pageOf(all, params)
      return { use: [...page], ...next }
    },
    'use.watch': async (_params, context) => {
      const sight = new AgentSight(access, context.principal)
      const listeners = new Set<(agent: string) => void>()
      const open = new SeenOpenCalls(use, agent => {
        for (const listener of listeners) listener(agent)
      })
      const changed = new ChangedItems<ToldUse>(
        new SeenThings<ToldUse>({
          ids: () => open.ids(),
          seen: id => {
            const agent = directory.get(id)
            return agent && sight.sees(agent) ? told(id, use.lastMs(id), open.of(id)) : undefined
          },
          chars: ({ agent }) => frameChars + agent.length,
          item: (type, items) => ({ type, use: items }),
          onChange: listener => {
            listeners.add(listener)
            return use.onChange(listener)
          },
          onSight: listener => sight.onChange(listener),
        }),
        gatewayLimits.agentUseMs,
      )
      try {
        return await changed.feed.run(context)
      } finally {
        changed.close()
        open.close()
      }
    },
  }
}

function told(agent: string, lastMs: number | undefined, open = { queued: 0, running: 0 }): ToldUse {
  return { agent, ...(lastMs !== undefined && { lastCall: new Date(lastMs).toISOString() }), ...open }
}
