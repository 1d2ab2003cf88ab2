import {
  type Attributes,
  type Context,
  context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  type TracerDelegator,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import type { HalibutError } from '../base/errors.ts'
import { quotesValues } from '../base/quotes-values.ts'
import { traceIdIn } from '../base/trace-id.ts'
import type { CallSubject, CallWay } from '../rpc/call-subject.ts'
import type { CallSpans, RequestSpan, RequestTracer, TracedRequest } from '../rpc/request-spans.ts'
import { withoutSecrets } from './redact.ts'

/**
 * Makes spans for the SDK of OpenTelemetry that this process was started with (`node --import`). `undefined` where there is none, so that nobody
 * pays for spans that nobody gets.
 */
export function createRequestTracer(version: string): RequestTracer | undefined {
  const provider = trace.getTracerProvider()
  const tracer = delegates(provider)
    ? provider.getDelegateTracer('halibut-gateway', version)
    : provider.getTracer('halibut-gateway', version)
  return tracer && { begin: (method, request) => new TracedSpan(tracer, method, request) }
}

/** What stands for a provider that may still be registered knows none until then. */
function delegates(provider: TracerProvider): provider is TracerProvider & TracerDelegator {
  return 'getDelegateTracer' in provider
}

class TracedSpan implements RequestSpan {
  readonly #tracer: Tracer
  readonly #span: Span
  readonly #context: Context
  /** The time of day when `performance.now()` is 0. One for all spans of a request, so that they fit each other. */
  readonly #originMs = Date.now() - performance.now()

  constructor(tracer: Tracer, method: string, request: TracedRequest) {
    const parent = parentOf(request)
    const attributes = { 'rpc.system': 'halibut_gateway', 'rpc.method': method }
    this.#tracer = tracer
    this.#span = tracer.startSpan(method, { kind: SpanKind.SERVER, startTime: this.#originMs + request.receivedMs, attributes }, parent)
    this.#context = trace.setSpan(parent, this.#span)
  }

  get traceId(): string {
    return this.#span.spanContext().traceId
  }

  name(activityId: string): void {
    this.#span.setAttribute('halibut.activity_id', activityId)
  }

  beginCall(subject: CallSubject, way: CallWay, startedMs: number): CallSpans | undefined {
    // Of a trace that is not recorded nothing more is made.
    if (!this.#span.isRecording()) return undefined
    return new TracedCall({ tracer: this.#tracer, parent: this.#context, originMs: this.#originMs }, subject, way, startedMs)
  }

  end(error?: HalibutError): void {
    endSpan(this.#span, this.#originMs + performance.now(), error)
  }
}

/** What the spans of a call are made with. */
interface SpanMaker {
  readonly tracer: Tracer
  readonly parent: Context
  readonly originMs: number
}

class TracedCall implements CallSpans {
  readonly #maker: SpanMaker
  readonly #name: string
  readonly #attributes: Attributes
  #activityId: string
  #state: { readonly at: 'waiting' | 'sent'; readonly span: Span }

  constructor(maker: SpanMaker, { activityId, agent, service, method }: CallSubject, way: CallWay, startedMs: number) {
    const name = method.replace(/\(.*$/s, '')
    this.#maker = maker
    // What a caller may have made up is no name.
    this.#name = way.isByContract ? `${service}/${name}` : 'call'
    this.#attributes = {
      'rpc.system': 'halibut',
      'rpc.service': service,
      'rpc.method': name,
      'halibut.agent': agent,
      'halibut.agent_mode': way.mode,
    }
    this.#activityId = activityId
    this.#state = this.#wait(startedMs)
  }

  sent(): void {
    if (this.#state.at === 'sent') return
    const now = performance.now()
    this.#end(now)
    this.#state = { at: 'sent', span: this.#start(this.#name, SpanKind.CLIENT, now) }
  }

  again(activityId: string): void {
    const now = performance.now()
    this.#end(now, undefined, 'connection_lost')
    this.#activityId = activityId
    this.#state = this.#wait(now)
  }

  end(error?: HalibutError): void {
    this.#end(performance.now(), error)
  }

  #end(ms: number, error?: HalibutError, kind?: string): void {
    endSpan(this.#state.span, this.#maker.originMs + ms, error, kind)
  }

  #wait(startedMs: number): { readonly at: 'waiting'; readonly span: Span } {
    return { at: 'waiting', span: this.#start('wait for a connection', SpanKind.INTERNAL, startedMs) }
  }

  #start(name: string, kind: SpanKind, ms: number): Span {
    const { tracer, parent, originMs } = this.#maker
    const attributes = { ...this.#attributes, 'halibut.activity_id': this.#activityId }
    return tracer.startSpan(name, { kind, startTime: originMs + ms, attributes }, parent)
  }
}

/** The span of the HTTP request that it came with, where somebody makes one; else what the caller told. */
function parentOf({ traceparent, tracestate, isHttp }: TracedRequest): Context {
  if (isHttp && trace.getSpan(context.active())) return context.active()
  const traceId = traceIdIn(traceparent)
  if (traceparent === undefined || traceId === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: traceparent.slice(36, 52),
    traceFlags: Number.parseInt(traceparent.slice(53), 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  })
}

function endSpan(span: Span, timeMs: number, error?: HalibutError, kind: string | undefined = error?.kind): void {
  if (kind !== undefined) {
    span.setAttribute('error.type', kind)
    span.setStatus({ code: SpanStatusCode.ERROR, ...(error && !quotesValues(error) && { message: withoutSecrets(error.message) }) })
  }
  span.end(timeMs)
}
