import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import type { Audit, AuditRetention } from './audit.ts'

/** What {@link keepUp} works with. */
export interface UpkeepOptions {
  readonly audit: Pick<Audit, 'trim' | 'verify'>
  readonly retention: AuditRetention
  readonly log: LogSink
}

/**
 * Trims an audit log to its limits, now and every hour, and looks through it, now and every day: who reads the log is to know that it holds. One
 * after the other, so that neither meets the other at work. Gives a function that ends this.
 */
export function keepUp({ audit, retention, log }: UpkeepOptions): () => Promise<void> {
  const { auditTrimMs, auditVerifyMs } = gatewayLimits
  let verifiedMs = Number.NEGATIVE_INFINITY
  let working: Promise<void> | undefined
  const stop = new AbortController()
  const verify = async (): Promise<void> => {
    if (performance.now() - verifiedMs < auditVerifyMs) return
    verifiedMs = performance.now()
    const found = await audit.verify([], stop.signal)
    if (!found.ok) log('error', `THE AUDIT LOG DOES NOT HOLD: ${found.message}`, { finding: found.finding, entry: found.sequence })
  }
  const work = async (): Promise<void> => {
    for (const [act, what] of [
      [() => audit.trim(retention), 'trimmed'],
      [verify, 'verified'],
    ] as const)
      try {
        await act()
      } catch (why) {
        if (!stop.signal.aborted) log('error', `the audit log could not be ${what}`, { cause: messageOf(why) })
      }
    working = undefined
  }
  working = work()
  const timer = setInterval(() => {
    working ??= work()
  }, auditTrimMs)
  return async () => {
    clearInterval(timer)
    stop.abort()
    await working
  }
}
