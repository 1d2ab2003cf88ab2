import { type Static, Type } from '@sinclair/typebox'
import { GrantSchema, RoleSchema } from './rules.ts'

const Moment = (description: string) => Type.Optional(Type.String({ description: `RFC 3339: ${description}` }))

/** The id of a token: what stands behind `hgw_`. */
export const TokenIdSchema = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'the 16 hexadecimal digits behind hgw_' })

/** The name of a token. */
const TokenNameSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
  description: 'what rules and the audit log know it by: letters, digits, dot, dash, underscore; at most 64',
})

/** What a token may reach at most. */
const ScopeSchema = Type.Array(GrantSchema, {
  minItems: 1,
  maxItems: 100,
  description: 'what it may reach at most, of what its role and the rules allow; absent: all of that',
})

/** What a token is made with. */
export const NewTokenSchema = Type.Object(
  {
    name: TokenNameSchema,
    role: RoleSchema,
    scope: Type.Optional(ScopeSchema),
    expires: Type.Optional(
      Type.String({ minLength: 1, maxLength: 40, description: 'RFC 3339: from when on it is worth nothing; default: never' }),
    ),
  },
  { additionalProperties: false },
)

/** A token, without what is secret of it. */
export const TokenSnapshotSchema = Type.Object(
  {
    id: TokenIdSchema,
    name: TokenNameSchema,
    role: Type.String({ description: 'viewer, operator or admin' }),
    state: Type.Union([Type.Literal('valid'), Type.Literal('expired'), Type.Literal('revoked')]),
    scope: Type.Optional(ScopeSchema),
    created: Type.String({ description: 'RFC 3339' }),
    createdBy: Type.Optional(Type.String({ description: 'the sign-in that made it' })),
    expires: Moment('from when on it is worth nothing'),
    lastUsed: Moment('when somebody signed in with it last'),
    revoked: Moment('when it was revoked'),
  },
  { additionalProperties: false },
)

/** A token, without what is secret of it. */
export type TokenSnapshot = Static<typeof TokenSnapshotSchema>
