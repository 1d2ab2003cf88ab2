import type { AgentUse } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal } from '@preact/signals'
import { createJournal, type Journal } from './journal.ts'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** When agents were called last and what waits for them, as far as anybody wants to know. */
export interface AgentUses {
  /** Of which agents it changes. */
  readonly journal: Journal
  /** Of an agent, for who is to notice when it changes; `undefined`: it was not called. */
  of(agent: string): AgentUse | undefined
}

/** The use of the agents of who is signed in, followed while it is `wanted`. */
export function createAgentUses(session: Session, wanted: ReadonlySignal<boolean>, soon: (tell: () => void) => void): AgentUses {
  const journal = createJournal(soon)
  let byAgent = new Map<string, AgentUse>()
  const client = computed(() => (wanted.value ? session.client.value : undefined))
  whileSignedIn({ client }, async (asked, stop) => {
    for await (const event of asked.watch('use.watch', { signal: stop })) {
      if (event.type === 'snapshot') {
        byAgent = new Map()
        journal.everything()
      }
      if (event.type === 'removed') for (const id of event.ids) byAgent.delete(id)
      else for (const use of event.use) byAgent.set(use.agent, use)
      journal.note(event.type === 'removed' ? event.ids : event.use.map(({ agent }) => agent))
    }
  })
  session.client.subscribe(() => {
    byAgent = new Map()
    journal.everything(true)
  })
  return {
    journal,
    of: agent => {
      void journal.version.value
      return byAgent.get(agent)
    },
  }
}
