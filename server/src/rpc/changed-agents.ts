import type { AgentEvent, AgentSnapshot } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'
import { type AgentDirectory, snapshotOf } from '../fleet/agent-directory.ts'
import { type ItemSource, WatchFeed } from './watch-feed.ts'

const { agentItemChars } = gatewayLimits
/** About what the JSON of a snapshot has beside its texts. */
const frameChars = 260

/**
 * The agents of which a reader has not been told yet, at first all of them. What is told is how an agent is when an item leaves, so that a slow
 * reader gets fewer changes and never an old one, and what is kept for it grows with the agents that changed, not with their changes.
 */
export class ChangedAgents implements ItemSource {
  readonly feed = new WatchFeed(this)
  readonly #directory: AgentDirectory
  readonly #changesMs: number
  /** In the order in which they changed; those that were there at the beginning first. */
  readonly #waiting: Set<string>
  /** How many of those that were there at the beginning still wait. */
  #atFirst: number
  #hasBegun = false
  readonly #stop: () => void
  /** While it runs, changes are gathered. */
  #gathering: ReturnType<typeof setTimeout> | undefined

  /** `changesMs`: for how long changes are gathered. */
  constructor(directory: AgentDirectory, changesMs: number) {
    this.#directory = directory
    this.#changesMs = changesMs
    this.#waiting = new Set(directory.ids())
    this.#atFirst = this.#waiting.size
    this.#stop = directory.onChange(id => {
      this.#waiting.add(id)
      if (this.ready) this.feed.wake()
    })
  }

  get ready(): boolean {
    return !this.#hasBegun || (this.#waiting.size > 0 && this.#gathering === undefined)
  }

  /** Agents of which the reader is still to be told. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Hears of no change any more. */
  close(): void {
    this.#stop()
    clearTimeout(this.#gathering)
  }

  next(): AgentEvent {
    const agents: AgentSnapshot[] = []
    const ids: string[] = []
    let chars = 0
    for (const id of this.#waiting) {
      const agent = this.#directory.get(id)
      const isNew = this.#atFirst > 0
      // One item tells either of those that are there or of those that are not.
      if (agent ? ids.length > 0 : !isNew && agents.length > 0) break
      if (agent) {
        const snapshot = snapshotOf(agent)
        agents.push(snapshot)
        chars += frameChars + snapshot.name.length + snapshot.uri.length + snapshot.reason.length + snapshot.services.join().length
      } else if (!isNew) {
        ids.push(id)
        chars += id.length + 3
      }
      this.#waiting.delete(id)
      if (isNew) this.#atFirst--
      if (chars >= agentItemChars) break
    }
    if (this.#waiting.size === 0) this.#gather()
    if (ids.length > 0) return { type: 'removed', ids }
    const type = this.#hasBegun ? 'changed' : 'snapshot'
    this.#hasBegun = true
    return this.#atFirst > 0 ? { type, agents, more: true } : { type, agents }
  }

  /** The reader has been told everything: what changes now is told in one item with what changes soon after. */
  #gather(): void {
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined
      if (this.ready) this.feed.wake()
    }, this.#changesMs)
  }
}
