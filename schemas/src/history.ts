import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema, AgentStateNameSchema } from './agent.ts'
import { ErrorKindSchema } from './json-rpc.ts'

const Count = Type.Integer({ minimum: 0 })
const Ms = Type.Number({ minimum: 0 })
const at = Type.String({ description: 'RFC 3339' })
const time = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[0-9:.]{5,16}(Z|[+-]\\d{2}:\\d{2})$', description: 'RFC 3339' })

/** Of which time the numbers are wanted. */
export const HistoryRangeSchema = Type.Object(
  {
    minutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 360, description: 'the last ones; default: 15' })),
    from: Type.Optional(Type.String({ ...time, description: 'RFC 3339; in the place of minutes' })),
    to: Type.Optional(Type.String({ ...time, description: 'RFC 3339; default: now' })),
    after: Type.Optional(
      Type.String({ ...time, description: 'RFC 3339; steps that began before are left out, since the caller has them; whole counts them' }),
    ),
  },
  { additionalProperties: false },
)

/** Of calls: so many milliseconds half of them took at most, 95 and 99 of a hundred. */
const PercentilesSchema = Type.Object(
  { p50: Ms, p95: Ms, p99: Ms },
  {
    additionalProperties: false,
    description: 'milliseconds, at most 5 % beside the true ones from a tenth of a millisecond to an hour; absent: no call ended',
  },
)

const endedCalls = {
  calls: Type.Integer({ minimum: 0, description: 'calls to agents that ended' }),
  errors: Type.Array(Type.Object({ kind: ErrorKindSchema, count: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }), {
    description: 'how many of them failed, by kind, the most first',
  }),
  took: Type.Optional(PercentilesSchema),
  waited: Type.Optional(PercentilesSchema),
}

/** A piece of time, and what was counted in it. */
export const HistoryStepSchema = Type.Object(
  {
    at: Type.String({ description: 'RFC 3339: when it began' }),
    ms: Type.Number({ minimum: 0, description: 'how long it was; the newest one may still be growing' }),
    ...endedCalls,
    queued: Type.Integer({ minimum: 0, description: 'calls that waited for an agent at its end' }),
    running: Type.Integer({ minimum: 0, description: 'calls that ran at its end' }),
    agents: Type.Object(
      { connected: Count, suspect: Count, offline: Count, untrusted: Count, disabled: Count },
      { additionalProperties: false, description: 'agents by state at its end' },
    ),
    changes: Type.Integer({ minimum: 0, description: 'agents that came, went or entered another state' }),
  },
  { additionalProperties: false },
)

/** The steps of a time one after another, and the same calls all together. */
export const HistorySchema = Type.Object(
  {
    stepMs: Type.Integer({ minimum: 1, description: 'about how long each step is' }),
    since: Type.String({ description: 'RFC 3339: nothing is remembered from before' }),
    steps: Type.Array(HistoryStepSchema),
    whole: Type.Object(endedCalls, { additionalProperties: false, description: 'all steps together' }),
    seesAll: Type.Boolean({ description: 'false: the rules let the caller see some agents only, while these numbers are of all' }),
  },
  { additionalProperties: false },
)

/** What `metrics.watch` tells: the newest step, each time that one has ended; those that a slow reader misses are in `metrics.history`. */
export const HistoryEventSchema = Type.Object({ type: Type.Literal('step'), step: HistoryStepSchema }, { additionalProperties: false })

/** An agent that came (`from` is absent), went (`to` is absent) or entered another state. */
export const AgentChangeSchema = Type.Object(
  {
    at,
    agent: AgentIdSchema,
    name: Type.String(),
    from: Type.Optional(AgentStateNameSchema),
    to: Type.Optional(AgentStateNameSchema),
    reason: Type.Optional(Type.String({ description: 'why, in words' })),
  },
  { additionalProperties: false },
)

const changesOfEvent = {
  changes: Type.Array(AgentChangeSchema),
  missed: Type.Optional(Type.Integer({ minimum: 1, description: 'so many before them are forgotten already' })),
}

/** What `changes.watch` tells: first what is remembered, the newest last, in parts where it is much; then what happens. */
export const AgentChangeEventSchema = Type.Union([
  Type.Object({ type: Type.Literal('snapshot'), ...changesOfEvent }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changes'), ...changesOfEvent }, { additionalProperties: false }),
])

/** Which calls an agent gets. */
export const AgentUseSchema = Type.Object(
  {
    agent: AgentIdSchema,
    lastCall: Type.Optional(Type.String({ description: 'RFC 3339: when a call to it ended last; absent: none since the gateway started' })),
    queued: Type.Integer({ minimum: 0, description: 'calls that wait for it' }),
    running: Type.Integer({ minimum: 0, description: 'calls that run at it' }),
  },
  { additionalProperties: false },
)

const useOfEvent = {
  use: Type.Array(AgentUseSchema),
  more: Type.Optional(Type.Literal(true, { description: 'of what was there at the beginning more follows, as changes' })),
}

/** What `use.watch` tells: first of every agent that was called, in parts where it is much, then what changed, each as it is now. */
export const AgentUseEventSchema = Type.Union([
  Type.Object({ type: Type.Literal('snapshot'), ...useOfEvent }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('changed'), ...useOfEvent }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('removed'), ids: Type.Array(AgentIdSchema) }, { additionalProperties: false }),
])

/** Of which time the numbers are wanted. */
export type HistoryRange = Static<typeof HistoryRangeSchema>
/** A piece of time, and what was counted in it. */
export type HistoryStep = Static<typeof HistoryStepSchema>
/** The steps of a time one after another, and the same calls all together. */
export type History = Static<typeof HistorySchema>
/** What `metrics.watch` tells. */
export type HistoryEvent = Static<typeof HistoryEventSchema>
/** An agent that came, went or entered another state. */
export type AgentChange = Static<typeof AgentChangeSchema>
/** What `changes.watch` tells. */
export type AgentChangeEvent = Static<typeof AgentChangeEventSchema>
/** Which calls an agent gets. */
export type AgentUse = Static<typeof AgentUseSchema>
/** What `use.watch` tells. */
export type AgentUseEvent = Static<typeof AgentUseEventSchema>
