import { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'

/** What is refused while the gateway comes to its end. `what`: that it does not do any more. */
export function drainingError(what: string): HalibutError {
  return new HalibutError('draining', `the gateway is stopping, and ${what}`, { retryAfterMs: gatewayLimits.drainRetryMs })
}
