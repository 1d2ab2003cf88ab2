import type { AttentionItem } from '@halibut-gateway/schemas'

/** So many of one kind stand one by one. */
const oneByOne = 3

/** What needs a person, where much of one kind is told together: in the order of what comes first of each kind. */
export function groupedAttention(items: readonly AttentionItem[]): readonly (readonly AttentionItem[])[] {
  const byCode = new Map<string, AttentionItem[]>()
  for (const item of items) {
    const key = `${item.code} ${item.severity}`
    const group = byCode.get(key)
    if (group) group.push(item)
    else byCode.set(key, [item])
  }
  return [...byCode.values()].flatMap(group => (group.length <= oneByOne ? group.map(item => [item]) : [group]))
}
