import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema } from './inspect.ts'

const DeadlineSchema = Type.Integer({ minimum: 1, maximum: 86_400_000, description: 'milliseconds, up to a day' })

/** A call to an agent. */
export const InvokeParamsSchema = Type.Object(
  {
    agent: AgentIdSchema,
    service: Type.String({ minLength: 1, maxLength: 256 }),
    method: Type.String({ minLength: 1, maxLength: 512, description: 'a name, or a signature such as Add(int64,int64)' }),
    args: Type.Array(Type.Unknown(), { maxItems: 64, description: 'in the JSON forms of the contract' }),
    timeoutMs: Type.Optional(DeadlineSchema),
    queueTimeoutMs: Type.Optional(DeadlineSchema),
  },
  { additionalProperties: false },
)

/** The answer to a call. */
export const InvokeResultSchema = Type.Object(
  {
    value: Type.Unknown({ description: 'in the JSON form of the method’s result; null for a method without one' }),
    signature: Type.String({ description: 'the overload that ran' }),
    activityId: Type.String({ description: 'the GUID that the agent saw' }),
    durationMs: Type.Number({ minimum: 0 }),
  },
  { additionalProperties: false },
)

/** A call to an agent. */
export type InvokeParams = Static<typeof InvokeParamsSchema>
/** The answer to a call. */
export type InvokeResult = Static<typeof InvokeResultSchema>
