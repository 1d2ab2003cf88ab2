import type { Assertion, Collection, SavedCall } from './collection.ts'
import { fill, fillText, type Values, valuesOf } from './collection-variables.ts'
import { type Seen, type Verdict, verdictsOn } from './collection-verdicts.ts'

/** Calls of one tag that are open at the same time. */
const callsAtOnce = 8

/** A call as it is made: its variables are filled in. */
export interface ReadyCall {
  readonly agent: string
  readonly service: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly timeoutMs?: number
}

/** What came of a saved call at one agent. */
export interface CallReport {
  readonly name: string
  /** The agent that was called; the text of the file where that could not be filled in. */
  readonly agent: string
  readonly passed: boolean
  readonly seen: Seen
  readonly verdicts: readonly Verdict[]
}

/** What came of a run. */
export interface RunReport {
  readonly collection: string
  /** Every call that was to be made was made, and all assertions hold. */
  readonly passed: boolean
  /** In the order of the file; those of a tag in the order of the agents’ ids. */
  readonly calls: readonly CallReport[]
  /** Calls of the file that were not made, after a failure or a cancel. */
  readonly left: number
}

/** How saved calls are run. */
export interface RunOptions {
  /** Makes a call. What it rejects with ends the run; that the call itself failed it tells. */
  readonly send: (call: ReadyCall) => Promise<Exclude<Seen, { at: 'not_made' }>>
  /** The ids of the agents that have a tag. */
  readonly agentsWith: (tag: string) => readonly string[]
  /** Values of this run, before those of the file. */
  readonly values?: Values
  /** The names of the calls to make; default all. */
  readonly only?: readonly string[]
  /** No call is begun after one that failed. */
  readonly stopAtFailure?: boolean
  /** No call is begun once it is aborted. */
  readonly signal?: { readonly aborted: boolean }
  /** Hears of a call that begins, at which agents. */
  readonly onBegin?: (call: SavedCall, agents: readonly string[]) => void
  readonly onReport?: (report: CallReport) => void
}

/** Makes saved calls one after another, those of a tag some at a time, and tells what came of each. The page and the command line both use it. */
export async function runCollection(collection: Collection, options: RunOptions): Promise<RunReport> {
  const { only, stopAtFailure = false, signal } = options
  const wanted = collection.calls.filter(({ name }) => only?.includes(name) ?? true)
  const values = valuesOf(collection.variables, options.values)
  const masked = maskOf(collection, values)
  const calls: CallReport[] = []
  let done = 0
  for (const saved of wanted) {
    if (signal?.aborted || (stopAtFailure && calls.some(({ passed }) => !passed))) break
    calls.push(...(await runCall(saved, values, masked, options)))
    done++
  }
  const left = wanted.length - done
  return { collection: collection.name, passed: left === 0 && calls.every(({ passed }) => passed), calls, left }
}

type Mask = (report: CallReport) => CallReport

async function runCall(saved: SavedCall, values: Values, masked: Mask, options: RunOptions): Promise<readonly CallReport[]> {
  const { send, agentsWith, signal, onBegin, onReport } = options
  const { ready, targets, assertions, problem } = prepare(saved, values, agentsWith)
  const tell = (agent: string, seen: Seen): CallReport => {
    const verdicts = verdictsOn(assertions, seen)
    const report = masked({ name: saved.name, agent, passed: verdicts.every(({ passed }) => passed), seen, verdicts })
    onReport?.(report)
    return report
  }
  onBegin?.(saved, targets)
  if (problem !== undefined) return [tell(saved.agent ?? saved.tag ?? '', { at: 'not_made', reason: problem })]
  const reports: CallReport[] = []
  let next = 0
  const goOn = async (): Promise<void> => {
    for (let index = next++; index < targets.length; index = next++) {
      const agent = targets[index] ?? ''
      try {
        reports[index] = tell(
          agent,
          signal?.aborted ? { at: 'not_made', reason: 'the run was cancelled' } : await send({ ...ready, agent }),
        )
      } catch (why) {
        // The run has ended: those beside this one begin no further call.
        next = targets.length
        throw why
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(callsAtOnce, targets.length) }, goOn))
  return reports
}

/** A saved call with its variables filled in, where it goes, and why it cannot be made. */
export interface PreparedCall {
  readonly ready: Omit<ReadyCall, 'agent'>
  readonly targets: readonly string[]
  readonly assertions: readonly Assertion[]
  readonly problem: string | undefined
}

