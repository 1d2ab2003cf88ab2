import type { CallEvent, CallOutcome, CallSnapshot, MethodResult } from '@halibut-gateway/schemas'
import { hasRight } from '@halibut-gateway/schemas/wire'
import { isSame, ownerOf, type Principal } from '../../access/principal.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { Mesh } from '../../fleet/mesh.ts'
import type { CallContext } from '../call-context.ts'
import type { CallRegistry, OpenCall } from '../call-registry.ts'
import { CallWaits } from '../call-waits.ts'
import { toRpcError } from '../error-map.ts'
import type { KeptCalls } from '../kept-calls.ts'
import { pageOf } from '../pages.ts'
import { RecentItems } from '../recent-items.ts'
import type { Handlers } from '../run.ts'

/** About 64 KiB. */
export const callsPerItem = 256

/** What the methods about calls work with. */
export interface CallsOptions {
  readonly registry: CallRegistry
  readonly kept: KeptCalls
  readonly directory: AgentDirectory
  readonly mesh: Pick<Mesh, 'waiting'>
}

/** The methods about calls to agents, whoever made them. */
export function callsMethods(options: CallsOptions): Pick<Handlers, 'calls.list' | 'calls.get' | 'calls.watch'> {
  const { registry, kept } = options
  const look = (context: CallContext): SeenCalls => new SeenCalls(options, context)
  return {
    'calls.list': ({ agent, ...page }, context): MethodResult<'calls.list'> => {
      const seen = look(context)
      const calls = new Map(
        seen
          .open()
          .filter(({ subject }) => agent === undefined || subject.agent === agent)
          .map(call => [`${call.since} ${call.subject.activityId}`, call]),
      )
      const { page: told, next } = pageOf(calls, page)
      return { calls: told.map(call => seen.snapshot(call)), ...next }
    },
    'calls.get': ({ idempotencyKey, epoch }, context): CallOutcome => {
      const outcome = kept.outcome(ownerOf(context.principal), idempotencyKey, epoch)
      if (typeof outcome === 'string') return { state: 'unknown', reason: outcome }
      if (outcome.state === 'lost') return { state: 'unknown', reason: 'lost' }
      if (outcome.state === 'running') {
        const call = openCall(registry, context.principal, idempotencyKey)
        return { state: 'running', ...(call && { call: look(context).snapshot(call) }) }
      }
      if (outcome.state === 'answered') return { state: 'answered', ...(outcome.result ? { result: outcome.result } : {}) }
      const { traceId, principal } = context
      return { state: 'failed', error: toRpcError(outcome.error, principal, { traceId }) as never }
    },
    'calls.watch': async (_params, context) => {
      const first = look(context)
      const changes = new RecentItems<CallEvent>(inParts(first.open().map(call => first.snapshot(call))))
      const stop = registry.onChange(({ type, call, of }) => {
        if (maySee(context, of)) changes.push({ type, call: withOwner(context, of, call) })
      })
      const waits = new WaitChanges(
        () => look(context),
        call => changes.push({ type: 'changed', call }),
      )
      try {
        return await changes.feed.run(context)
      } finally {
        stop()
        waits.close()
      }
    },
  }
}

/** The open calls that a caller may see, at one moment. */
class SeenCalls {
  readonly #registry: CallRegistry
  readonly #waits: CallWaits
  readonly #context: CallContext

  constructor({ registry, directory, mesh }: CallsOptions, context: CallContext) {
    this.#registry = registry
    this.#waits = new CallWaits(registry, directory, mesh)
    this.#context = context
  }

  open(): OpenCall[] {
    return [...this.#registry.calls()].filter(call => maySee(this.#context, call))
  }

  /** Those that wait, the ones that come next first. */
  waiting(): OpenCall[] {
    const place = (call: OpenCall): number => this.#waits.placeOf(call) ?? 0
    return this.open()
      .filter(call => call.isWaiting)
      .sort((a, b) => place(a) - place(b))
  }

  snapshot(call: OpenCall): CallSnapshot {
    const waiting = this.#waits.of(call, other => maySee(this.#context, other))
    return withOwner(this.#context, call, { ...call.snapshot(), ...(waiting && { waiting }) })
  }
}

/** Tells now and then of those calls whose wait is another one than was told: their place moves while nothing happens to them. */
class WaitChanges {
  readonly #timer: ReturnType<typeof setInterval>
  /** What was told of each that waits. */
  #told = new Map<OpenCall, string>()

  constructor(look: () => SeenCalls, tell: (call: CallSnapshot) => void) {
    this.#timer = setInterval(() => {
      const seen = look()
      const told = new Map<OpenCall, string>()
      for (const call of seen.waiting().slice(0, gatewayLimits.callWaits)) {
        const snapshot = seen.snapshot(call)
        const text = JSON.stringify(snapshot.waiting)
        if (this.#told.get(call) !== text) tell(snapshot)
        told.set(call, text)
      }
      this.#told = told
    }, gatewayLimits.callWaitMs)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

function openCall(registry: CallRegistry, principal: Principal, key: string): OpenCall | undefined {
  for (const call of registry.calls()) if (call.way.idempotencyKey === key && isSame(call.way.principal, principal)) return call
  return undefined
}

/** Whether it was made in the session that asks, and the key by which its own caller knows it. */
function withOwner({ caller, principal }: CallContext, { way }: OpenCall, call: CallSnapshot): CallSnapshot {
  const { idempotencyKey } = way
  const mine = idempotencyKey !== undefined && isSame(way.principal, principal) ? { ...call, idempotencyKey } : call
  return caller !== undefined && way.caller === caller ? { ...mine, own: true } : mine
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

function maySee({ principal }: CallContext, { way }: OpenCall): boolean {
  return isSame(way.principal, principal) || hasRight(principal.role, 'audit.read')
}
