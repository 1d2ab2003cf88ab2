import { GatewayError } from '@halibut-gateway/client'
import {
  type Collection,
  type ReadyCall,
  runCollection,
  type SavedCall,
  type Seen,
  type Values,
  type Verdict,
  verdictsAnew,
  withContent,
} from '@halibut-gateway/schemas/collection'
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { beginningOfJson } from '../values/beginning-of-json.ts'
import { withoutStreams } from '../values/without-streams.ts'
import type { Agents } from './agents.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

/** What came of a saved call at one agent. */
export interface CameOf {
  readonly agent: string
  readonly seen: Seen
  readonly at: number
  /** The answer was too long to keep: what assertions said to it when it came. */
  readonly told?: readonly Verdict[]
}

/** What assertions say to an answer, and the answer without the values of secret variables. */
export interface Judged {
  readonly verdicts: readonly Verdict[]
  readonly shown: Seen
}

/** How a run is. */
export type RunState =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly done: number; readonly of: number; readonly now: string }
  | { readonly at: 'done'; readonly made: number; readonly left: number; readonly isCancelled: boolean; readonly problem: unknown }

/** Runs of saved calls, and what came of them: it lives as long as the page. */
export interface SavedRuns {
  readonly state: ReadonlySignal<RunState>
  /** The collection that {@link state} is about. */
  readonly of: ReadonlySignal<string | undefined>
  /** What came of a call of a collection last, at each agent. */
  cameOf(id: string, call: string): readonly CameOf[]
  /** What the assertions say to that, as they stand now: nothing is sent for it. */
  judge(id: string, collection: Collection, call: SavedCall, came: CameOf): Judged
  /** The same of all agents in one word. */
  verdict(id: string, collection: Collection, call: SavedCall): 'passed' | 'failed' | 'none'
  /** Values of variables that the next run says, by collection. */
  said(id: string): Values
  say(id: string, name: string, value: unknown): void
  /** Makes the calls of a collection, or those of these names. */
  run(id: string, collection: Collection, options?: { readonly only?: readonly string[]; readonly stopAtFailure?: boolean }): Promise<void>
  cancel(): void
  /** An answer that is there already, as of a call of the form that was saved. */
  put(id: string, call: string, agent: string, seen: Seen): void
  /** A call has another name now. */
  rename(id: string, before: string, after: string): void
}

/** Characters that are kept of one answer, and answers of one collection. */
const answerChars = 262_144
const mostAnswers = 2_000

