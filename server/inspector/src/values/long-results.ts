import type { InvokeResult } from '@halibut-gateway/schemas'
import { beginningOfJson, shownChars } from './beginning-of-json.ts'
import type { MadeCall } from './made-call.ts'

/** Of results that are longer than a view shows, so many are kept, the newest: each may have hundreds of megabytes. */
const keptLongResults = 2

const known = new WeakMap<InvokeResult, boolean>()

/** Calls, the newest first, of whose long results all but the newest are gone. */
export function withoutLongResults(calls: readonly MadeCall[]): readonly MadeCall[] {
  let left = keptLongResults
  return calls.map(call => {
    const { outcome } = call
    if (outcome.at !== 'answered' || !isLong(outcome.result) || left-- > 0) return call
    return { ...call, outcome: { ...outcome, result: { ...outcome.result, value: undefined }, dropped: 'long' } }
  })
}

function isLong(result: InvokeResult): boolean {
  const long = known.get(result) ?? !beginningOfJson(result.value, shownChars).isWhole
  known.set(result, long)
  return long
}
