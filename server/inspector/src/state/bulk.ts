import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { Session } from './session.ts'

/** What can be done with several agents at once. */
export type BulkAction =
  | { readonly do: 'enable' }
  | { readonly do: 'disable'; readonly reason: string }
  | { readonly do: 'tag'; readonly tag: string }
  | { readonly do: 'untag'; readonly tag: string }

/** How far it has come, and with what it ends. */
export interface BulkProgress {
  readonly total: number
  readonly done: number
  /** Agents that were so already. */
  readonly unchanged: number
  readonly failed: readonly { readonly agent: string; readonly why: unknown }[]
}

/** So many are asked for at a time: the gateway has others to answer, too. */
const atOnce = 8
/** As the gateway takes it. */
const tagPattern = /^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$/

/** What is wrong with a tag; nothing where it can be one. */
export function problemOfTag(tag: string): string | undefined {
  if (tagPattern.test(tag)) return undefined
  return 'A tag has letters, digits and . _ : / = -, at most 64, the first a letter or a digit.'
}

/** Does it with each agent; goes on where one fails. `tell` hears how far it has come. Never rejects; ends early where `signal` aborts. */
export async function actOnAgents(
  request: Session['request'],
  action: BulkAction,
  agents: readonly AgentSnapshot[],
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (progress: BulkProgress) => void },
): Promise<BulkProgress> {
  let progress: BulkProgress = { total: agents.length, done: 0, unchanged: 0, failed: [] }
  const left = [...agents]
  const work = async (): Promise<void> => {
    for (let agent = left.shift(); agent && !signal.aborted; agent = left.shift()) {
      try {
        const isChanged = await act(request, action, agent)
        progress = isChanged ? { ...progress, done: progress.done + 1 } : { ...progress, unchanged: progress.unchanged + 1 }
      } catch (why) {
        progress = { ...progress, failed: [...progress.failed, { agent: agent.id, why }] }
      }
      tell(progress)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, agents.length) }, work))
  return progress
}

/** False where there was nothing to do. */
async function act(request: Session['request'], action: BulkAction, { id: agent, state, tags, version }: AgentSnapshot): Promise<boolean> {
  switch (action.do) {
    case 'enable':
      if (state !== 'disabled') return false
      await request('agents.enable', { agent })
      return true
    case 'disable':
      if (state === 'disabled') return false
      await request('agents.disable', { agent, ...(action.reason.trim() === '' ? {} : { reason: action.reason.trim() }) })
      return true
    case 'tag':
      if (tags.includes(action.tag)) return false
      await request('agents.update', { agent, version, tags: [...tags, action.tag] })
      return true
    case 'untag':
      if (!tags.includes(action.tag)) return false
      await request('agents.update', { agent, version, tags: tags.filter(tag => tag !== action.tag) })
      return true
  }
}