/** Runs through the session of the page. */
export function createSavedRuns(session: Session, agents: Agents, now: () => number): SavedRuns {
  const state = signal<RunState>({ at: 'idle' })
  const of = signal<string | undefined>(undefined)
  const results = signal<ReadonlyMap<string, readonly CameOf[]>>(new Map())
  const sayings = signal<ReadonlyMap<string, Values>>(new Map())
  let stop: AbortController | undefined

  onHandover(session, () => {
    stop?.abort()
    // What becomes of its calls now is for nobody.
    stop = undefined
    batch(() => {
      results.value = new Map()
      sayings.value = new Map()
      state.value = { at: 'idle' }
    })
  })

  function put(id: string, call: string, agent: string, seen: Seen, told: readonly Verdict[] = []): void {
    const key = keyOf(id, call)
    const isLong = seen.at === 'answered' && !beginningOfJson(seen.value, answerChars, '').isWhole
    const came: CameOf = { agent, at: now(), ...(isLong ? { seen: { ...seen, value: null }, told } : { seen }) }
    const before = (results.peek().get(key) ?? []).filter(each => each.agent !== agent)
    const all = new Map(results.peek())
    // What was looked at least lately goes first.
    all.delete(key)
    all.set(key, [...before, came].slice(-mostAnswers))
    while (all.size > mostAnswers) all.delete(all.keys().next().value ?? '')
    results.value = all
  }

  async function send(
    { agent, service, method, args, timeoutMs }: ReadyCall,
    signal: AbortSignal,
  ): Promise<Exclude<Seen, { at: 'not_made' }>> {
    const client = session.client.peek()
    if (!client) throw new GatewayError('unauthorized', 'nobody is signed in')
    const startedMs = performance.now()
    try {
      const options = { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
      const { value, durationMs } = await client.agent(agent).invoke(
        service,
        method,
        withContent(args, text => encoder.encode(text)),
        options,
      )
      return { at: 'answered', value: withoutStreams(value), durationMs }
    } catch (error) {
      if (!(error instanceof GatewayError) || signal.aborted || client.state.at === 'failed') throw error
      return { at: 'failed', kind: error.kind, message: error.message, elapsedMs: performance.now() - startedMs }
    }
  }

  const cameOf: SavedRuns['cameOf'] = (id, call) => results.value.get(keyOf(id, call)) ?? []
  const said: SavedRuns['said'] = id => sayings.value.get(id) ?? noValues
  /** Judged once for what was judged by: a long answer is not looked through at each drawing. */
  const judged = new WeakMap<CameOf, Judged & { readonly by: readonly unknown[] }>()
  const judge: SavedRuns['judge'] = (id, collection, call, came) => {
    if (came.told) return { verdicts: came.told, shown: came.seen }
    const by = [call, collection.variables, said(id)]
    const known = judged.get(came)
    if (known && by.every((each, index) => each === known.by[index])) return known
    const next = { ...verdictsAnew(collection, call, came.seen, said(id)), by }
    judged.set(came, next)
    return next
  }

  return {
    state,
    of,
    cameOf,
    judge,
    verdict: (id, collection, call) => {
      const all = cameOf(id, call.name)
      if (all.length === 0) return 'none'
      return all.every(came => judge(id, collection, call, came).verdicts.every(({ passed }) => passed)) ? 'passed' : 'failed'
    },
    said,
    say: (id, name, value) => {
      const { [name]: _, ...others } = sayings.peek().get(id) ?? {}
      sayings.value = new Map(sayings.peek()).set(id, value === undefined ? others : { ...others, [name]: value })
    },
    run: async (id, collection, { only, stopAtFailure = false } = {}) => {
      if (state.peek().at === 'running') return
      const own = new AbortController()
      stop = own
      const wanted = collection.calls.filter(({ name }) => only?.includes(name) ?? true)
      let current: SavedCall | undefined
      let made = 0
      /** What came of the call that is made now, by agent. */
      const came = new Map<string, Seen>()
      batch(() => {
        of.value = id
        state.value = { at: 'running', done: 0, of: wanted.length, now: '' }
        results.value = new Map([...results.peek()].filter(([key]) => !wanted.some(({ name }) => key === keyOf(id, name))))
      })
      let left = 0
      let problem: unknown
      try {
        const report = await runCollection(collection, {
          ...(only === undefined ? {} : { only }),
          values: sayings.peek().get(id) ?? {},
          stopAtFailure,
          signal: own.signal,
          agentsWith: tag =>
            [...agents.all().values()]
              .filter(({ tags }) => tags.includes(tag))
              .map(each => each.id)
              .sort(),
          onBegin: call => {
            current = call
            came.clear()
            state.value = { at: 'running', done: wanted.indexOf(call), of: wanted.length, now: call.name }
          },
          send: async call => {
            const seen = await send(call, own.signal)
            made++
            came.set(call.agent, seen)
            return seen
          },
          // What came is kept as it came, so that assertions can be looked at again; here its secrets are masked.
          onReport: ({ name, agent, seen, verdicts }) => {
            if (stop === own) put(id, name, agent, came.get(agent) ?? seen, verdicts)
          },
        })
        left = report.left
      } catch (error) {
        problem = own.signal.aborted ? undefined : error
        left = wanted.length - (current ? wanted.indexOf(current) : 0)
      }
      if (stop === own) state.value = { at: 'done', made, left, isCancelled: own.signal.aborted, problem }
    },
    cancel: () => stop?.abort(),
    put,
    rename: (id, before, after) => {
      const came = results.peek().get(keyOf(id, before))
      if (!came) return
      const all = new Map(results.peek())
      all.delete(keyOf(id, before))
      results.value = all.set(keyOf(id, after), came)
    },
  }
}

const encoder = new TextEncoder()
const noValues: Values = {}

function keyOf(id: string, call: string): string {
  return `${id}\n${call}`
}
