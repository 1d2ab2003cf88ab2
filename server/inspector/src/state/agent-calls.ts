import type { CallSnapshot } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import { follow } from './open-calls.ts'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** The calls of one agent that wait or run. */
export interface AgentCalls {
  /** Those that run first, then those that wait, the next one first; `undefined` until they are known. */
  readonly open: ReadonlySignal<readonly CallSnapshot[] | undefined>
  /** How many have ended since it was looked. */
  readonly ended: ReadonlySignal<number>
  close(): void
}

/** Watches them, as far as who is signed in may see them. `soon` calls what it is given a little later: there may be thousands of calls a second. */
export function createAgentCalls(session: Pick<Session, 'client'>, agent: string, soon: (tell: () => void) => void): AgentCalls {
  const open = signal<readonly CallSnapshot[] | undefined>(undefined)
  const ended = signal(0)
  let its = new Map<string, CallSnapshot>()
  let endedNow = 0
  let isTold = true

  function changed(): void {
    if (!isTold) return
    isTold = false
    soon(() => {
      isTold = true
      open.value = inOrder([...its.values()])
      ended.value = endedNow
    })
  }

  const close = whileSignedIn(session, async (client, stop) => {
    its = new Map()
    for await (const event of client.watchCalls({ signal: stop })) {
      if ('call' in event && event.call.agent !== agent) continue
      follow(its, event.type === 'snapshot' ? { ...event, calls: event.calls.filter(call => call.agent === agent) } : event)
      if (event.type === 'finished') endedNow++
      changed()
    }
  })
  return { open, ended, close }
}

/** Those that run, the oldest first; then those that wait, by their place. */
function inOrder(calls: readonly CallSnapshot[]): readonly CallSnapshot[] {
  const rank = ({ state, waiting }: CallSnapshot): number => (state === 'running' ? -1 : (waiting?.place ?? 0))
  return calls.toSorted((one, other) => rank(one) - rank(other) || (one.since < other.since ? -1 : 1))
}
