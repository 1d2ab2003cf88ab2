import type { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { LineBudget } from '../base/line-budget.ts'
import type { LogSink } from '../base/log.ts'
import { quotesValues } from '../base/quotes-values.ts'
import type { CallMeter, OpenCall } from '../rpc/call-registry.ts'

/**
 * Makes a line of the log of each call to an agent that failed, so many in a minute, and at `debug` of each that was answered: with the ids of its
 * trace and of the call, and never with its values.
 */
export function callLog(log: LogSink, now: () => number = () => performance.now()): CallMeter {
  const lines = new LineBudget(gatewayLimits.callLines, now)
  return (call, durationMs, error) => {
    if (error) {
      const line = lines.take()
      if (line.allowed) log('info', 'call failed', factsOf(call, durationMs, error, line.missed))
    } else if (log.writes?.('debug')) log('debug', 'call answered', factsOf(call, durationMs))
  }
}

function factsOf(
  { subject, way, activityId, queuedMs }: OpenCall,
  durationMs: number,
  error?: HalibutError,
  leftOut = 0,
): Readonly<Record<string, unknown>> {
  const { agent, service, method, principal } = subject
  return {
    agent,
    service,
    method,
    principal,
    ...(error && { kind: error.kind, phase: error.phase, delivery: error.delivery, ...(!quotesValues(error) && { why: error.message }) }),
    queuedMs: Math.round(queuedMs * 100) / 100,
    durationMs,
    traceId: way.request?.traceId,
    activityId,
    ...(activityId === subject.activityId ? {} : { firstActivityId: subject.activityId }),
    ...(leftOut > 0 ? { leftOut } : {}),
  }
}
