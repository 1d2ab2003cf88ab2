import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { Agent, AgentDirectory } from '../fleet/agent-directory.ts'
import type { AgentSight } from './agent-sight.ts'
import { ChangedItems, type ChangingThings } from './changed-items.ts'

/** About what the JSON of a snapshot has beside its texts. */
const frameChars = 340

/** The agents of which a reader of `agents.watch` has not been told yet. */
export function changedAgents(directory: AgentDirectory, sight: AgentSight, changesMs: number): ChangedItems<AgentSnapshot> {
  return new ChangedItems(new SeenAgents(directory, sight), changesMs)
}

/** The agents that a reader may see: those that it may not see any more are gone for it, and of others it hears nothing. */
class SeenAgents implements ChangingThings<AgentSnapshot> {
  readonly #directory: AgentDirectory
  readonly #sight: AgentSight
  /** Those that the reader knows of, where that is not all of them. */
  #known: Set<string> | undefined

  constructor(directory: AgentDirectory, sight: AgentSight) {
    this.#directory = directory
    this.#sight = sight
    this.#known = sight.isWhole ? undefined : new Set()
  }

  ids(): string[] {
    const ids = this.#directory.ids()
    return this.#known ? ids.filter(id => this.#seen(id)) : ids
  }

  get(id: string): AgentSnapshot | undefined {
    const agent = this.#seen(id)
    if (agent) this.#known?.add(id)
    else this.#known?.delete(id)
    return agent && this.#sight.snapshot(agent)
  }

  chars({ name, uri, reason, advice = '', services, tags }: AgentSnapshot): number {
    return frameChars + name.length + uri.length + reason.length + advice.length + services.join().length + tags.join().length
  }

  item(type: 'snapshot' | 'changed', agents: AgentSnapshot[]): object {
    return { type, agents }
  }

  onChange(listener: (id: string) => void): () => void {
    const stops = [
      this.#directory.onChange(id => {
        if (!this.#known || this.#known.has(id) || this.#seen(id)) listener(id)
      }),
      this.#sight.onChange(() => this.#sightChanged(listener)),
      this.#sight.onContracts(concerns => this.#tellSeen(listener, concerns)),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #sightChanged(listener: (id: string) => void): void {
    if (this.#sight.isUnlimited) return
    // Until now it knew of all of them.
    if (!this.#sight.isWhole) this.#known ??= new Set(this.#directory.ids())
    for (const id of this.#directory.ids()) {
      const agent = this.#seen(id)
      const wasSeen = this.#known?.has(id) ?? true
      // Of one that it goes on seeing it may see other services.
      if (wasSeen !== (agent !== undefined) || (agent && this.#sight.hasServices(agent))) listener(id)
    }
  }

  #tellSeen(listener: (id: string) => void, concerns: (agent: Agent) => boolean): void {
    for (const id of this.#directory.ids()) {
      const agent = this.#seen(id)
      if (agent && concerns(agent)) listener(id)
    }
  }

  #seen(id: string): Agent | undefined {
    const agent = this.#directory.get(id)
    return agent && (!this.#known || this.#sight.sees(agent)) ? agent : undefined
  }
}
