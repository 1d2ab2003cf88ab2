import type { AgentChange, AgentChangeEvent } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import type { Session } from './session.ts'
import { whileSignedIn } from './while-signed-in.ts'

/** So many are kept here; the gateway remembers no more either. */
const kept = 1_000

/** What happened to agents, the newest first. */
export interface KnownChanges {
  readonly changes: readonly AgentChange[]
  /** There were some before them that nobody remembers any more. */
  readonly isCut: boolean
}

const nothingYet: KnownChanges = { changes: [], isCut: false }

/** What happened to agents, as far as who is signed in may see them, followed while it is `wanted`; `undefined`: it is not known yet. */
export function createFleetChanges(session: Session, wanted: ReadonlySignal<boolean>): ReadonlySignal<KnownChanges | undefined> {
  const known = signal<KnownChanges | undefined>(undefined)
  const client = computed(() => (wanted.value ? session.client.value : undefined))
  client.subscribe(() => {
    known.value = undefined
  })
  whileSignedIn({ client }, async (asked, stop) => {
    for await (const event of asked.watch('changes.watch', { signal: stop })) known.value = withEvent(known.peek(), event)
  })
  return known
}

/** What is known after one more item. */
export function withEvent(before: KnownChanges | undefined, { type, changes, missed }: AgentChangeEvent): KnownChanges {
  const { changes: older, isCut } = type === 'snapshot' || !before ? nothingYet : before
  const all = [...changes.toReversed(), ...older]
  return { changes: all.slice(0, kept), isCut: isCut || missed !== undefined || all.length > kept }
}
