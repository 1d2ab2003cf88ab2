import type { CallDraft } from '../values/call-draft.ts'
import { parseJsonText } from '../values/json-text.ts'
import { formatRoute, type ListView } from './route.ts'

/** Longer arguments stand in no link: browsers and chats cut it. */
export const linkedChars = 4_096

/** The address behind `#` of a call: whoever opens it has the form filled in. `undefined` where its arguments are too long for an address. */
export function linkOfCall(draft: CallDraft, list: ListView): string | undefined {
  const { agent, service, method, args, timeoutMs } = draft
  const text = JSON.stringify(args)
  if (text.length > linkedChars) return undefined
  const timeout = timeoutMs === undefined ? undefined : String(timeoutMs / 1_000)
  return formatRoute({ page: 'agent', agent, service, method, list, args: text, timeout })
}

/** The arguments of a link. It comes from anybody: what is wrong with it is said, and nothing is made of it. */
export function readLinkedArgs(text: string): { readonly args?: readonly unknown[]; readonly problem?: string } {
  const wrong = (why: string): { problem: string } => ({ problem: `The arguments in the link could not be filled in: ${why}.` })
  if (text.length > linkedChars) return wrong(`they have more than ${linkedChars.toLocaleString('en')} characters`)
  const parsed = parseJsonText(text)
  if (!parsed.ok) return wrong(`they are no JSON; at character ${parsed.at + 1} ${parsed.message}`)
  return Array.isArray(parsed.value) ? { args: parsed.value } : wrong('they are no JSON list')
}
