import type { GatewayClient } from '@halibut-gateway/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'

interface Idle {
  readonly at: 'idle'
}
interface Failed {
  readonly at: 'failed'
  readonly why: unknown
}

/** Work at the gateway that somebody begins, one at a time, and may stop. What came of it ends with the sign-in. */
export interface Stoppable<S> {
  readonly state: ReadonlySignal<S | Idle | Failed>
  /** Stops what runs. `work`: tells how far it is, until it is stopped. */
  begin(work: (client: GatewayClient, signal: AbortSignal, tell: (state: S) => void) => Promise<void>): Promise<void>
  stop(): void
}

export function createStoppable<S>(session: Pick<Session, 'client'>): Stoppable<S> {
  const state = signal<S | Idle | Failed>({ at: 'idle' })
  let running: AbortController | undefined
  const stop = (): void => {
    running?.abort()
    running = undefined
    state.value = { at: 'idle' }
  }
  session.client.subscribe(stop)
  return {
    state,
    stop,
    begin: async work => {
      const client = session.client.peek()
      if (!client) return
      running?.abort()
      const mine = new AbortController()
      running = mine
      const tell = (next: S | Failed): void => {
        if (!mine.signal.aborted) state.value = next
      }
      try {
        await work(client, mine.signal, tell)
      } catch (why) {
        tell({ at: 'failed', why })
      }
    },
  }
}
