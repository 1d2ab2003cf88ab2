import { type Static, Type } from '@sinclair/typebox'
import { EndpointUriSchema, ThumbprintSchema } from './endpoint.ts'

/** An agent’s name in the browser’s API: letters, digits, dot, dash and underscore. */
export const AgentIdSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description: 'letters, digits, dot, dash, underscore; at most 128',
})

/** What agents are told apart by in lists and rules: `production`, `role=web`. */
export const TagSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:/=-]{0,63}$',
  description: 'letters, digits and . _ : / = -, at most 64, the first a letter or a digit',
})

const TagsSchema = Type.Array(TagSchema, { maxItems: 32, uniqueItems: true })
const ServicesSchema = Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
  maxItems: 256,
  description: 'services that it hosts and whose contract is known',
})
const AgentNameSchema = Type.String({ minLength: 1, maxLength: 200, description: 'for people' })

/** The version of what an operator says about an agent: another one after each change. */
export const VersionSchema = Type.String({
  pattern: '^([A-Za-z0-9_-]{1,64}|\\*)$',
  description: 'the version that is to be changed; * for whichever there is',
})

/** The SHA-1 of a certificate as a person pastes it. */
const PastedThumbprintSchema = Type.String({
  pattern: '^([0-9A-Fa-f]{2}[ :-]?){20}$',
  description: 'SHA-1 of the certificate: 40 hex digits, with spaces, : or - between them or without',
})

const WaitSchema = Type.Integer({ minimum: 1, maximum: 86_400_000, description: 'milliseconds' })

/** Limits of the runtime that one agent has otherwise than the others, by their names in LIMITS.md. */
export const AgentLimitsSchema = Type.Object(
  {
    pollingRequestQueueTimeoutMs: Type.Optional(WaitSchema),
    tcpClientConnectTimeoutMs: Type.Optional(WaitSchema),
    retryCountLimit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    retryListeningSleepIntervalMs: Type.Optional(WaitSchema),
    connectionErrorRetryTimeoutMs: Type.Optional(WaitSchema),
  },
  { additionalProperties: false, description: 'those that it has otherwise than other agents' },
)

/** An agent that is to be served. */
export const NewAgentSchema = Type.Object(
  {
    agent: AgentIdSchema,
    name: Type.Optional(AgentNameSchema),
    uri: EndpointUriSchema,
    thumbprint: PastedThumbprintSchema,
    services: Type.Optional(ServicesSchema),
    tags: Type.Optional(TagsSchema),
    limits: Type.Optional(AgentLimitsSchema),
  },
  { additionalProperties: false },
)

/** What is to be different about an agent; what is missing stays. */
export const AgentChangesSchema = Type.Object(
  {
    agent: AgentIdSchema,
    version: VersionSchema,
    name: Type.Optional(Type.Union([AgentNameSchema, Type.Null()], { description: 'null: its id' })),
    uri: Type.Optional(EndpointUriSchema),
    thumbprint: Type.Optional(PastedThumbprintSchema),
    services: Type.Optional(ServicesSchema),
    tags: Type.Optional(TagsSchema),
    limits: Type.Optional(AgentLimitsSchema),
  },
  { additionalProperties: false },
)

/** The states of an agent, as the gateway sees it. */
export const AgentStateNameSchema = Type.Union([
  Type.Literal('connected'),
  Type.Literal('suspect'),
  Type.Literal('offline'),
  Type.Literal('untrusted'),
  Type.Literal('disabled'),
])

/** A certificate that answers dials of a listening agent, and is not the pinned one. */
const MismatchSchema = Type.Object(
  {
    thumbprint: Type.String({ description: 'SHA-1 of what was seen' }),
    thumbprint256: Type.String({ description: 'SHA-256 of the same' }),
    subject: Type.String({ description: 'whom it names; unverified' }),
    issuer: Type.String({ description: 'who has made it; unverified' }),
    count: Type.Integer({ minimum: 1, description: 'how often it was seen' }),
    firstSeen: Type.String({ description: 'RFC 3339' }),
    lastSeen: Type.String({ description: 'RFC 3339' }),
  },
  { additionalProperties: false, description: 'of a listening agent: another certificate than the pinned one answers' },
)

/** One agent at one moment. */
export const AgentSnapshotSchema = Type.Object(
  {
    id: AgentIdSchema,
    name: Type.String(),
    mode: Type.Union([Type.Literal('listening'), Type.Literal('polling')]),
    uri: EndpointUriSchema,
    thumbprint: ThumbprintSchema,
    nextThumbprint: Type.Optional(
      Type.String({ ...ThumbprintSchema, description: 'a further certificate that is as good, while it takes the place of that one' }),
    ),
    state: AgentStateNameSchema,
    since: Type.String({ description: 'RFC 3339: when it entered this state' }),
    reason: Type.String({ description: 'why, in words' }),
    advice: Type.Optional(Type.String({ description: 'what to do next, where something is wrong and that is known' })),
    connections: Type.Integer({ minimum: 0, description: 'live connections of a polling agent' }),
    probed: Type.Optional(Type.String({ description: 'RFC 3339: the last probe of a listening agent; absent before the first' })),
    roundTripMs: Type.Optional(Type.Number({ minimum: 0, description: 'of the last probe that a listening agent answered' })),
    mismatch: Type.Optional(MismatchSchema),
    services: Type.Array(Type.String(), { description: 'services whose contract is known' }),
    tags: Type.Array(Type.String()),
    limits: Type.Optional(AgentLimitsSchema),
    version: Type.String({ description: 'another one after each change of what was said about it' }),
    readOnly: Type.Boolean({ description: 'it stands in the settings, and is changed there only' }),
  },
  { additionalProperties: false },
)

/** Limits of the runtime that one agent has otherwise than the others. */
export type AgentLimits = Static<typeof AgentLimitsSchema>
/** The states of an agent, as the gateway sees it. */
export type AgentStateName = Static<typeof AgentStateNameSchema>
/** An agent that is to be served. */
export type NewAgent = Static<typeof NewAgentSchema>
/** What is to be different about an agent; what is missing stays. */
export type AgentChanges = Static<typeof AgentChangesSchema>
/** One agent at one moment. */
export type AgentSnapshot = Static<typeof AgentSnapshotSchema>
