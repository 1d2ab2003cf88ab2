import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema, AgentSnapshotSchema } from './agent.ts'
import { CallSnapshotSchema } from './call.ts'

/** Items were lost between the one before and the one after: the reader was slow, or away for too long. */
const GapSchema = Type.Object(
  {
    type: Type.Literal('gap'),
    missed: Type.Optional(Type.Integer({ minimum: 1, description: 'how many; absent where nobody knows' })),
  },
  { additionalProperties: false },
)

const agentsOfEvent = {
  agents: Type.Array(AgentSnapshotSchema),
  more: Type.Optional(Type.Literal(true, { description: 'of what was there at the beginning more follows, as changes' })),
}

/** What `agents.watch` tells: first everything, in parts where it is much, then what changed, each agent as it is now. */
export const AgentEventSchema = Type.Union([
  Type.Object({ type: Type.Literal('snapshot'), ...agentsOfEvent }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changed'), ...agentsOfEvent }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('removed'), ids: Type.Array(AgentIdSchema) }, { additionalProperties: false }),
])

/** What `calls.watch` tells: first the calls that wait or run, in parts where they are many, then each beginning, change of state and end. */
export const CallEventSchema = Type.Union([
  Type.Object(
    {
      type: Type.Literal('snapshot'),
      calls: Type.Array(CallSnapshotSchema),
      more: Type.Optional(Type.Literal(true, { description: 'the next item is a further part of it' })),
    },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal('started'), call: CallSnapshotSchema }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changed'), call: CallSnapshotSchema }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('finished'), call: CallSnapshotSchema }, { additionalProperties: false }),
  GapSchema,
])

const text = Type.String()
const optionalText = Type.Optional(Type.String())
const at = Type.String({ description: 'RFC 3339' })

/** What `inspect.watch` tells: what happens in the mesh, without a byte of what is said there. */
export const InspectEventSchema = Type.Union([
  Type.Object(
    {
      type: Type.Union([Type.Literal('connectionOpened'), Type.Literal('connectionClosed')]),
      at,
      direction: Type.Union([Type.Literal('incoming'), Type.Literal('outgoing')]),
      remoteAddress: text,
      thumbprint: optionalText,
      protocol: text,
    },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      type: Type.Union([Type.Literal('subscriberConnected'), Type.Literal('subscriberDisconnected')]),
      at,
      subscription: text,
      thumbprint: text,
      remoteAddress: text,
    },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal('clientDenied'), at, remoteAddress: text, thumbprint: optionalText }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('log'), at, endpoint: text, level: text, message: text }, { additionalProperties: false }),
  GapSchema,
])

/** What `agents.watch` tells: first everything, in parts where it is much, then what changed, each agent as it is now. */
export type AgentEvent = Static<typeof AgentEventSchema>
/** What `calls.watch` tells: first the calls that wait or run, in parts where they are many, then each beginning, change of state and end. */
export type CallEvent = Static<typeof CallEventSchema>
/** What `inspect.watch` tells: what happens in the mesh, without a byte of what is said there. */
export type InspectEvent = Static<typeof InspectEventSchema>
