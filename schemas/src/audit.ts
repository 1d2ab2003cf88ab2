import { type Static, Type } from '@sinclair/typebox'

const Text = Type.String({ minLength: 1, maxLength: 256 })
const Moment = Type.String({ minLength: 1, maxLength: 40, description: 'RFC 3339' })

const wanted = {
  from: Type.Optional(Type.String({ ...Moment, description: 'RFC 3339: at this time or later' })),
  to: Type.Optional(Type.String({ ...Moment, description: 'RFC 3339: before this time' })),
  who: Type.Optional(Type.String({ ...Text, description: 'the name of the principal; gateway for what it did by itself' })),
  agent: Type.Optional(Type.String({ ...Text, description: 'the id of the agent' })),
  action: Type.Optional(Type.String({ ...Text, description: 'the method, such as agent.invoke, or what the gateway did' })),
  outcome: Type.Optional(Type.String({ ...Text, description: 'done, or the kind of the error; failed: all but done' })),
  text: Type.Optional(Type.String({ ...Text, description: 'stands in a value of the entry, in large or small letters' })),
}

/** What is looked for in the audit log. Every member that is there must fit. */
export const AuditQuerySchema = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'entries of a page; default: 100' })),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'what next of the page before said' })),
    ...wanted,
  },
  { additionalProperties: false },
)

const SequenceSchema = Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 })

/** What is followed of the audit log as it grows. */
export const AuditFollowSchema = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 999_999_999_999_999,
        description: 'the entries above this one; default: those that come from now on',
      }),
    ),
    ...wanted,
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

/** Names an entry. */
export const AuditPlaceSchema = Type.Object({ sequence: SequenceSchema }, { additionalProperties: false })

/** One entry with all that its hash is made of, and the entries beside it. */
export const AuditDetailSchema = Type.Object(
  {
    entry: AuditEntrySchema,
    atMs: Type.Integer({ description: 'its time in UTC milliseconds since 1970, as it is hashed' }),
    text: Type.String({ description: 'as it is stored, and hashed' }),
    before: Type.Optional(AuditEntrySchema),
    after: Type.Optional(AuditEntrySchema),
    previousHash: Type.Optional(
      Type.String({
        description:
          'what its own hash follows: SHA-256 of previousHash, sequence, atMs and text with a line feed between each; absent where the entry before it is missing',
      }),
    ),
    follows: Type.Optional(Type.Boolean({ description: 'whether its hash follows; absent where the entry before it is missing' })),
  },
  { additionalProperties: false },
)

/** What looking through the audit log has found: all of it holds, or the first thing that is wrong. */
export const AuditVerificationSchema = Type.Union([
  Type.Object(
    {
      ok: Type.Literal(true),
      first: Type.Integer({ minimum: 1 }),
      last: Type.Integer({ minimum: 0 }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      ok: Type.Literal(false),
      sequence: Type.Integer({ minimum: 0, description: 'the entry that is wrong, or missing' }),
      finding: Type.Union([Type.Literal('changed'), Type.Literal('missing'), Type.Literal('cut-off'), Type.Literal('rewritten')]),
      message: Type.String(),
    },
    { additionalProperties: false },
  ),
])

/** What is told while the audit log is looked through: how far it has come, and at the end what it has found. */
export const AuditVerifyItemSchema = Type.Union([
  Type.Object(
    {
      sequence: Type.Integer({ minimum: 1, description: 'how far it has come' }),
      last: Type.Integer({ minimum: 1, description: 'the newest entry when it began' }),
    },
    { additionalProperties: false },
  ),
  Type.Object({ found: AuditVerificationSchema }, { additionalProperties: false }),
])

/** What is looked for in the audit log. */
export type AuditQueryParams = Static<typeof AuditQuerySchema>
/** One entry of the audit log. */
export type AuditEntryAnswer = Static<typeof AuditEntrySchema>
