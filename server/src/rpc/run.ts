import {
  expectedBy,
  isForeign,
  type MethodEntry,
  type MethodName,
  type MethodParams,
  type MethodResult,
  methods,
} from '@halibut-gateway/schemas'
import {
  describeGot,
  type ErrorKind,
  hasRight,
  maxParamErrors,
  type ParamError,
  type Right,
  type RpcError,
  rightTable,
} from '@halibut-gateway/schemas/wire'
import type { TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import type { Principal } from '../access/principal.ts'
import type { AuditEntry, AuditSink } from '../audit/entry.ts'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import type { Change } from '../store/store.ts'
import { auditFacts, isAudited, isOfChange, mustBeWritten } from './audited.ts'
import { type CallContext, type RequestContext, RunningCall } from './call-context.ts'
import { toHalibutError, toRpcError } from './error-map.ts'
import { ParamsError } from './params-error.ts'
import type { RequestTracer } from './request-spans.ts'

/** A function for each method of the one map. */
export type Handlers = {
  readonly [M in MethodName]: (params: MethodParams<M>, context: CallContext) => MethodResult<M> | Promise<MethodResult<M>>
}

/** What came of a method. */
export type Ran = { readonly result: unknown } | { readonly error: RpcError }

/** Hears of each request when it has ended. `method`: where there is such a one. */
type OnEnded = (method: string | undefined, error: ErrorKind | undefined) => void

/** What is written down of a watch. */
type WatchEvent = 'began' | 'ended'

interface Route {
  readonly right: Right
  readonly isOfChange: boolean
  readonly params: TypeCheck<TSchema>
  readonly result: TypeCheck<TSchema>
  readonly item: TypeCheck<TSchema> | undefined
  readonly handle: (params: unknown, context: CallContext) => unknown
}

/** What was asked for, and by whom. */
interface Asked {
  readonly method: string
  readonly params: unknown
  readonly context: RequestContext
  readonly call: RunningCall
  /** The entry of what it changed is kept with that. */
  isWritten: boolean
}

/** Method to handler, however it was asked for: checks the right, validates both ways, and makes of every outcome a result or an error. */
export class MethodRunner {
  readonly #routes = new Map<string, Route>()
  readonly #log: LogSink
  readonly #onEnded: OnEnded | undefined
  readonly #audit: AuditSink | undefined
  readonly #tracer: RequestTracer | undefined

  /**
   * Of the handlers those that will be asked for. `audit` gets what came of each method that changes something, calls an agent or tells of others, and who
   * watches. Default: nobody does; and no spans are made.
   */
  constructor(handlers: Partial<Handlers>, log: LogSink, onEnded?: OnEnded, audit?: AuditSink, tracer?: RequestTracer) {
    this.#log = log
    this.#onEnded = onEnded
    this.#audit = audit
    this.#tracer = tracer
    for (const [name, entry] of Object.entries(methods) as [MethodName, MethodEntry][]) {
      this.#routes.set(name, {
        right: entry.right,
        isOfChange: isOfChange(entry.right),
        params: TypeCompiler.Compile(entry.params),
        result: TypeCompiler.Compile(entry.result),
        item: entry.item && TypeCompiler.Compile(entry.item),
        handle: handlers[name] as Route['handle'],
      })
    }
  }

  /** True for a watch: it sends items before its result. */
  isWatch(method: string): boolean {
    return this.#routes.get(method)?.item !== undefined
  }

  /** For those who look before they read parameters: whether there is such a method, and the caller has its right. Whoever has not is refused by {@link run}. */
  mayRun(method: string, { role }: Principal): boolean {
    const route = this.#routes.get(method)
    return route !== undefined && hasRight(role, route.right)
  }

  /** Runs a method to its end. Never rejects. */
  async run(method: string, params: unknown, context: RequestContext): Promise<Ran> {
    const route = this.#routes.get(method)
    // A watch is no piece of work: it lasts as long as somebody looks.
    const span = route && !route.item ? this.#tracer?.begin(method, context) : undefined
    const call = new RunningCall(method, context, route?.item, span)
    const asked: Asked = { method, params, context, call, isWritten: false }
    let watch: WatchEvent | undefined
    let refusal: HalibutError | undefined
    try {
      requireRight(route, method, context.principal)
      refusal = this.#unwritable(route.right, method)
      if (refusal) throw refusal
      if (!route.params.Check(params)) throw misfit(method, route.params, params)
      if (route.item) {
        await this.#writeDown(route, asked, 'done', { watch: 'began' })
        watch = 'ended'
      }
      if (this.#audit && route.isOfChange) call.change = this.#changeOf(this.#audit, asked)
      const result = await route.handle(params, call)
      if (!route.result.Check(result)) {
        const first = route.result.Errors(result).First()
        throw new Error(`the result of ${method} does not fit its schema: ${first?.path} ${first?.message}`)
      }
      this.#onEnded?.(method, undefined)
      span?.end()
      const kept = this.#writeDown(route, asked, 'done', { watch })
      if (kept) await kept
      return { result }
    } catch (thrown) {
      const error = toldWhy(toHalibutError(thrown), context.signal)
      this.#onEnded?.(route && method, error.kind)
      span?.end(error)
      const { traceId, activityId } = call
      if (error.kind === 'internal_error') {
        const cause = error.cause ?? error
        this.#log('error', `${method} failed`, { traceId, activityId, cause: cause instanceof Error ? cause.stack : String(cause) })
      }
      // Of what was refused since nothing can be written down, nothing has happened.
      const kept = refusal || !route ? undefined : this.#writeDown(route, asked, error.kind, { watch })
      if (kept) await kept
      return { error: toRpcError(error, context.principal, { traceId, agent: agentOf(params), phases: call.phases }) }
    }
  }

  /** Why a method is refused now: what nobody could tell of later does not happen. */
  #unwritable(right: Right, method: string): HalibutError | undefined {
    const failing = this.#audit?.failing
    if (failing === undefined || !mustBeWritten(right, method)) return undefined
    return new HalibutError('storage_failed', `${method} is refused, since it could not be written down who asked for it: ${failing}`)
  }

  /** What a request changes, and the entry of it: both are kept, or neither. */
  #changeOf(audit: AuditSink, asked: Asked): Change {
    let isMade = false
    return async (act, more) => {
      if (isMade) throw new Error(`${asked.method} makes a second change`)
      isMade = true
      const made = await audit.change(entryOf(asked, 'done', { ...auditFacts(asked.params), ...more }), act)
      asked.isWritten = true
      return made
    }
  }

  /**
   * What is audited is written down, unless that was done with what was changed. A promise, which never rejects, until that is kept: what was answered has an
   * entry, whatever happens then.
   */
  #writeDown(
    { right, item }: Route,
    asked: Asked,
    outcome: AuditEntry['outcome'],
    { watch }: { readonly watch?: WatchEvent | undefined },
  ): Promise<void> | undefined {
    if (!this.#audit || asked.isWritten || !(item || isAudited(right))) return undefined
    const entry = entryOf(asked, outcome, watch === undefined ? auditFacts(asked.params) : { watch })
    return this.#audit.record(entry).catch((why: unknown) => {
      const { action, who, agent, traceId } = entry
      const { activityId } = asked.call
      this.#log('error', `the audit log has no entry of ${action} yet`, { who, agent, outcome, traceId, activityId, cause: messageOf(why) })
    })
  }
}

