import type { AttentionItem, MethodParams, MethodResult } from '@halibut-gateway/schemas'
import { attentionTable } from '@halibut-gateway/schemas'
import { hasRight } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import type { Principal } from '../../access/principal.ts'
import type { Attention } from '../../attention/attention.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import { AgentSight } from '../agent-sight.ts'
import { ChangedItems, type ChangingThings } from '../changed-items.ts'
import { cursorAfter, keysFrom } from '../pages.ts'
import type { Handlers } from '../run.ts'

/** What the methods about what needs a person work with. */
export interface AttentionMethodsOptions {
  readonly attention: Attention
  readonly access: Access
  readonly directory: AgentDirectory
  readonly changesMs?: number | undefined
}

/** The methods about what needs a person. */
export function attentionMethods({
  attention,
  access,
  directory,
  changesMs = gatewayLimits.agentChangesMs,
}: AttentionMethodsOptions): Pick<Handlers, 'attention.list' | 'attention.watch'> {
  const seenBy = (principal: Principal): SeenAttention =>
    new SeenAttention(attention, principal, new AgentSight(access, principal), directory)
  return {
    'attention.list': (params, { principal }) => {
      attention.refresh()
      return listed(seenBy(principal), params)
    },
    'attention.watch': async (_params, context) => {
      const changed = new ChangedItems(seenBy(context.principal), changesMs)
      try {
        return await changed.feed.run(context)
      } finally {
        changed.close()
      }
    },
  }
}

function listed(seen: SeenAttention, params: MethodParams<'attention.list'>): MethodResult<'attention.list'> {
  const items: AttentionItem[] = []
  for (const id of keysFrom(seen.ids(), params)) {
    const item = seen.get(id)
    if (!item) continue
    const last = items.at(-1)
    if (last && items.length === params.limit) return { items, next: cursorAfter(last.id) }
    items.push(item)
  }
  return { items }
}

/** About what the JSON of an item has beside its texts. */
const frameChars = 300

/** What one principal may see of it: by its rights, and of agents by the rules. What it may not see any more is gone for it. */
class SeenAttention implements ChangingThings<AttentionItem> {
  readonly #attention: Attention
  readonly #principal: Principal
  readonly #sight: AgentSight
  readonly #directory: AgentDirectory
  /** What it was told of and is still there for it. */
  readonly #known = new Set<string>()

  constructor(attention: Attention, principal: Principal, sight: AgentSight, directory: AgentDirectory) {
    this.#attention = attention
    this.#principal = principal
    this.#sight = sight
    this.#directory = directory
  }

  ids(): string[] {
    return this.#attention.ids().filter(id => this.#seen(id) !== undefined)
  }

  get(id: string): AttentionItem | undefined {
    const item = this.#seen(id)
    if (item) this.#known.add(id)
    else this.#known.delete(id)
    return item
  }

  chars({ id, text, action }: AttentionItem): number {
    return frameChars + id.length + text.length + action.text.length + (action.command?.length ?? 0)
  }

  item(type: 'snapshot' | 'changed', items: AttentionItem[]): object {
    return { type, items }
  }

  onChange(listener: (id: string) => void): () => void {
    const tell = (id: string): void => {
      if (this.#known.has(id) || this.#seen(id)) listener(id)
    }
    const stops = [
      this.#attention.onChange(tell),
      this.#sight.onChange(() => {
        for (const id of this.#attention.ids()) if (this.#known.has(id) !== (this.#seen(id) !== undefined)) listener(id)
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  #seen(id: string): AttentionItem | undefined {
    const item = this.#attention.get(id)
    if (!item || !hasRight(this.#principal.role, attentionTable[item.code].right)) return undefined
    const { agent: name } = item.about
    if (name === undefined || this.#sight.isWhole) return item
    const agent = this.#directory.get(name)
    return agent && this.#sight.sees(agent) ? item : undefined
  }
}
