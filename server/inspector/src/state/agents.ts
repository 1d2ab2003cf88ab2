import type { AgentSnapshot } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import { createJournal, type Journal } from './journal.ts'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** The agents as they are now. */
export interface Agents {
  /** Which of them change. */
  readonly journal: Journal
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
  const journal = createJournal(soon)
  const known = signal(false)
  const problem = signal<unknown>(undefined)
  let byId = new Map<string, AgentSnapshot>()

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
          journal.everything()
        } else if (!incoming) journal.note(event.type === 'removed' ? event.ids : event.agents.map(({ id }) => id))
        known.value = true
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
    journal.everything(true)
  })

  return {
    journal,
    known,
    problem,
    get: id => {
      void journal.version.value
      return byId.get(id)
    },
    all: () => {
      void journal.version.value
      return byId
    },
  }
}
