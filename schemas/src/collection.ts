import { type Static, Type } from '@sinclair/typebox'
import { ErrorKindSchema } from './json-rpc.ts'

/** How large a file of saved calls may be: it may come from anybody. */
export const collectionLimits = {
  /** Of the whole file. */
  chars: 1_048_576,
  /** Objects and lists within each other. */
  depth: 64,
  calls: 500,
  variables: 100,
  /** Of one call. */
  assertions: 50,
  nameChars: 200,
  textChars: 4_096,
  /** Told of a file, then the rest is left out. */
  problems: 20,
} as const

/** The version of the file that this program writes, and the newest that it reads. */
export const collectionVersion = 1

const NameSchema = Type.String({ minLength: 1, maxLength: collectionLimits.nameChars })
const TextSchema = Type.String({ maxLength: collectionLimits.textChars })
const PathSchema = Type.String({
  minLength: 1,
  maxLength: 1_024,
  description: 'where in the answer, as a JSON path such as $.Items[0].Title; $ is all of it',
})

/** The name of a variable: `{{name}}` stands for its value. */
export const variableNamePattern = '[A-Za-z][A-Za-z0-9_-]{0,63}'

/** A value that calls name, and that a run may replace. */
export const VariableSchema = Type.Object(
  {
    value: Type.Optional(Type.Unknown({ description: 'any JSON value; absent: each run has to say it' })),
    secret: Type.Optional(
      Type.Literal(true, {
        description: 'its value never stands in the file, in a link or in what is told of a run: each run has to say it',
      }),
    ),
    description: Type.Optional(TextSchema),
  },
  { additionalProperties: false },
)

/** What must be so of what came of a call. Each kind has a member of its own that the others do not have. */
export const AssertionSchema = Type.Union([
  Type.Object(
    { path: PathSchema, equals: Type.Unknown({ description: 'the JSON value that stands there; may have variables' }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      path: PathSchema,
      matches: Type.String({
        minLength: 1,
        maxLength: 512,
        description: 'a regular expression that is found in the text that stands there; ^ and $ are the ends of the text',
      }),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { path: PathSchema, exists: Type.Boolean({ description: 'true: something stands there, null among it; false: nothing does' }) },
    { additionalProperties: false },
  ),
  Type.Object(
    // It fails, with an error of this kind.
    { error: ErrorKindSchema },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      fasterThanMs: Type.Number({
        exclusiveMinimum: 0,
        maximum: 86_400_000,
        description: 'it takes less, from the gateway to the agent and back',
      }),
    },
    { additionalProperties: false },
  ),
])

/** A call with its arguments, and what is expected of it. Each text in it may have variables. */
export const SavedCallSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: collectionLimits.nameChars, description: 'no two calls of a file have the same' }),
    description: Type.Optional(TextSchema),
    agent: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'the id of the agent; this or tag' })),
    tag: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'every agent with this tag; this or agent' })),
    service: Type.String({ minLength: 1, maxLength: 256 }),
    method: Type.String({ minLength: 1, maxLength: 512, description: 'a name, or a signature such as Add(int64,int64)' }),
    args: Type.Array(Type.Unknown(), { maxItems: 64, description: 'in the JSON forms of the contract' }),
    timeoutMs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 86_400_000, description: 'the whole call; without it there is no limit' }),
    ),
    assertions: Type.Optional(
      Type.Array(AssertionSchema, {
        maxItems: collectionLimits.assertions,
        description: 'all of them hold; where none is about an error, the call has to be answered too',
      }),
    ),
  },
  { additionalProperties: false },
)

/** A file of saved calls. */
export const CollectionSchema = Type.Object(
  {
    format: Type.Literal('halibut-gateway-collection'),
    version: Type.Literal(collectionVersion),
    name: NameSchema,
    description: Type.Optional(TextSchema),
    variables: Type.Optional(
      Type.Record(Type.String({ pattern: `^${variableNamePattern}$` }), VariableSchema, {
        additionalProperties: false,
        description: 'by their names: a letter, then letters, digits, _ and -, at most 64',
      }),
    ),
    calls: Type.Array(SavedCallSchema, { maxItems: collectionLimits.calls }),
  },
  { additionalProperties: false },
)

/** A value that calls name, and that a run may replace. */
export type Variable = Static<typeof VariableSchema>
/** The variables of a collection, by their names. */
export type Variables = Readonly<Record<string, Variable>>
/** What must be so of what came of a call. */
export type Assertion = Static<typeof AssertionSchema>
/** A call with its arguments, and what is expected of it. */
export type SavedCall = Static<typeof SavedCallSchema>
/** Saved calls with their variables. */
export type Collection = Static<typeof CollectionSchema>
