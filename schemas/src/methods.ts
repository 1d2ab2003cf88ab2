import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { InvokeParamsSchema, InvokeResultSchema } from './call.ts'
import { AgentEventSchema, AgentSnapshotSchema } from './inspect.ts'
import { NoParamsSchema, RequestIdSchema } from './json-rpc.ts'
import { facadeLimits } from './wire/protocol.ts'

const PositiveInteger = Type.Integer({ minimum: 1 })

const limitsSchema = Type.Object(
  Object.fromEntries(Object.keys(facadeLimits).map(name => [name, PositiveInteger])) as Record<
    keyof typeof facadeLimits,
    typeof PositiveInteger
  >,
  { additionalProperties: false },
)

const ServiceNameSchema = Type.String({ minLength: 1, maxLength: 256 })

/**
 * The one map of the gateway’s methods: parameters, result, and for a watch the items that it sends before its result. Validation in
 * the gateway, types at both ends, `rpc.discover` and the table of PROTOCOL.md come from it.
 */
export const methods = {
  hello: method({
    description: 'opens the session; the first request on a socket, once',
    params: Type.Object(
      {
        client: Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 100 }), version: Type.String({ minLength: 1, maxLength: 50 }) },
          { additionalProperties: false },
        ),
      },
      { additionalProperties: false },
    ),
    result: Type.Object(
      {
        server: Type.Object({ name: Type.String(), version: Type.String() }, { additionalProperties: false }),
        session: Type.String({ minLength: 1 }),
        resumed: Type.Boolean(),
        epoch: Type.String({ description: 'changes when the gateway lost its memory, for example by a restart' }),
        principal: Type.Object({ name: Type.String(), role: Type.String() }, { additionalProperties: false }),
        limits: limitsSchema,
      },
      { additionalProperties: false },
    ),
  }),
  'agents.list': method({
    description: 'every agent with its state',
    params: NoParamsSchema,
    result: Type.Object({ agents: Type.Array(AgentSnapshotSchema) }, { additionalProperties: false }),
  }),
  'agents.watch': method({
    description: 'the agents and every change of them, as progress items, until it is cancelled',
    params: NoParamsSchema,
    item: AgentEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'agent.invoke': method({
    description: 'calls a service of an agent',
    params: InvokeParamsSchema,
    result: InvokeResultSchema,
  }),
  'contracts.list': method({
    description: 'the services whose contracts the gateway knows',
    params: NoParamsSchema,
    result: Type.Object(
      {
        contracts: Type.Array(
          Type.Object({ service: ServiceNameSchema, methods: Type.Array(Type.String()) }, { additionalProperties: false }),
        ),
      },
      { additionalProperties: false },
    ),
  }),
  'contracts.get': method({
    description: 'one contract as its JSON document',
    params: Type.Object({ service: ServiceNameSchema }, { additionalProperties: false }),
    result: Type.Object({ contract: Type.Record(Type.String(), Type.Unknown()) }, { additionalProperties: false }),
  }),
  'rpc.discover': method({
    description: 'this map as an OpenRPC document',
    params: NoParamsSchema,
    result: Type.Record(Type.String(), Type.Unknown()),
  }),
} as const satisfies Record<string, MethodEntry>

/** The notifications a client may send, with their parameters. */
export const clientNotifications = {
  '$/cancel': Type.Object({ id: RequestIdSchema }, { additionalProperties: false }),
  '$/ping': NoParamsSchema,
} as const satisfies Record<string, TSchema>

/** The notifications the gateway sends, with their parameters. */
export const serverNotifications = {
  '$/progress': Type.Object(
    {
      id: RequestIdSchema,
      sequence: Type.Integer({ minimum: 1, description: 'counts the items of this request, from 1' }),
      item: Type.Unknown(),
    },
    { additionalProperties: false },
  ),
} as const satisfies Record<string, TSchema>

/** One row of {@link methods}. */
export interface MethodEntry {
  readonly description: string
  readonly params: TSchema
  readonly result: TSchema
  /** Present on a watch: what each progress item holds. */
  readonly item?: TSchema
}

/** The name of a method of the gateway. */
export type MethodName = keyof typeof methods
/** The parameters of a method. */
export type MethodParams<M extends MethodName> = Static<(typeof methods)[M]['params']>
/** The result of a method. */
export type MethodResult<M extends MethodName> = Static<(typeof methods)[M]['result']>
/** The methods that send items before their result. */
export type WatchName = { [M in MethodName]: (typeof methods)[M] extends { item: TSchema } ? M : never }[MethodName]
/** An item of a watch. */
export type WatchItem<M extends WatchName> = (typeof methods)[M] extends { item: infer I extends TSchema } ? Static<I> : never

function method<const M extends MethodEntry>(entry: M): M {
  return entry
}
