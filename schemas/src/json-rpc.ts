import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { errorTable } from './wire/errors.ts'
import { traceparentPattern } from './wire/messages.ts'
import { facadeLimits } from './wire/protocol.ts'

/** A request’s id: 1 to 64 characters, or a safe integer. */
export const RequestIdSchema = Type.Union(
  [
    Type.String({ minLength: 1, maxLength: facadeLimits.idChars }),
    Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }),
  ],
  { description: 'string of 1 to 64 characters, or safe integer' },
)

/** A request, or a notification where `id` is absent. Parameters go by name. */
export const RequestSchema = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    id: Type.Optional(RequestIdSchema),
    method: Type.String({ minLength: 1, maxLength: 256 }),
    traceparent: Type.Optional(
      Type.String({
        pattern: traceparentPattern,
        description: 'W3C trace context of version 00, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      }),
    ),
    params: Type.Optional(Type.Union([Type.Object({}), Type.Array(Type.Unknown())])),
  },
  { additionalProperties: false },
)

const literals = <T extends string>(...values: T[]) => Type.Union(values.map(value => Type.Literal(value)))

/** Where in the life of a call to an agent it failed. */
export const PhaseSchema = literals('queue', 'connect', 'tls', 'identify', 'request', 'response', 'stream')

/** Whether the agent may have run a request. */
export const DeliverySchema = literals('not_sent', 'unknown', 'executed')

/** A kind of the error table. */
export const ErrorKindSchema = literals(...(Object.keys(errorTable) as (keyof typeof errorTable)[]))

/** What a service on the other side said when it failed. */
export const RemoteErrorSchema = Type.Object(
  { message: Type.String(), details: Type.Optional(Type.String()), type: Type.Optional(Type.String()) },
  { additionalProperties: false },
)

/** A place in the parameters that does not fit. */
export const ParamErrorSchema = Type.Object(
  { path: Type.String(), expected: Type.String(), got: Type.String() },
  { additionalProperties: false },
)

/** A part of a call to an agent: what it did, since when, and how long. */
export const CallPhaseSchema = Type.Object(
  {
    phase: literals('queue', 'connect', 'request', 'execute', 'response'),
    atMs: Type.Number({ minimum: 0, description: 'when it began, since the call did' }),
    durationMs: Type.Optional(Type.Number({ minimum: 0, description: 'absent while it lasts' })),
    failed: Type.Optional(
      Type.Object(
        { kind: ErrorKindSchema, message: Type.String() },
        { additionalProperties: false, description: 'why this attempt came to nothing, where another one followed' },
      ),
    ),
  },
  { additionalProperties: false },
)

/** `error.data` of every error response. */
export const ErrorDataSchema = Type.Object(
  {
    kind: ErrorKindSchema,
    phase: Type.Optional(PhaseSchema),
    delivery: DeliverySchema,
    retryable: Type.Boolean(),
    retryAfterMs: Type.Optional(Type.Integer({ minimum: 0 })),
    agent: Type.Optional(Type.String()),
    traceId: Type.String({ pattern: '^[0-9a-f]{32}$' }),
    advice: Type.String(),
    errors: Type.Optional(Type.Array(ParamErrorSchema)),
    candidates: Type.Optional(Type.Array(Type.String())),
    remote: Type.Optional(RemoteErrorSchema),
    phases: Type.Optional(Type.Array(CallPhaseSchema, { description: 'of a call with an idempotency key: what took how long' })),
  },
  { additionalProperties: false },
)

/** JSON-RPC’s error object. */
export const RpcErrorSchema = Type.Object(
  { code: Type.Integer(), message: Type.String(), data: ErrorDataSchema },
  { additionalProperties: false },
)

/** A response: a result or an error, never both. */
export const ResponseSchema = Type.Union([
  Type.Object(
    { jsonrpc: Type.Literal('2.0'), id: Type.Union([RequestIdSchema, Type.Null()]), result: Type.Unknown() },
    { additionalProperties: false },
  ),
  Type.Object(
    { jsonrpc: Type.Literal('2.0'), id: Type.Union([RequestIdSchema, Type.Null()]), error: RpcErrorSchema },
    { additionalProperties: false },
  ),
])

/** A schema with no value: for methods without parameters. */
export const NoParamsSchema = Type.Object({}, { additionalProperties: false })

/** The value type of a schema. */
export type ValueOf<S extends TSchema> = Static<S>
