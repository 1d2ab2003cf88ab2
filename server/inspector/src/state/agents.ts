import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** The agents as they are now. */
export interface Agents {
  /** Advances with each change; what reads the agents reads it. */
  readonly version: ReadonlySignal<number>
  /** Whether they are known at all. */
  readonly known: ReadonlySignal<boolean>
  /** Why the gateway does not tell of them. */
  readonly problem: ReadonlySignal<unknown>
  /** An agent, for who is to notice when it changes. */
  get(id: string): AgentSnapshot | undefined
  all(): ReadonlyMap<string, AgentSnapshot>
}

/**
 * The agents of who is signed in. There may be ten thousand of them and hundreds of changes a second, so there is one map that changes, and
 * who looks is told at most once for each `soon`, which calls what it is given a little later.
 */
export function createAgents(session: Session, soon: (tell: () => void) => void): Agents {
  const version = signal(0)
  const known = signal(false)
  const problem = signal<unknown>(undefined)
  let byId = new Map<string, AgentSnapshot>()
  let isTold = true

  function changed(): void {
    if (!isTold) return
    isTold = false
    soon(() => {
      isTold = true
      version.value++
    })
  }

  whileSignedIn(
    session,
    async (client, stop) => {
      /** A new snapshot that comes in parts replaces what is shown when it is whole. */
      let incoming: Map<string, AgentSnapshot> | undefined
      for await (const event of client.watchAgents({ signal: stop })) {
        if (event.type === 'snapshot') incoming = new Map()
        const into = incoming ?? byId
        if (event.type === 'removed') for (const id of event.ids) into.delete(id)
        else for (const agent of event.agents) into.set(agent.id, agent)
        const isWhole = event.type === 'removed' || event.more === undefined
        if (incoming && (isWhole || byId.size === 0)) {
          byId = incoming
          incoming = undefined
        }
        known.value = true
        changed()
      }
    },
    why => {
      problem.value = why
    },
  )
  session.client.subscribe(() => {
    byId = new Map()
    known.value = false
    problem.value = undefined
    version.value++
  })

  return {
    version,
    known,
    problem,
    get: id => {
      void version.value
      return byId.get(id)
    },
    all: () => {
      void version.value
      return byId
    },
  }
}
