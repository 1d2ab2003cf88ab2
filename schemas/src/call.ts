import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema } from './agent.ts'
import { CallPhaseSchema, DeliverySchema, ErrorKindSchema, PhaseSchema, RpcErrorSchema } from './json-rpc.ts'
import { facadeLimits } from './wire/protocol.ts'

const DeadlineSchema = Type.Integer({ minimum: 1, description: 'milliseconds; more than a day is a day' })

/** Names a call, so that it runs once however often it is sent. Belongs to the principal and to the epoch. */
export const IdempotencyKeySchema = Type.String({
  minLength: 1,
  maxLength: facadeLimits.idempotencyKeyChars,
  description: 'unique for each call; with the epoch of hello beside it',
})

/** The epoch that `hello` told. */
export const EpochSchema = Type.String({ minLength: 1, maxLength: 64, description: 'the epoch that hello told' })

/** A call to an agent. */
export const InvokeParamsSchema = Type.Object(
  {
    agent: AgentIdSchema,
    service: Type.String({ minLength: 1, maxLength: 256 }),
    method: Type.String({ minLength: 1, maxLength: 512, description: 'a name, or a signature such as Add(int64,int64)' }),
    args: Type.Array(Type.Unknown(), {
      maxItems: 64,
      description: 'in the JSON forms of the contract; the last ones may be missing where it has defaults',
    }),
    timeoutMs: Type.Optional(DeadlineSchema),
    queueTimeoutMs: Type.Optional(DeadlineSchema),
    digest: Type.Optional(
      Type.Union([Type.Boolean(), Type.Literal('sha256'), Type.Literal('sha1')], {
        description: 'the digest of every data stream that is wanted; true: SHA-256',
      }),
    ),
    idempotencyKey: Type.Optional(IdempotencyKeySchema),
    epoch: Type.Optional(EpochSchema),
  },
  { additionalProperties: false },
)

const DigestSchemas = {
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hexadecimal' })),
  sha1: Type.Optional(Type.String({ pattern: '^[0-9a-f]{40}$', description: 'SHA-1, lower-case hexadecimal' })),
}

const PhasesSchema = Type.Optional(
  Type.Array(CallPhaseSchema, { description: 'what took how long, in order; of calls with an idempotency key' }),
)

/** The answer to a call. */
export const InvokeResultSchema = Type.Object(
  {
    value: Type.Unknown({ description: 'in the JSON form of the method’s result; null for a method without one' }),
    signature: Type.String({ description: 'the overload that ran; the name alone where the gateway has no contract' }),
    activityId: Type.String({ description: 'the GUID that the agent saw' }),
    durationMs: Type.Number({ minimum: 0 }),
    phases: PhasesSchema,
    uploads: Type.Optional(
      Type.Array(
        Type.Object(
          { stream: Type.Integer({ minimum: 1 }), length: Type.Integer({ minimum: 0 }), ...DigestSchemas },
          { additionalProperties: false },
        ),
        { description: 'where a digest was asked for: what was uploaded' },
      ),
    ),
  },
  { additionalProperties: false },
)

/** Why a call waits for its agent: what is ahead of it, as far as its caller may see that, and which limit it waits for. */
export const CallWaitSchema = Type.Object(
  {
    reason: Type.String({ description: 'in words' }),
    place: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'among those that wait for the agent, 1: the next; absent while a connection is being opened for it',
      }),
    ),
    running: Type.Integer({ minimum: 0, description: 'calls that run at the agent' }),
    limit: Type.Optional(
      Type.Object(
        { name: Type.String(), value: Type.Integer({ minimum: 0 }) },
        { additionalProperties: false, description: 'how many may run at the same time, and what says so' },
      ),
    ),
    ahead: Type.Array(
      Type.Object(
        {
          activityId: Type.String(),
          service: Type.String(),
          method: Type.String(),
          principal: Type.String(),
          state: Type.Union([Type.Literal('queued'), Type.Literal('running')]),
          since: Type.String({ description: 'RFC 3339' }),
        },
        { additionalProperties: false },
      ),
      { description: 'what runs, then what waits before it: the first of those that one may see' },
    ),
    hidden: Type.Integer({ minimum: 0, description: 'how many more there are' }),
  },
  { additionalProperties: false },
)

/** A call as `calls.watch` and `calls.list` show it. */
export const CallSnapshotSchema = Type.Object(
  {
    activityId: Type.String({ description: 'names the call; of the first run where it was made twice' }),
    agent: AgentIdSchema,
    service: Type.String(),
    method: Type.String(),
    principal: Type.String(),
    since: Type.String({ description: 'RFC 3339: when it began' }),
    state: Type.Union([Type.Literal('queued'), Type.Literal('running'), Type.Literal('answered'), Type.Literal('failed')], {
      description: 'queued: it waits for a connection, or for the agent to collect it',
    }),
    waiting: Type.Optional(CallWaitSchema),
    own: Type.Optional(Type.Literal(true, { description: 'made in this session' })),
    idempotencyKey: Type.Optional(Type.String({ description: 'of one’s own call that has one' })),
    phases: PhasesSchema,
    queuedMs: Type.Optional(Type.Number({ minimum: 0, description: 'how long it waited; absent while it does' })),
    durationMs: Type.Optional(Type.Number({ minimum: 0 })),
    error: Type.Optional(
      Type.Object({ kind: ErrorKindSchema, phase: Type.Optional(PhaseSchema), delivery: DeliverySchema }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false },
)

/** What became of a call that had an idempotency key. */
export const CallOutcomeSchema = Type.Union([
  Type.Object(
    { state: Type.Literal('running'), call: Type.Optional(CallSnapshotSchema) },
    { additionalProperties: false, description: 'with the call, where it has come as far as to wait for its agent, or to run there' },
  ),
  Type.Object(
    { state: Type.Literal('answered'), result: Type.Optional(InvokeResultSchema) },
    { additionalProperties: false, description: 'without a result where that was too large to keep' },
  ),
  Type.Object({ state: Type.Literal('failed'), error: RpcErrorSchema }, { additionalProperties: false }),
  Type.Object(
    { state: Type.Literal('unknown'), reason: Type.Union([Type.Literal('epoch'), Type.Literal('key'), Type.Literal('lost')]) },
    {
      additionalProperties: false,
      description:
        'the gateway has lost its memory of that epoch, does not know this key, or ended while the call ran: then it never runs again',
    },
  ),
])

/** A call to an agent. */
export type InvokeParams = Static<typeof InvokeParamsSchema>
/** The answer to a call. */
export type InvokeResult = Static<typeof InvokeResultSchema>
/** What became of a call that had an idempotency key. */
export type CallOutcome = Static<typeof CallOutcomeSchema>
/** A call as `calls.watch` shows it. */
export type CallSnapshot = Static<typeof CallSnapshotSchema>
