import { GatewayError } from '@halibut-gateway/client'
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { type AgentOutcome, type AnswerGroup, createAnswerGroups } from '../values/answer-groups.ts'
import { withoutStreams } from '../values/without-streams.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

/** How a call is at one of many agents. */
export type ManyRow =
  | { readonly at: 'waits' }
  | { readonly at: 'running'; readonly since: number }
  | { readonly at: 'answered' | 'failed'; readonly elapsedMs: number; readonly group: string }
  | { readonly at: 'not_called'; readonly why: 'cancelled' | 'stopped' }

/** One call that is made at many agents. */
export interface ManyCall {
  readonly agents: readonly string[]
  readonly service: string
  readonly method: string
  readonly args: readonly unknown[]
  readonly timeoutMs?: number | undefined
  /** Calls that are open at the same time. */
  readonly atOnce: number
  /** No call is begun after so many failures; `undefined`: all are. */
  readonly stopAfter?: number | undefined
}

/** Calls that one can open at the same time: a session may have 64. */
export const mostAtOnce = 48

/** A call at many agents, as it goes on. */
export interface Many {
  /** Advances with each change; what reads the rows reads it. */
  readonly version: ReadonlySignal<number>
  readonly isRunning: ReadonlySignal<boolean>
  /** The call that was made last. */
  readonly made: ReadonlySignal<ManyCall | undefined>
  row(agent: string): ManyRow | undefined
  groups(): readonly AnswerGroup[]
  group(key: string): AnswerGroup | undefined
  counts(): Readonly<Record<ManyRow['at'], number>>
  start(call: ManyCall): void
  /** Calls those again that failed, or were not called. */
  again(): void
  /** Gives up what runs, and begins nothing more. */
  cancel(): void
}

/** Calls through the session of the page. `soon` calls what it is given a little later: there may be hundreds of changes a second. */
export function createMany(session: Session, soon: (tell: () => void) => void, now: () => number = () => performance.now()): Many {
  const version = signal(0)
  const isRunning = signal(false)
  const made = signal<ManyCall | undefined>(undefined)
  const rows = new Map<string, ManyRow>()
  let groups = createAnswerGroups()
  let stop: AbortController | undefined
  let isTold = true

  function changed(): void {
    if (!isTold) return
    isTold = false
    soon(() => {
      isTold = true
      version.value++
    })
  }

  onHandover(session, () => {
    stop?.abort()
    // What becomes of its calls now is for nobody.
    stop = undefined
    rows.clear()
    groups = createAnswerGroups()
    batch(() => {
      made.value = undefined
      isRunning.value = false
      version.value++
    })
  })

  async function call(agent: string, { service, method, args, timeoutMs }: ManyCall, own: AbortController): Promise<'ok' | 'failed'> {
    const client = session.client.peek()
    const since = now()
    let outcome: AgentOutcome
    rows.set(agent, { at: 'running', since })
    changed()
    try {
      if (!client) throw new GatewayError('unauthorized', 'nobody is signed in')
      const options = { signal: own.signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
      const { value } = await client.agent(agent).invoke(service, method, args, options)
      outcome = { at: 'answered', value: withoutStreams(value) }
    } catch (error) {
      const { kind, message } = error instanceof GatewayError ? error : new GatewayError('internal_error', String(error))
      outcome = { at: 'failed', kind, message }
    }
    // Of a run that is no longer the one that is shown nothing is told.
    if (stop !== own) return 'failed'
    rows.set(agent, { at: outcome.at, elapsedMs: now() - since, group: groups.add(agent, outcome) })
    changed()
    return outcome.at === 'failed' ? 'failed' : 'ok'
  }

  async function run(agents: readonly string[], what: ManyCall): Promise<void> {
    const own = new AbortController()
    stop = own
    isRunning.value = true
    let next = 0
    let failures = 0
    const isStopped = (): boolean => what.stopAfter !== undefined && failures >= what.stopAfter
    const goOn = async (): Promise<void> => {
      while (next < agents.length && !own.signal.aborted && !isStopped()) {
        if ((await call(agents[next++] ?? '', what, own)) === 'failed') failures++
      }
    }
    await Promise.all(Array.from({ length: Math.min(Math.max(1, what.atOnce), mostAtOnce, agents.length) }, goOn))
    if (stop !== own) return
    for (const agent of agents.slice(next)) rows.set(agent, { at: 'not_called', why: own.signal.aborted ? 'cancelled' : 'stopped' })
    isRunning.value = false
    changed()
  }

  return {
    version,
    isRunning,
    made,
    row: agent => rows.get(agent),
    groups: () => groups.all(),
    group: key => groups.get(key),
    counts: () => {
      const counts = { waits: 0, running: 0, answered: 0, failed: 0, not_called: 0 }
      for (const { at } of rows.values()) counts[at]++
      return counts
    },
    start: what => {
      stop?.abort()
      rows.clear()
      groups = createAnswerGroups()
      for (const agent of what.agents) rows.set(agent, { at: 'waits' })
      made.value = what
      changed()
      void run(what.agents, what)
    },
    again: () => {
      const what = made.peek()
      if (!what || isRunning.peek()) return
      const left = what.agents.filter(agent => rows.get(agent)?.at !== 'answered')
      // Those that answered stay where they are.
      groups.forgetFailures()
      for (const agent of left) rows.set(agent, { at: 'waits' })
      changed()
      void run(left, what)
    },
    cancel: () => stop?.abort(),
  }
}
