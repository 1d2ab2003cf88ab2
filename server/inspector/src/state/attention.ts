import type { AttentionItem } from '@halibut-gateway/schemas'
import { type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

const ranks: Readonly<Record<AttentionItem['severity'], number>> = { critical: 0, warning: 1, info: 2 }

/** What needs a person now, what matters most first, then the newest; `undefined` until it is known. */
export function createAttention(session: Session): ReadonlySignal<readonly AttentionItem[] | undefined> {
  const items = signal<readonly AttentionItem[] | undefined>(undefined)
  whileSignedIn(session, async (client, stop) => {
    const byId = new Map<string, AttentionItem>()
    for await (const event of client.watch('attention.watch', { signal: stop })) {
      if (event.type === 'snapshot') byId.clear()
      if (event.type === 'removed') for (const id of event.ids) byId.delete(id)
      else for (const item of event.items) byId.set(item.id, item)
      items.value = [...byId.values()].sort(
        (one, other) => ranks[one.severity] - ranks[other.severity] || (one.since < other.since ? 1 : one.since > other.since ? -1 : 0),
      )
    }
  })
  session.client.subscribe(() => {
    items.value = undefined
  })
  return items
}
