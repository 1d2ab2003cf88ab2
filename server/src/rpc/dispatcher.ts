import { type MethodEntry, type MethodName, type MethodParams, type MethodResult, methods } from '@halibut-gateway/schemas'
import type { CancelMode } from '@halibut-gateway/schemas/contract'
import {
  describeGot,
  maxParamErrors,
  type ParamError,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
} from '@halibut-gateway/schemas/wire'
import type { TSchema } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { HalibutError } from '../base/errors.ts'
import type { LogSink } from '../base/log.ts'
import { createTraceId } from '../base/trace-id.ts'
import type { CallStreams } from './call-streams.ts'
import { toHalibutError, toRpcError } from './error-map.ts'
import { expectedBy } from './expectation.ts'
import { ParamsError } from './params-error.ts'

/** Who signed in. */
export interface Principal {
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'admin'
}

/** What the session gives a request to run with. */
export interface RequestContext {
  readonly principal: Principal
  /** Who is served in turn with others where requests wait for an agent: one browser. */
  readonly caller?: string | undefined
  /** When the request came, by `performance.now()`. */
  readonly receivedMs: number
  /** Aborted when the caller cancels the request (reason: `cancelled`), or when the session is over (reason: `closed`). */
  readonly signal: AbortSignal
  /** It came in a long text: what has to be done with all of its parameters is done in turns with others. */
  readonly isLong?: boolean | undefined
  /** The data streams in parameters and result. */
  readonly streams: CallStreams
  /** From now on a cancelled request may have run; `cancel`: what becomes of it where whoever gives it up does not say. */
  begun(cancel: CancelMode): void
  /** Opens a session, or goes on with one: for `hello` alone. */
  openSession?(resume: MethodParams<'hello'>['resume']): OpenedSession
  sendItem(sequence: number, item: unknown): void
  /** Resolves when the client takes more items, or the request is aborted. */
  writable(): Promise<void>
}

/** What `hello` tells of the session. */
export type OpenedSession = Pick<MethodResult<'hello'>, 'session' | 'resumeToken' | 'resumed' | 'reason' | 'sequence' | 'streams'>

/** What a handler knows beside its parameters. */
export interface CallContext extends Omit<RequestContext, 'sendItem' | 'openSession'> {
  /** 32 hex digits. */
  readonly traceId: string
  /** Opens a session, or goes on with one; `undefined` where there is one already. */
  openSession(resume: MethodParams<'hello'>['resume']): OpenedSession | undefined
  /** Sends an item of a watch. */
  sendItem(item: unknown): void
}

/** A function for each method of the one map. */
export type Handlers = {
  readonly [M in MethodName]: (params: MethodParams<M>, context: CallContext) => MethodResult<M> | Promise<MethodResult<M>>
}

interface Route {
  readonly params: TypeCheck<TSchema>
  readonly result: TypeCheck<TSchema>
  readonly item: TypeCheck<TSchema> | undefined
  readonly handle: (params: unknown, context: CallContext) => unknown
}

/** Method to handler: validates both ways, and turns every outcome into exactly one response. */
export class Dispatcher {
  readonly #routes = new Map<string, Route>()
  readonly #log: LogSink

