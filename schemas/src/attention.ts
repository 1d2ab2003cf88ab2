import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema } from './agent.ts'
import type { Right } from './wire/rights.ts'

/** How much it matters: `critical` is to be seen to now, `warning` soon, and `info` some time. */
export type AttentionSeverity = 'critical' | 'warning' | 'info'

/** The closed set of what may need a person: how much it matters, what it is called, and the right that shows it. */
export const attentionTable = {
  store_failing: entry('critical', 'changes cannot be kept', 'agents.read'),
  backup_overdue: entry('warning', 'the last backup is old', 'trust.read'),
  gateway_certificate_expires: entry('warning', 'the certificate that agents trust expires', 'trust.read'),
  page_certificate_expires: entry('warning', 'the certificate of the page expires', 'trust.read'),
  agent_certificate_expires: entry('warning', 'the certificate of an agent expires', 'trust.read'),
  rotation_under_way: entry('info', 'a certificate is being replaced', 'trust.read'),
  agent_pending: entry('warning', 'somebody knocks and waits for a decision', 'trust.read'),
  agent_cloned: entry('warning', 'several machines poll with one certificate', 'trust.read'),
  agent_refused: entry('warning', 'an agent is not trusted', 'agents.read'),
  agent_offline: entry('warning', 'an agent is offline', 'agents.read'),
  agent_unused: entry('info', 'nobody calls an agent', 'agents.read'),
  token_expires: entry('warning', 'a token expires', 'tokens.read'),
  token_unused: entry('info', 'nobody uses a token', 'tokens.read'),
} as const satisfies Record<string, AttentionEntry>

/** One row of {@link attentionTable}. */
export interface AttentionEntry {
  readonly severity: AttentionSeverity
  readonly title: string
  /** Without it nobody sees it. What is about an agent is seen by those who see the agent. */
  readonly right: Right
}

/** What may need a person. */
export type AttentionCode = keyof typeof attentionTable

/** All of them. */
export const attentionCodes = Object.keys(attentionTable) as readonly AttentionCode[]

const Id = Type.String({ minLength: 1, maxLength: 1_024, description: 'the same as long as it lasts' })

/** Something that needs a person now. */
export const AttentionItemSchema = Type.Object(
  {
    id: Id,
    code: Type.Union(attentionCodes.map(code => Type.Literal(code))),
    severity: Type.Union([Type.Literal('critical'), Type.Literal('warning'), Type.Literal('info')]),
    title: Type.String(),
    text: Type.String({ description: 'what is wrong, with what and since when' }),
    since: Type.String({ description: 'RFC 3339' }),
    about: Type.Object(
      {
        agent: Type.Optional(AgentIdSchema),
        pending: Type.Optional(Type.String({ description: 'the id in trust.pending' })),
        thumbprint: Type.Optional(Type.String({ description: 'SHA-1 of a certificate' })),
        token: Type.Optional(Type.String({ description: 'the id of a token, which is no secret' })),
      },
      { additionalProperties: false },
    ),
    action: Type.Object(
      {
        text: Type.String({ description: 'the one thing to do next' }),
        command: Type.Optional(Type.String({ description: 'the command line that does it, or shows more; <…> is to be filled in' })),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)

const items = {
  items: Type.Array(AttentionItemSchema),
  more: Type.Optional(Type.Literal(true, { description: 'of what was there at the beginning more follows, as changes' })),
}

/** What `attention.watch` tells: first everything, in parts where it is much, then what changed, each as it is now. */
export const AttentionEventSchema = Type.Union([
  Type.Object({ type: Type.Literal('snapshot'), ...items }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changed'), ...items }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('removed'), ids: Type.Array(Id) }, { additionalProperties: false }),
])

/** Something that needs a person now. */
export type AttentionItem = Static<typeof AttentionItemSchema>
/** What `attention.watch` tells. */
export type AttentionEvent = Static<typeof AttentionEventSchema>

function entry<const S extends AttentionSeverity, const R extends Right>(severity: S, title: string, right: R) {
  return { severity, title, right }
}
