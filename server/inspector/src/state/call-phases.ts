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

/** Which of them are ours: a call is known by the key that it was made with. */
export function matched(made: readonly MadeCall[], open: readonly CallSnapshot[]): ReadonlyMap<number, CallSnapshot> {
  const byKey = new Map(open.map(call => [call.idempotencyKey, call]))
  const found = new Map<number, CallSnapshot>()
  for (const { number, key, outcome } of made) {
    const its = outcome.at === 'running' ? byKey.get(key) : undefined
    if (its) found.set(number, its)
  }
  return found
}
