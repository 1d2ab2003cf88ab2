import type { CallEvent, CallOutcome, CallSnapshot } from '@halibut-gateway/schemas'
import { hasRight } from '@halibut-gateway/schemas/wire'
import type { CallContext } from '../call-context.ts'
import type { CallRegistry } from '../call-registry.ts'
import { toRpcError } from '../error-map.ts'
import type { KeptCalls } from '../kept-calls.ts'
import { RecentItems } from '../recent-items.ts'
import type { Handlers } from '../run.ts'

/** About 64 KiB. */
const callsPerItem = 256

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
      const changes = new RecentItems<CallEvent>(inParts(registry.open().filter(call => maySee(context, call.principal))))
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

/** A snapshot of thousands would be more than is kept for a resume. */
function inParts(calls: readonly CallSnapshot[]): CallEvent[] {
  const parts: CallEvent[] = []
  for (let at = 0; at === 0 || at < calls.length; at += callsPerItem) {
    const part = { type: 'snapshot', calls: calls.slice(at, at + callsPerItem) } as const
    parts.push(at + callsPerItem < calls.length ? { ...part, more: true } : part)
  }
  return parts
}

function maySee({ principal }: CallContext, owner: string): boolean {
  return principal.name === owner || hasRight(principal.role, 'audit.read')
}
