import type { GatewayClient } from '@halibut-gateway/client'
import type { History, HistoryStep } from '@halibut-gateway/schemas'
import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { TimeRange } from '../address/route.ts'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** What the gateway has counted in a time. */
export interface Past {
  /** `undefined`: it is not known yet. */
  readonly history: ReadonlySignal<History | undefined>
  /** Why the gateway does not tell. */
  readonly problem: ReadonlySignal<unknown>
}

/** The past that is looked at, as long as a time is given: the last minutes go on as time does. */
export function createPast(session: Session, range: ReadonlySignal<TimeRange | undefined>): Past {
  const history = signal<History | undefined>(undefined)
  const problem = signal<unknown>(undefined)
  effect(() => {
    const wanted = range.value
    history.value = undefined
    problem.value = undefined
    if (!wanted) return undefined
    return whileSignedIn(
      session,
      (client, stop) =>
        readPast(client, wanted, stop, next => {
          history.value = next
        }),
      why => {
        problem.value = why
      },
    )
  })
  session.client.subscribe(() => {
    history.value = undefined
  })
  return { history, problem }
}

async function readPast(client: GatewayClient, range: TimeRange, stop: AbortSignal, tell: (history: History) => void): Promise<void> {
  let known = await client.request('metrics.history', range, { signal: stop })
  tell(known)
  // What is over does not change any more.
  if (!('minutes' in range)) return aborted(stop)
  for await (const _ of client.watch('metrics.watch', { signal: stop })) {
    const after = known.steps.at(-1)?.at
    const news = await client.request('metrics.history', { ...range, ...(after === undefined ? {} : { after }) }, { signal: stop })
    known = { ...news, steps: withNewer(known.steps, news.steps, range.minutes) }
    tell(known)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Steps and those that came later, of which the first may be one that has grown; what is longer ago than so many minutes is left out. */
export function withNewer(steps: readonly HistoryStep[], newer: readonly HistoryStep[], minutes: number): HistoryStep[] {
  const [first] = newer
  const all = [...(first ? steps.filter(({ at }) => at < first.at) : steps), ...newer]
  const last = all.at(-1)
  if (!last) return all
  const fromMs = endOf(last) - minutes * 60_000
  return all.filter(step => endOf(step) > fromMs)
}

function endOf({ at, ms }: HistoryStep): number {
  return Date.parse(at) + ms
}
