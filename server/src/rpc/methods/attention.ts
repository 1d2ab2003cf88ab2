import type { AttentionItem, MethodParams, MethodResult } from '@halibut-gateway/schemas'
import { attentionTable } from '@halibut-gateway/schemas'
import { hasRight } from '@halibut-gateway/schemas/wire'
import type { Access } from '../../access/access.ts'
import type { Principal } from '../../access/principal.ts'
import type { Attention } from '../../attention/attention.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { AgentDirectory } from '../../fleet/agent-directory.ts'
import { AgentSight } from '../agent-sight.ts'
import { ChangedItems } from '../changed-items.ts'
import { cursorAfter, keysFrom } from '../pages.ts'
import type { Handlers } from '../run.ts'
import { SeenThings } from '../seen-things.ts'

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
  const seenBy = (principal: Principal): SeenThings<AttentionItem> =>
    seenAttention(attention, principal, new AgentSight(access, principal), directory)
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

function listed(seen: SeenThings<AttentionItem>, params: MethodParams<'attention.list'>): MethodResult<'attention.list'> {
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

/** What one principal may see of it: by its rights, and of agents by the rules. */
function seenAttention(
  attention: Attention,
  principal: Principal,
  sight: AgentSight,
  directory: AgentDirectory,
): SeenThings<AttentionItem> {
  return new SeenThings({
    ids: () => attention.ids(),
    seen: id => {
      const item = attention.get(id)
      if (!item || !hasRight(principal.role, attentionTable[item.code].right)) return undefined
      const { agent: name } = item.about
      if (name === undefined || sight.isWhole) return item
      const agent = directory.get(name)
      return agent && sight.sees(agent) ? item : undefined
    },
    chars: ({ id, text, action }) => frameChars + id.length + text.length + action.text.length + (action.command?.length ?? 0),
    item: (type, items) => ({ type, items }),
    onChange: listener => attention.onChange(listener),
    onSight: listener => sight.onChange(listener),
  })
}
