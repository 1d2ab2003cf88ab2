import { type Static, Type } from '@sinclair/typebox'
import { AgentStateNameSchema } from './agent.ts'
import { DeliverySchema, ErrorKindSchema, PhaseSchema } from './json-rpc.ts'

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** A connection over which an agent gets its calls. */
export const AgentConnectionSchema = Type.Object(
  {
    direction: Type.Union([Type.Literal('incoming'), Type.Literal('outgoing')], {
      description: 'incoming: the agent has opened it, to poll; outgoing: the gateway has, to call',
    }),
    remoteAddress: Type.String({ description: 'of the agent’s end, with the port' }),
    port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535, description: 'the port of the gateway that the agent polls' })),
    protocol: Type.String({ description: 'TLSv1.2 or TLSv1.3' }),
    cipher: Type.Optional(Type.String({ description: 'the cipher suite by its IANA name' })),
    thumbprint: Type.Optional(Type.String({ description: 'SHA-1 of the certificate that the agent has presented' })),
    expires: Type.Optional(Type.String({ description: 'RFC 3339: until when that is valid' })),
    own: Type.Optional(Type.String({ description: 'SHA-1 of the certificate that the gateway has presented' })),
    since: Type.String({ description: 'RFC 3339' }),
    calls: Type.Integer({ ...Count, description: 'requests that were given to it' }),
    busy: Type.Boolean({ description: 'one of them is under way' }),
    used: Type.Optional(Type.String({ description: 'RFC 3339: when the last one came to its end; absent: there was none' })),
    bytesRead: Type.Integer({ ...Count, description: 'that have come from the agent' }),
    bytesWritten: Count,
  },
  { additionalProperties: false },
)

/** A state in which an agent is or was. */
export const AgentPastStateSchema = Type.Object(
  {
    state: AgentStateNameSchema,
    since: Type.String({ description: 'RFC 3339: when it entered this state' }),
    reason: Type.String({ description: 'the last one that was known for it' }),
    advice: Type.Optional(Type.String({ description: 'what to do next, where something was wrong and that was known' })),
  },
  { additionalProperties: false },
)

/** A call of an agent that is over. */
export const EndedCallSchema = Type.Object(
  {
    activityId: Type.String(),
    service: Type.String(),
    method: Type.String(),
    principal: Type.String(),
    since: Type.String({ description: 'RFC 3339: when it began' }),
    queuedMs: Type.Number({ minimum: 0, description: 'how much of its time it waited for a connection' }),
    durationMs: Type.Number({ minimum: 0 }),
    error: Type.Optional(
      Type.Object(
        {
          kind: ErrorKindSchema,
          phase: Type.Optional(PhaseSchema),
          delivery: DeliverySchema,
          message: Type.Optional(
            Type.String({ description: 'absent where it holds what the agent has said, or an argument, and somebody else made the call' }),
          ),
          advice: Type.String({ description: 'what to do next' }),
          remoteType: Type.Optional(Type.String({ description: 'the type of the exception that the agent’s service has thrown' })),
        },
        { additionalProperties: false, description: 'absent: it was answered' },
      ),
    ),
  },
  { additionalProperties: false },
)

/** A connection over which an agent gets its calls. */
export type AgentConnectionSnapshot = Static<typeof AgentConnectionSchema>
/** A state in which an agent is or was. */
export type AgentPastState = Static<typeof AgentPastStateSchema>
/** A call of an agent that is over. */
export type EndedCall = Static<typeof EndedCallSchema>
