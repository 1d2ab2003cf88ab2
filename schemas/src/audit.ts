import { type Static, Type } from '@sinclair/typebox'

const Text = Type.String({ minLength: 1, maxLength: 256 })
const Moment = Type.String({ minLength: 1, maxLength: 40, description: 'RFC 3339' })

/** What is looked for in the audit log. Every member that is there must fit. */
export const AuditQuerySchema = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'entries of a page; default: 100' })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'what next of the page before said' })),
    from: Type.Optional(Type.String({ ...Moment, description: 'RFC 3339: at this time or later' })),
    to: Type.Optional(Type.String({ ...Moment, description: 'RFC 3339: before this time' })),
    who: Type.Optional(Type.String({ ...Text, description: 'the name of the principal; gateway for what it did by itself' })),
    agent: Type.Optional(Type.String({ ...Text, description: 'the id of the agent' })),
    action: Type.Optional(Type.String({ ...Text, description: 'the method, such as agent.invoke, or what the gateway did' })),
    outcome: Type.Optional(Type.String({ ...Text, description: 'done, or the kind of the error; failed: all but done' })),
    text: Type.Optional(Type.String({ ...Text, description: 'stands in a value of the entry, in large or small letters' })),
  },
  { additionalProperties: false },
)

/** One entry of the audit log: who did what to which agent, and what came of it. */
export const AuditEntrySchema = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1, description: 'one more than that of the entry before' }),
    time: Type.String({ description: 'RFC 3339' }),
    who: Type.String(),
    role: Type.Optional(Type.String()),
    action: Type.String(),
    agent: Type.Optional(Type.String()),
    outcome: Type.String(),
    facts: Type.Optional(Type.Record(Type.String(), Type.Unknown({ description: 'a text, a number, true or false' }))),
    traceId: Type.Optional(Type.String()),
    hash: Type.String({ description: 'of this entry and all before it: SHA-256, hexadecimal' }),
  },
  { additionalProperties: false },
)

/** What is looked for in the audit log. */
export type AuditQueryParams = Static<typeof AuditQuerySchema>
/** One entry of the audit log. */
export type AuditEntryAnswer = Static<typeof AuditEntrySchema>