function entryOf(
  { method, params, context: { principal }, call }: Asked,
  outcome: AuditEntry['outcome'],
  facts: AuditEntry['facts'],
): AuditEntry {
  const { replace } = facts ?? {}
  return {
    who: principal.name,
    role: principal.role,
    action: method,
    // Whose place somebody takes is the agent that it was done to.
    agent: agentOf(params) ?? (typeof replace === 'string' ? replace : undefined),
    outcome,
    facts,
    traceId: call.toldTraceId,
  }
}

/** A request that was not cancelled by its caller says what stopped it, and what became of it all the same. */
function toldWhy(error: HalibutError, signal: AbortSignal): HalibutError {
  const why: unknown = signal.aborted && error.kind === 'cancelled' ? signal.reason : undefined
  if (!(why instanceof HalibutError) || why.kind === 'cancelled') return error
  return why.with({ phase: error.phase, delivery: error.delivery })
}

/** Throws where there is no such method, or the caller’s role has not got the right that it takes. */
function requireRight(route: Route | undefined, method: string, { role }: Principal): asserts route is Route {
  if (!route) throw new HalibutError('unknown_method', `there is no method ${JSON.stringify(method)}`)
  const { right } = route
  if (hasRight(role, right)) return
  throw new HalibutError('forbidden', `${method} takes the right ${right}, which the role ${role} has not got`, {
    advice: `sign in with the role ${rightTable[right].roles.join(' or ')}`,
  })
}

/** The error of parameters that do not fit. */
function misfit(method: string, check: TypeCheck<TSchema>, params: unknown): ParamsError {
  const errors = paramErrors(check, params)
  const first = errors[0]
  const where = first ? `: ${first.path === '' ? 'params' : first.path}: expected ${first.expected}, got ${first.got}` : ''
  return new ParamsError(`the parameters of ${method} do not fit${where}`, errors)
}

/** The places where a value does not fit a schema; at most ten, each once. */
function paramErrors(check: TypeCheck<TSchema>, value: unknown): ParamError[] {
  const errors = new Map<string, ParamError>()
  for (const error of check.Errors(value)) {
    if (!errors.has(error.path)) {
      errors.set(error.path, { path: error.path, expected: expectedBy(error), got: describeGot(error.value, isForeign(error)) })
    }
    if (errors.size >= maxParamErrors) break
  }
  return [...errors.values()]
}

/** The agent that parameters name. */
export function agentOf(params: unknown): string | undefined {
  if (typeof params !== 'object' || params === null || !Object.hasOwn(params, 'agent')) return undefined
  const { agent } = params as { agent: unknown }
  return typeof agent === 'string' && agent.length <= 128 ? agent : undefined
}
