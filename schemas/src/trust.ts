import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema } from './agent.ts'
import { EndpointUriSchema } from './endpoint.ts'

const Count = Type.Integer({ minimum: 0 })
const Time = Type.String({ description: 'RFC 3339' })

/** SHA-1 of a certificate. */
export const CertificateThumbprintSchema = Type.String({
  pattern: '^[0-9A-Fa-f]{40}$',
  description: 'SHA-1 of a certificate, 40 hex digits without separators',
})

/** Names somebody who is pending. */
export const PendingIdSchema = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'of the certificate and the subscription together' })

/** Why somebody is refused, as likely as the gateway knows. */
export const RefusalCauseSchema = Type.Union([
  Type.Literal('unknown'),
  Type.Literal('rotated'),
  Type.Literal('cloned'),
  Type.Literal('renamed'),
  Type.Literal('intercepted'),
  Type.Literal('wrong_role'),
  Type.Literal('disabled'),
  Type.Literal('revoked'),
  Type.Literal('held'),
])

/** Somebody who knocks at the port for polling agents and is turned away, until a person decides. */
export const PendingAgentSchema = Type.Object(
  {
    id: PendingIdSchema,
    version: Type.String({ description: 'changes with everything that a decision may depend on; to be told by who approves' }),
    thumbprint: Type.Optional(Type.String({ description: 'SHA-1; absent where it presented no certificate' })),
    thumbprint256: Type.Optional(Type.String({ description: 'SHA-256' })),
    subject: Type.Optional(Type.String({ description: 'whom its certificate names; unverified' })),
    issuer: Type.Optional(Type.String({ description: 'who has made its certificate; unverified' })),
    subscription: Type.Optional(EndpointUriSchema),
    role: Type.Optional(Type.Union([Type.Literal('client'), Type.Literal('server'), Type.Literal('subscriber')])),
    protocol: Type.String({ description: 'the version of TLS' }),
    addresses: Type.Array(Type.Object({ address: Type.String(), count: Count, lastSeen: Time }, { additionalProperties: false }), {
      description: 'where it knocked from last, the newest at the end',
    }),
    firstSeen: Time,
    lastSeen: Time,
    count: Count,
    cause: RefusalCauseSchema,
    reason: Type.String({ description: 'what was seen, what was expected, and what that probably means' }),
    advice: Type.String({ description: 'what to do next' }),
    agent: Type.Optional(Type.String({ description: 'the id of the agent that it is about' })),
    expected: Type.Optional(Type.String({ description: 'the thumbprint that was expected' })),
    laterUntil: Type.Optional(Type.String({ description: 'RFC 3339: somebody wants to be asked again from then on' })),
  },
  { additionalProperties: false },
)

/** An agent as which several machines poll at the same time, with one certificate, or would if a person did not keep some of them out. */
export const ClonesSchema = Type.Object(
  {
    agent: AgentIdSchema,
    subscription: Type.String(),
    thumbprint: Type.String(),
    addresses: Type.Array(Type.String(), { description: 'of the machines that are connected, the newest at the end' }),
    held: Type.Array(Type.Object({ address: Type.String(), since: Time, by: Type.String() }, { additionalProperties: false }), {
      description: 'machines that are kept out',
    }),
  },
  { additionalProperties: false },
)

const pending = {
  pending: Type.Array(PendingAgentSchema),
  more: Type.Optional(Type.Literal(true, { description: 'of those that were there at the beginning more follow, as changes' })),
}

/** What `trust.watch` tells: first everybody who is pending, in parts where they are many, then what changed, each as it is now. */
export const PendingEventSchema = Type.Union([
  Type.Object({ type: Type.Literal('snapshot'), ...pending }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changed'), ...pending }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('removed'), ids: Type.Array(PendingIdSchema) }, { additionalProperties: false }),
])

/** Lets somebody in: as a new agent (`id`), or in the place of one that is known (`replace`). */
export const ApproveParamsSchema = Type.Object(
  {
    pending: PendingIdSchema,
    thumbprint: Type.String({ ...CertificateThumbprintSchema, description: 'the SHA-1 that was seen and compared' }),
    version: Type.String({ minLength: 1, maxLength: 64, description: 'the version that was seen' }),
    id: Type.Optional(Type.String({ ...AgentIdSchema, description: 'that of the new agent' })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'of the new agent, for people' })),
    services: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: 256,
        description: 'of the new agent, whose contracts are known',
      }),
    ),
    replace: Type.Optional(
      Type.String({
        ...AgentIdSchema,
        description: 'the agent whose place it takes: that keeps its id, its name and all else, and the certificate that it had is revoked',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A certificate that is turned away without being shown as pending. */
export const DeniedCertificateSchema = Type.Object(
  {
    thumbprint: Type.String(),
    denied: Time,
    by: Type.String(),
    reason: Type.Optional(Type.String()),
    count: Type.Integer({ minimum: 0, description: 'knocks since the gateway was started' }),
    lastSeen: Type.Optional(Time),
  },
  { additionalProperties: false },
)

/** A certificate of an agent, or one that was revoked. */
export const KnownCertificateSchema = Type.Object(
  {
    thumbprint: Type.String(),
    thumbprint256: Type.Optional(Type.String({ description: 'recorded when it was seen first, and checked from then on' })),
    agents: Type.Array(Type.String(), { description: 'the ids of those that are registered with it' }),
    expires: Type.Optional(
      Type.String({ description: 'RFC 3339: until when it is valid, at which the protocol does not look; absent: it was not seen yet' }),
    ),
    firstSeen: Type.Optional(Time),
    lastSeen: Type.Optional(Type.String({ description: 'RFC 3339, to the day' })),
    revoked: Type.Optional(Type.String({ description: 'RFC 3339: it is worth nothing since then' })),
  },
  { additionalProperties: false },
)

/** Somebody who knocks at the port for polling agents and is turned away, until a person decides. */
export type PendingSnapshot = Static<typeof PendingAgentSchema>
/** What `trust.watch` tells. */
export type PendingEvent = Static<typeof PendingEventSchema>
