import { type Static, Type } from '@sinclair/typebox'
import { EndpointUriSchema, ThumbprintSchema } from './endpoint.ts'

/** An agent’s name in the browser’s API: letters, digits, dot, dash and underscore. */
export const AgentIdSchema = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$',
  description: 'letters, digits, dot, dash, underscore; at most 128',
})

/** The states of an agent, as the gateway sees it. */
export const AgentStateNameSchema = Type.Union([
  Type.Literal('connected'),
  Type.Literal('suspect'),
  Type.Literal('offline'),
  Type.Literal('untrusted'),
  Type.Literal('disabled'),
])

/** One agent at one moment. */
export const AgentSnapshotSchema = Type.Object(
  {
    id: AgentIdSchema,
    name: Type.String(),
    mode: Type.Union([Type.Literal('listening'), Type.Literal('polling')]),
    uri: EndpointUriSchema,
    thumbprint: ThumbprintSchema,
    state: AgentStateNameSchema,
    since: Type.String({ description: 'RFC 3339: when it entered this state' }),
    reason: Type.String({ description: 'why, in words' }),
    connections: Type.Integer({ minimum: 0, description: 'live connections of a polling agent' }),
    probed: Type.Optional(Type.String({ description: 'RFC 3339: the last probe of a listening agent; absent before the first' })),
    roundTripMs: Type.Optional(Type.Number({ minimum: 0, description: 'of the last probe that a listening agent answered' })),
    services: Type.Array(Type.String(), { description: 'services whose contract is known' }),
  },
  { additionalProperties: false },
)

/** The states of an agent, as the gateway sees it. */
export type AgentStateName = Static<typeof AgentStateNameSchema>
/** One agent at one moment. */
export type AgentSnapshot = Static<typeof AgentSnapshotSchema>