/** Fills in the variables of a saved call. */
export function prepare(saved: SavedCall, values: Values, agentsWith: RunOptions['agentsWith']): PreparedCall {
  const problems: string[] = []
  const told = (reason: string): void => void problems.push(reason)
  const text = (template: string): string => fillText(template, values, told)
  const { agent, tag, timeoutMs } = saved
  const ready = {
    service: text(saved.service),
    method: text(saved.method),
    args: fill(saved.args, values, told) as unknown[],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
  const assertions = filledAssertions(saved, values, told)
  const wantedTag = tag === undefined ? undefined : text(tag)
  const targets = wantedTag === undefined ? [text(agent ?? '')] : agentsWith(wantedTag)
  if (targets.length === 0 && problems.length === 0) problems.push(`no agent has the tag ${wantedTag}`)
  return { ready, targets, assertions, problem: problems.length === 0 ? undefined : [...new Set(problems)].join('; ') }
}

/** What assertions say to an answer that is there, without sending anything. `shown`: the answer without the values of secret variables. */
export function verdictsAnew(
  collection: Collection,
  saved: SavedCall,
  seen: Seen,
  said: Values = {},
): { readonly verdicts: readonly Verdict[]; readonly shown: Seen } {
  const values = valuesOf(collection.variables, said)
  const problems: string[] = []
  const assertions = filledAssertions(saved, values, reason => void problems.push(reason))
  const verdicts = verdictsOn(assertions, problems[0] === undefined ? seen : { at: 'not_made', reason: problems[0] })
  const told = maskOf(collection, values)({ name: saved.name, agent: '', passed: true, seen, verdicts })
  return { verdicts: told.verdicts, shown: told.seen }
}

function filledAssertions(saved: SavedCall, values: Values, onProblem: (reason: string) => void): readonly Assertion[] {
  return (saved.assertions ?? []).map(assertion =>
    'equals' in assertion ? { ...assertion, equals: fill(assertion.equals, values, onProblem) } : assertion,
  )
}

const mask = '•••'

/** Takes the values of secret variables out of what is told of a call: an answer may have them as well. */
function maskOf({ variables = {} }: Collection, values: Values): Mask {
  const secrets = Object.entries(variables)
    .filter(([name, { secret }]) => secret === true && name in values)
    .flatMap(([name]) => {
      const text = String(values[name])
      return [text, JSON.stringify(text).slice(1, -1)]
    })
    .filter(text => text !== '')
    .toSorted((one, other) => other.length - one.length)
  if (secrets.length === 0) return report => report
  const inText = (text: string): string =>
    withoutCutSecret(
      secrets.reduce((left, secret) => left.replaceAll(secret, mask), text),
      secrets,
    )
  const inValue = (value: unknown): unknown => {
    if (typeof value === 'string') return inText(value)
    if (Array.isArray(value)) return value.map(inValue)
    if (typeof value !== 'object' || value === null) return secrets.includes(String(value)) ? mask : value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [inText(name), inValue(each)]))
  }
  return report => ({
    ...report,
    agent: inText(report.agent),
    seen: maskedSeen(report.seen, inText, inValue),
    verdicts: report.verdicts.map(({ passed, assertion, path, expected, seen }) => ({
      passed,
      assertion: inText(assertion),
      ...(path === undefined ? {} : { path: inText(path) }),
      expected: inText(expected),
      seen: inText(seen),
    })),
  })
}

/** What is told of a value ends with … where it is long: that may have cut a secret in two. */
function withoutCutSecret(text: string, secrets: readonly string[]): string {
  if (!text.endsWith('…')) return text
  const kept = text.slice(0, -1)
  for (const secret of secrets) {
    for (let length = Math.min(secret.length, kept.length); length > 0; length--) {
      if (kept.endsWith(secret.slice(0, length))) return `${kept.slice(0, -length)}…`
    }
  }
  return text
}

function maskedSeen(seen: Seen, inText: (text: string) => string, inValue: (value: unknown) => unknown): Seen {
  switch (seen.at) {
    case 'answered':
      return { ...seen, value: inValue(seen.value) }
    case 'failed':
      return { ...seen, message: inText(seen.message) }
    case 'not_made':
      return { ...seen, reason: inText(seen.reason) }
  }
}
