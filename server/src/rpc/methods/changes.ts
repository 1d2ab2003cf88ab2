import type { AgentChange, MethodResult } from '@halibut-gateway/schemas'
import type { Access } from '../../access/access.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import type { FleetChange, FleetChanges } from '../../fleet/fleet-changes.ts'
import { AgentSight } from '../agent-sight.ts'
import type { Handlers } from '../run.ts'
import { type ItemSource, WatchFeed } from '../watch-feed.ts'

const { watchItemChars } = gatewayLimits
/** About what the JSON of a change has beside its texts. */
const frameChars = 120

/** What the methods about what happens to agents work with. */
export interface ChangesMethodsOptions {
  readonly changes: FleetChanges
  readonly directory: AgentDirectory
  readonly access: Access
  readonly changesMs?: number | undefined
}

/** The methods that tell what happens to agents: of those alone that the caller may see. */
export function changesMethods(options: ChangesMethodsOptions): Pick<Handlers, 'changes.list' | 'changes.watch'> {
  const { changes, directory, access, changesMs = gatewayLimits.agentChangesMs } = options
  const seenBy = (sight: AgentSight) => (change: FleetChange | undefined) =>
    change !== undefined && sight.sees(directory.get(change.definition.id) ?? change)
  return {
    'changes.list': ({ agent, limit = gatewayLimits.rememberedChanges }, { principal }): MethodResult<'changes.list'> => {
      const sees = seenBy(new AgentSight(access, principal))
      const found: AgentChange[] = []
      for (let number = changes.total - 1; number >= changes.first && found.length < limit; number--) {
        const change = changes.get(number)
        if (change && (agent === undefined || change.definition.id === agent) && sees(change)) found.push(told(change))
      }
      return { changes: found.reverse() }
    },
    'changes.watch': async (_params, context) => {
      const sight = new AgentSight(access, context.principal)
      const source = new NewChanges(changes, seenBy(sight), () => sight.isWhole, changesMs)
      try {
        return await source.feed.run(context)
      } finally {
        source.close()
      }
    },
  }
}

/** The changes of which a reader has not been told. Nothing is kept for it: of what is forgotten before it leaves the reader hears how much it was. */
class NewChanges implements ItemSource {
  readonly feed = new WatchFeed(this)
  readonly #changes: FleetChanges
  readonly #sees: (change: FleetChange | undefined) => boolean
  /** Whether it may know how many there were. */
  readonly #isWhole: () => boolean
  readonly #changesMs: number
  readonly #stop: () => void
  #hasBegun = false
  #next = 0
  #hasMore = false
  #gathering: ReturnType<typeof setTimeout> | undefined

  constructor(changes: FleetChanges, sees: (change: FleetChange | undefined) => boolean, isWhole: () => boolean, changesMs: number) {
    this.#changes = changes
    this.#sees = sees
    this.#isWhole = isWhole
    this.#changesMs = changesMs
    this.#stop = changes.onChange(change => {
      if (!sees(change)) return
      this.#hasMore = true
      if (this.ready) this.feed.wake()
    })
  }

  get ready(): boolean {
    return !this.#hasBegun || (this.#hasMore && this.#gathering === undefined)
  }

  close(): void {
    this.#stop()
    clearTimeout(this.#gathering)
  }

  next(): object {
    const { first, total } = this.#changes
    const missed = this.#isWhole() ? Math.max(0, first - this.#next) : 0
    const changes: AgentChange[] = []
    let chars = 0
    this.#next = Math.max(first, this.#next)
    for (; this.#next < total && chars < watchItemChars; this.#next++) {
      const change = this.#changes.get(this.#next)
      if (!change || !this.#sees(change)) continue
      const each = told(change)
      changes.push(each)
      chars += frameChars + each.agent.length + each.name.length + (each.reason?.length ?? 0)
    }
    this.#hasMore = this.#seesAnyFrom(this.#next)
    if (!this.#hasMore) {
      this.#gathering = setTimeout(() => {
        this.#gathering = undefined
        if (this.ready) this.feed.wake()
      }, this.#changesMs)
    }
    const type = this.#hasBegun ? 'changes' : 'snapshot'
    this.#hasBegun = true
    return { type, changes, ...(missed > 0 && { missed }) }
  }

  #seesAnyFrom(number: number): boolean {
    for (let n = number; n < this.#changes.total; n++) if (this.#sees(this.#changes.get(n))) return true
    return false
  }
}

function told({ atMs, definition: { id, name }, from, to, reason }: FleetChange): AgentChange {
  return {
    at: new Date(atMs).toISOString(),
    agent: id,
    name: name ?? id,
    ...(from && { from }),
    ...(to && { to }),
    ...(reason !== undefined && { reason }),
  }
}
