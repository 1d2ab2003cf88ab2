import { type Static, Type } from '@sinclair/typebox'
import { AgentIdSchema } from './agent.ts'

/** The name of a service. */
export const ServiceNameSchema = Type.String({ minLength: 1, maxLength: 256 })

/** What is known of a contract beside its document. */
export const ContractEntrySchema = Type.Object(
  {
    service: ServiceNameSchema,
    agent: Type.Optional(Type.String({ description: 'the one agent that it is for; absent: all' })),
    methods: Type.Array(Type.String(), { description: 'their signatures' }),
    version: Type.String({ description: 'another one for each document' }),
    readOnly: Type.Boolean({ description: 'it stands in the settings, and is changed there only' }),
    added: Type.Optional(Type.String({ description: 'RFC 3339: when it was added; absent for one of the settings' })),
  },
  { additionalProperties: false },
)

/** A contract’s document as it comes: what it must be is looked at by the check of contracts. */
export const ContractDocumentSchema = Type.Record(Type.String(), Type.Unknown(), {
  description: 'the document (CONTRACTS.md), without patterns, of at most 262,144 characters',
})

/** The one agent that a contract is for. */
export const ContractAgentSchema = Type.Optional(AgentIdSchema)

/** What came of a contract that was added or replaced. */
export const ContractAddedSchema = Type.Object(
  {
    service: ServiceNameSchema,
    entry: ContractEntrySchema,
    warnings: Type.Array(Type.Object({ place: Type.String(), message: Type.String() }, { additionalProperties: false }), {
      description: 'what a .NET peer could not take in it',
    }),
  },
  { additionalProperties: false },
)

/** What is known of a contract beside its document. */
export type ContractEntry = Static<typeof ContractEntrySchema>
