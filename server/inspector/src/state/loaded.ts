import type { GatewayClient } from '@halibut-gateway/client'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'

/** Something that nobody watches: as the gateway told it last. */
export interface Loaded<T> {
  /** `undefined` until it is known. */
  readonly value: ReadonlySignal<T | undefined>
  /** Why it could not be asked for the last time. */
  readonly problem: ReadonlySignal<unknown>
  /** Asks for it again; only the newest answer counts. Never rejects. */
  refresh(): Promise<void>
  /** Knows it from what the gateway has answered to a change. */
  set(value: T): void
}

/** What `load` asks for, of who is signed in. It is asked for when somebody says so, and forgotten when another one signs in. */
export function createLoaded<T>(session: Pick<Session, 'client'>, load: (client: GatewayClient) => Promise<T>): Loaded<T> {
  const value = signal<T | undefined>(undefined)
  const problem = signal<unknown>(undefined)
  let asked = 0
  session.client.subscribe(() => {
    asked++
    value.value = undefined
    problem.value = undefined
  })
  return {
    value,
    problem,
    refresh: async () => {
      const client = session.client.peek()
      if (!client) return
      const mine = ++asked
      try {
        const told = await load(client)
        if (mine !== asked) return
        value.value = told
        problem.value = undefined
      } catch (why) {
        if (mine === asked) problem.value = why
      }
    },
    set: told => {
      asked++
      value.value = told
      problem.value = undefined
    },
  }
}
