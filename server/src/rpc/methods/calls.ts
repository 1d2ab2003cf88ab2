import type { CallEvent, CallOutcome } from '@halibut-gateway/schemas'
import type { CallContext } from '../call-context.ts'
import type { CallRegistry } from '../call-registry.ts'
import { toRpcError } from '../error-map.ts'
import type { KeptCalls } from '../kept-calls.ts'
import { RecentItems } from '../recent-items.ts'
import type { Handlers } from '../run.ts'

/** The methods about calls to agents, whoever made them. */
export function callsMethods(registry: CallRegistry, kept: KeptCalls): Pick<Handlers, 'calls.get' | 'calls.watch'> {
  return {
    'calls.get': ({ idempotencyKey, epoch }, context): CallOutcome => {
      const outcome = kept.outcome(context.principal.name, idempotencyKey, epoch)
      if (typeof outcome === 'string') return { state: 'unknown', reason: outcome }
      if (outcome.state === 'running') return { state: 'running' }
      if (outcome.state === 'answered') return { state: 'answered', ...(outcome.result ? { result: outcome.result } : {}) }
      const { traceId, principal } = context
      return { state: 'failed', error: toRpcError(outcome.error, principal, { traceId }) as never }
    },
    'calls.watch': async (_params, context) => {
      const changes = new RecentItems<CallEvent>({
        type: 'snapshot',
        calls: registry.open().filter(call => maySee(context, call.principal)),
      })
      const stop = registry.onChange(change => {
        if (maySee(context, change.call.principal)) changes.push(change)
      })
      try {
        return await changes.feed.run(context)
      } finally {
        stop()
      }
    },
  }
}

function maySee({ principal }: CallContext, owner: string): boolean {
  return principal.role === 'admin' || principal.name === owner
}
