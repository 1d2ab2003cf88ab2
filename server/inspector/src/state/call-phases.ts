import type { GatewayClient } from '@halibut-gateway/client'
import type { CallSnapshot } from '@halibut-gateway/schemas'
import { effect, type ReadonlySignal, signal } from '@preact/signals'
import type { MadeCall } from '../values/made-call.ts'
import type { Calls } from './calls.ts'
import { follow } from './open-calls.ts'
import type { Session } from './session.ts'

/** Most calls are over before anybody could read what they wait for. */
const patienceMs = 300

/** What the gateway tells of the calls of this tab that take a while, by their numbers. */
export type CallPhases = ReadonlySignal<ReadonlyMap<number, CallSnapshot>>

/** Watches the calls for as long as one of this tab takes a while. */
export function createCallPhases(session: Session, calls: Calls): CallPhases {
  const phases = signal<ReadonlyMap<number, CallSnapshot>>(new Map())
  let watching: AbortController | undefined

  effect(() => {
    const client = session.client.value
    const areRunning = calls.list.value.some(({ outcome }) => outcome.at === 'running')
    if (client && areRunning && !watching) {
      const stop = new AbortController()
      watching = stop
      setTimeout(() => {
        if (!stop.signal.aborted) watch(client, stop.signal).catch(() => undefined)
      }, patienceMs)
    } else if (watching && !(client && areRunning)) {
      watching.abort()
      watching = undefined
      phases.value = new Map()
    }
  })

  async function watch(client: GatewayClient, stop: AbortSignal): Promise<void> {
    const open = new Map<string, CallSnapshot>()
    for await (const event of client.watchCalls({ signal: stop })) {
      follow(open, event)
      phases.value = matched(calls.list.peek(), [...open.values()])
    }
  }
  return phases
}

/** Which of them are ours: the gateway does not tell the key of a call, so those are that go to the same place, in their order. */
export function matched(made: readonly MadeCall[], open: readonly CallSnapshot[]): ReadonlyMap<number, CallSnapshot> {
  // Those of this session first: one that was made before a reload is of another.
  const left = open.toSorted((one, other) => Number(other.own ?? false) - Number(one.own ?? false) || (one.since < other.since ? 1 : -1))
  const found = new Map<number, CallSnapshot>()
  for (const call of made) {
    if (call.outcome.at !== 'running') continue
    const at = left.findIndex(
      each =>
        each.agent === call.agent &&
        each.service === call.service &&
        (each.method === call.signature || call.signature.startsWith(`${each.method}(`)),
    )
    const [its] = at < 0 ? [] : left.splice(at, 1)
    if (its) found.set(call.number, its)
  }
  return found
}
