import { Download, GatewayError, type GatewayErrorDetails } from '@halibut-gateway/client'
import type { ErrorKind, InvokeResult } from '@halibut-gateway/schemas/wire'
import { beginningOfJson } from './beginning-of-json.ts'
import type { CallOutcome, MadeCall } from './made-call.ts'

/** Characters that are kept of one call, and of all: a tab has some megabytes for everything. */
const callChars = 32_768
const allChars = 1_048_576

/** The calls as text, the newest first, for who comes back to the page: as many as there is room for. */
export function writeCalls(calls: readonly MadeCall[]): string {
  const kept: string[] = []
  let chars = 0
  for (const call of calls) {
    const text = textOf(call)
    chars += text.length + 1
    if (chars > allChars) break
    kept.push(text)
  }
  return `[${kept.join()}]`
}

/** The calls of a text that {@link writeCalls} wrote; none where it is another one. */
export function readCalls(text: string | null): MadeCall[] {
  try {
    const kept = JSON.parse(text ?? '[]') as KeptCall[]
    return kept.map(call => ({ ...call, outcome: readOutcome(call.outcome) }))
  } catch {
    return []
  }
}

type KeptCall = Omit<MadeCall, 'outcome'> & { readonly outcome: KeptOutcome }
type KeptOutcome =
  | Exclude<CallOutcome, { at: 'failed' }>
  | { readonly at: 'failed'; readonly elapsedMs: number; readonly error: GatewayErrorDetails & { kind: ErrorKind; message: string } }

/** Each call is written once: a change makes another object of it. */
const texts = new WeakMap<MadeCall, string>()

function textOf(call: MadeCall): string {
  let text = texts.get(call)
  if (text === undefined) {
    text = JSON.stringify({ ...call, args: keepable(call), shownArgs: shortened(call.shownArgs), outcome: keptOutcome(call) })
    texts.set(call, text)
  }
  return text
}

/** Arguments that are all that was sent, which they are not where there are secrets or files. */
function keepable({ args, shownArgs }: MadeCall): readonly unknown[] | undefined {
  const { text, isWhole } = beginningOfJson(args, callChars, '')
  return isWhole && text === beginningOfJson(shownArgs, callChars, '').text && !holds(args, each => each instanceof File) ? args : undefined
}

function shortened(args: readonly unknown[]): readonly unknown[] {
  return beginningOfJson(args, callChars, '').isWhole && !holds(args, each => each instanceof File) ? args : args.map(short)
}

function short(arg: unknown): unknown {
  if (arg instanceof File) return { file: arg.name, bytes: arg.size }
  return beginningOfJson(arg, 200, '').isWhole ? arg : '…'
}

function keptOutcome({ outcome, hidesResult }: MadeCall): CallOutcome {
  if (outcome.at === 'failed') return hidesResult ? { ...outcome, error: withoutResult(outcome.error) } : outcome
  if (outcome.at !== 'answered' || outcome.dropped) return outcome
  const { result } = outcome
  if (hidesResult) return { ...outcome, result: without(result), dropped: 'secret' }
  if (holds(result.value, each => each instanceof Download)) return { ...outcome, result: without(result), dropped: 'stream' }
  return beginningOfJson(result.value, callChars, '').isWhole ? outcome : { ...outcome, result: without(result), dropped: 'long' }
}

/** An answer that does not fit its contract stands in the error, and what was found in it. */
function withoutResult({ kind, message, phase, delivery, retryable, agent, traceId, advice }: GatewayError): GatewayError {
  return new GatewayError(kind, message, { phase, delivery, retryable, agent, traceId, advice })
}

function without(result: InvokeResult): InvokeResult {
  return { ...result, value: null }
}

function readOutcome(outcome: KeptOutcome): CallOutcome {
  if (outcome.at !== 'failed') return outcome
  const { kind, message, ...details } = outcome.error
  return { ...outcome, error: new GatewayError(kind, message, details) }
}

/** Whether there is such a value in a JSON form, which has no circles. */
function holds(value: unknown, isSuch: (value: unknown) => boolean): boolean {
  if (isSuch(value)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(each => holds(each, isSuch))
}
