import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import type { Audit } from './audit.ts'

/** Trims an audit log to its limits, now and every hour; gives a function that ends this. */
export function keepTrimmed(audit: Pick<Audit, 'trim'>, log: LogSink): () => Promise<void> {
  const { auditEntries, auditMs, auditTrimMs } = gatewayLimits
  let trimming: Promise<void> | undefined
  const trim = async (): Promise<void> => {
    try {
      await audit.trim({ maxAgeMs: auditMs, maxEntries: auditEntries })
    } catch (why) {
      log('error', 'the audit log could not be trimmed', { cause: why instanceof Error ? why.message : String(why) })
    }
    trimming = undefined
  }
  trimming = trim()
  const timer = setInterval(() => {
    trimming ??= trim()
  }, auditTrimMs)
  return async () => {
    clearInterval(timer)
    await trimming
  }
}
