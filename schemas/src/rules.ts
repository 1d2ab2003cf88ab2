import { type Static, Type } from '@sinclair/typebox'

/** The sizes of a rules document. */
export const rulesLimits = { rules: 1_000, tests: 1_000, patternsPerRule: 100, patternChars: 256 } as const

/** A text in which `*` stands for any characters, none included. */
const PatternSchema = Type.String({ minLength: 1, maxLength: rulesLimits.patternChars, description: 'a name; * stands for any characters' })
const patterns = (description: string) => Type.Array(PatternSchema, { maxItems: rulesLimits.patternsPerRule, description })

/** The role of a sign-in. */
export const RoleSchema = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')])

const grantMembers = {
  agents: patterns('ids of agents, or tag: and a tag of theirs'),
  services: Type.Optional(patterns('names of services; default: all; none: the agents are only seen')),
  methods: Type.Optional(patterns('names of methods, without signatures; default: all')),
}

/** What may be reached: these methods of these services of these agents. */
export const GrantSchema = Type.Object(grantMembers, { additionalProperties: false })

/** A rule: who may reach what, as far as their role goes. */
export const RuleSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    who: patterns('names of sign-ins, or role: and a role'),
    ...grantMembers,
    reason: Type.Optional(Type.String({ maxLength: 200, description: 'why, for whoever reads it' })),
  },
  { additionalProperties: false },
)

/** What a rules document must allow, or must not. */
export const RuleTestSchema = Type.Object(
  {
    who: Type.String({ minLength: 1, maxLength: 200, description: 'the name of a sign-in' }),
    role: RoleSchema,
    agent: Type.String({ minLength: 1, maxLength: 128 }),
    tags: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64 })),
    service: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'with it a call is meant, else seeing the agent' })),
    method: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    possible: Type.Boolean({ description: 'whether it must be possible, or must not' }),
  },
  { additionalProperties: false },
)

/** Who may reach what, and what must be so whatever is changed in it. Nobody but an admin may do what no rule allows. */
export const RulesDocumentSchema = Type.Object(
  {
    rules: Type.Array(RuleSchema, { maxItems: rulesLimits.rules }),
    tests: Type.Optional(Type.Array(RuleTestSchema, { maxItems: rulesLimits.tests })),
  },
  { additionalProperties: false },
)

/** What somebody gains or loses by a change of the rules. */
export const RuleChangeSchema = Type.Object(
  {
    who: Type.String(),
    role: RoleSchema,
    right: Type.Union([Type.Literal('agents.read'), Type.Literal('agents.call')]),
    agent: Type.String(),
    service: Type.Optional(Type.String({ description: 'of a call' })),
    method: Type.Optional(Type.String()),
    change: Type.Union([Type.Literal('gains'), Type.Literal('loses')]),
    reason: Type.String({ description: 'by the new rules' }),
  },
  { additionalProperties: false },
)

/** What came of a test of a rules document. */
export const RuleTestResultSchema = Type.Object(
  {
    place: Type.String({ description: 'settings/tests/0 for one of the settings, tests/0 for one of the document' }),
    passed: Type.Boolean(),
    reason: Type.String({ description: 'why it is possible, or is not' }),
  },
  { additionalProperties: false },
)

/** May somebody do something? */
export const RuleQuestionSchema = Type.Object(
  {
    who: Type.String({ minLength: 1, maxLength: 200, description: 'the name of a sign-in' }),
    role: Type.Optional(RoleSchema),
    agent: Type.String({ minLength: 1, maxLength: 128 }),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 64, description: 'default: those of the agent of this id' }),
    ),
    service: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'with it a call is meant, else seeing the agent' })),
    method: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    document: Type.Optional(RulesDocumentSchema),
  },
  { additionalProperties: false },
)

/** Whether somebody may, and what decides it. */
export const RuleAnswerSchema = Type.Object(
  {
    allowed: Type.Boolean(),
    who: Type.String(),
    role: RoleSchema,
    right: Type.Union([Type.Literal('agents.read'), Type.Literal('agents.call')]),
    rule: Type.Optional(Type.String({ description: 'the name of the rule that decides it; absent: none does' })),
    place: Type.Optional(Type.String({ description: 'where that rule stands: settings/rules/0, or rules/0 of the document' })),
    reason: Type.String(),
    scoped: Type.Optional(
      Type.Literal(true, { description: 'the sign-in is a token that may reach less than its role and the rules allow' }),
    ),
  },
  { additionalProperties: false },
)

/** What somebody gains or loses by a change of the rules. */
export type RuleChange = Static<typeof RuleChangeSchema>
/** What may be reached. */
export type Grant = Static<typeof GrantSchema>
/** A rule: who may reach what, as far as their role goes. */
export type Rule = Static<typeof RuleSchema>
/** What a rules document must allow, or must not. */
export type RuleTest = Static<typeof RuleTestSchema>
/** Who may reach what. */
export type RulesDocument = Static<typeof RulesDocumentSchema>