  constructor(handlers: Handlers, log: LogSink) {
    this.#log = log
    for (const [name, entry] of Object.entries(methods) as [MethodName, MethodEntry][]) {
      this.#routes.set(name, {
        params: TypeCompiler.Compile(entry.params),
        result: TypeCompiler.Compile(entry.result),
        item: entry.item && TypeCompiler.Compile(entry.item),
        handle: handlers[name] as Route['handle'],
      })
    }
  }

  /** True for a watch: it sends items before its response, and cannot stand in a batch. */
  isWatch(method: string): boolean {
    return this.#routes.get(method)?.item !== undefined
  }

  /** Runs a request to its response. Never rejects. */
  async dispatch(request: RequestMessage & { readonly id: RequestId }, context: RequestContext): Promise<ResponseMessage> {
    const { id, method, params = {} } = request
    const route = this.#routes.get(method)
    const call = new RunningCall(method, context, route?.item)
    try {
      if (!route) throw new HalibutError('unknown_method', `there is no method ${JSON.stringify(method)}`)
      if (!route.params.Check(params)) throw misfit(method, route.params, params)
      const result = await route.handle(params, call)
      if (!route.result.Check(result)) {
        const first = route.result.Errors(result).First()
        throw new Error(`the result of ${method} does not fit its schema: ${first?.path} ${first?.message}`)
      }
      return { jsonrpc: '2.0', id, result }
    } catch (thrown) {
      const error = toldWhy(toHalibutError(thrown), context.signal)
      const { traceId } = call
      if (error.kind === 'internal_error') {
        const cause = error.cause ?? error
        this.#log('error', `${method} failed`, { traceId, cause: cause instanceof Error ? cause.stack : String(cause) })
      }
      return failure(id, error, context.principal, { traceId, agent: agentOf(params) })
    }
  }
}

/** What a handler sees of its request. Nothing is made that it does not ask for. */
class RunningCall implements CallContext {
  readonly #method: string
  readonly #request: RequestContext
  readonly #item: TypeCheck<TSchema> | undefined
  #traceId: string | undefined
  #sequence = 0

  constructor(method: string, request: RequestContext, item: TypeCheck<TSchema> | undefined) {
    this.#method = method
    this.#request = request
    this.#item = item
  }

  get principal(): Principal {
    return this.#request.principal
  }

  get caller(): string | undefined {
    return this.#request.caller
  }

  get receivedMs(): number {
    return this.#request.receivedMs
  }

  get isLong(): boolean {
    return this.#request.isLong ?? false
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }

  get streams(): CallStreams {
    return this.#request.streams
  }

  get traceId(): string {
    this.#traceId ??= createTraceId()
    return this.#traceId
  }

  begun(cancel: CancelMode): void {
    this.#request.begun(cancel)
  }

  openSession(resume: MethodParams<'hello'>['resume']): OpenedSession | undefined {
    return this.#request.openSession?.(resume)
  }

  writable(): Promise<void> {
    return this.#request.writable()
  }

  sendItem(item: unknown): void {
    if (!this.#item?.Check(item)) throw new Error(`an item of ${this.#method} does not fit its schema`)
    this.#request.sendItem(++this.#sequence, item)
  }
}

/** A request that was not cancelled by its caller says what stopped it, and what became of it all the same. */
function toldWhy(error: HalibutError, signal: AbortSignal): HalibutError {
  const why: unknown = signal.aborted && error.kind === 'cancelled' ? signal.reason : undefined
  if (!(why instanceof HalibutError) || why.kind === 'cancelled') return error
  return why.with({ phase: error.phase, delivery: error.delivery })
}

/** The error of parameters that do not fit. */
function misfit(method: string, check: TypeCheck<TSchema>, params: unknown): ParamsError {
  const errors = paramErrors(check, params)
  const first = errors[0]
  const where = first ? `: ${first.path === '' ? 'params' : first.path}: expected ${first.expected}, got ${first.got}` : ''
  return new ParamsError(`the parameters of ${method} do not fit${where}`, errors)
}

/** An error response. */
export function failure(
  id: RequestId | null,
  error: HalibutError,
  principal: Principal | undefined,
  context: { readonly traceId?: string; readonly agent?: string | undefined } = {},
): ResponseMessage {
  const traceId = context.traceId ?? createTraceId()
  return { jsonrpc: '2.0', id, error: toRpcError(error, { traceId, agent: context.agent, showDetails: principal?.role === 'admin' }) }
}

/** The places where a value does not fit a schema; at most ten, each once. */
function paramErrors(check: TypeCheck<TSchema>, value: unknown): ParamError[] {
  const errors = new Map<string, ParamError>()
  for (const error of check.Errors(value)) {
    if (!errors.has(error.path)) {
      errors.set(error.path, { path: error.path, expected: expectedBy(error), got: describeGot(error.value) })
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
