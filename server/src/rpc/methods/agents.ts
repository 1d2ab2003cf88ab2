import type { AgentEvent } from '@halibut-gateway/schemas'
import { HalibutError } from '../../base/errors.ts'
import type { AgentDirectory, DirectoryChange } from '../../fleet/agent-directory.ts'
import type { Handlers } from '../dispatcher.ts'

/** The methods about the agents themselves. */
export function agentsMethods(directory: AgentDirectory): Pick<Handlers, 'agents.list' | 'agents.watch'> {
  return {
    'agents.list': () => ({ agents: directory.snapshots() }),
    'agents.watch': async (_params, context) => {
      // The newest change of each agent: a slow reader gets fewer of them, never a wrong last one.
      const changed = new Map<string, DirectoryChange>()
      let wake = (): void => undefined
      const stop = directory.onChange(change => {
        const id = change.type === 'removed' ? change.id : change.agent.id
        changed.delete(id)
        changed.set(id, change)
        wake()
      })
      const onAbort = (): void => wake()
      context.signal.addEventListener('abort', onAbort)
      try {
        context.sendItem({ type: 'snapshot', agents: directory.snapshots() } satisfies AgentEvent)
        while (!context.signal.aborted) {
          if (changed.size === 0) {
            await new Promise<void>(resolve => {
              wake = resolve
            })
            continue
          }
          await context.writable()
          for (const [id, change] of changed) {
            changed.delete(id)
            context.sendItem(change satisfies AgentEvent)
          }
        }
        throw new HalibutError('cancelled', 'the watch was cancelled')
      } finally {
        stop()
        context.signal.removeEventListener('abort', onAbort)
      }
    },
  }
}
