import { context, propagation, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createRequestTracer } from '../../server/src/telemetry/tracing.ts'

/** The SDK of OpenTelemetry in this process, until the end of its scope, and what it collected. */
export interface CollectedSpans extends AsyncDisposable {
  readonly tracer: NonNullable<ReturnType<typeof createRequestTracer>>
  /** The spans that have ended, by when they began. */
  spans(): ReadableSpan[]
}

export function collectSpans(): CollectedSpans {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  const tracer = createRequestTracer('1.2.3')
  if (!tracer) throw new Error('the SDK was not found')
  return {
    tracer,
    spans: () => exporter.getFinishedSpans().toSorted((a, b) => startOf(a) - startOf(b)),
    async [Symbol.asyncDispose]() {
      await provider.shutdown()
      trace.disable()
      context.disable()
      propagation.disable()
    },
  }
}

/** When a span began and ended, in milliseconds. */
export function startOf({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e3 + nanoseconds / 1e6
}

export function endOf({ endTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e3 + nanoseconds / 1e6
}
