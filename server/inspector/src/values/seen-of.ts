import { Download } from '@halibut-gateway/client'
import type { Seen } from '@halibut-gateway/schemas/collection'
import type { CallOutcome } from './made-call.ts'

/** What came of a call as assertions look at it; `undefined` where there is nothing that they could look at. */
export function seenOf(outcome: CallOutcome): Seen | undefined {
  switch (outcome.at) {
    case 'running':
      return undefined
    case 'answered': {
      const { value, durationMs } = outcome.result
      return outcome.dropped || value instanceof Download ? undefined : { at: 'answered', value, durationMs }
    }
    case 'failed':
      return { at: 'failed', kind: outcome.error.kind, message: outcome.error.message, elapsedMs: outcome.elapsedMs }
  }
}
