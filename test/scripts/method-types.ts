import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  AgentChangeEventSchema,
  AgentChangeSchema,
  AgentConnectionSchema,
  AgentEventSchema,
  AgentPastStateSchema,
  AgentSnapshotSchema,
  AgentStateNameSchema,
  AgentUseEventSchema,
  AgentUseSchema,
  AuditEntrySchema,
  CallEventSchema,
  CallOutcomeSchema,
  CallSnapshotSchema,
  CallWaitSchema,
  ContractEntrySchema,
  DeliverySchema,
  EndedCallSchema,
  ErrorKindSchema,
  HistoryEventSchema,
  HistorySchema,
  HistoryStepSchema,
  InspectEventSchema,
  InvokeParamsSchema,
  InvokeResultSchema,
  type MethodEntry,
  methods,
  PendingAgentSchema,
  PendingEventSchema,
  PhaseSchema,
  RoleSchema,
  RuleChangeSchema,
  RulesDocumentSchema,
} from '@halibut-gateway/schemas'
import type { TSchema } from '@sinclair/typebox'

/** The file that holds the methods of the one map as plain types, for those who have no TypeBox. */
export const methodTypesFile = resolve(import.meta.dirname, '../../schemas/src/wire/method-types.ts')

/** Types with names of their own, and what they are. */
const named: readonly (readonly [schema: TSchema, name: string, about: string])[] = [
  [AgentStateNameSchema, 'AgentStateName', 'The states of an agent, as the gateway sees it.'],
  [AgentSnapshotSchema, 'AgentSnapshot', 'One agent at one moment; `since` is RFC 3339.'],
  [
    AgentEventSchema,
    'AgentEvent',
    'What `agents.watch` tells: first everything, in parts where it is much, then what changed, each agent as it is now.',
  ],
  [AgentConnectionSchema, 'AgentConnectionSnapshot', 'A connection over which an agent gets its calls; times are RFC 3339.'],
  [AgentPastStateSchema, 'AgentPastState', 'A state in which an agent is or was.'],
  [EndedCallSchema, 'EndedCall', 'A call of an agent that is over.'],
  [InvokeParamsSchema, 'InvokeParams', 'A call to an agent. Times are milliseconds.'],
  [InvokeResultSchema, 'InvokeResult', 'The answer to a call; `uploads` where a digest was asked for.'],
  [CallOutcomeSchema, 'CallOutcome', 'What became of a call that had an idempotency key.'],
  [
    CallWaitSchema,
    'CallWait',
    'Why a call waits for its agent: what is ahead of it, as far as its caller may see that, and which limit it waits for.',
  ],
  [CallSnapshotSchema, 'CallSnapshot', 'A call as `calls.watch` and `calls.list` show it.'],
  [
    CallEventSchema,
    'CallEvent',
    'What `calls.watch` tells: first the calls that wait or run, in parts where they are many, then each beginning, change of state and end.',
  ],
  [
    PendingAgentSchema,
    'PendingSnapshot',
    'Somebody who knocks at the port for polling agents, until a person decides; times are RFC 3339.',
  ],
  [PendingEventSchema, 'PendingEvent', 'What `trust.watch` tells: first everybody who is pending, then what changed, each as it is now.'],
  [ContractEntrySchema, 'ContractEntry', 'What is known of a contract beside its document.'],
  [RulesDocumentSchema, 'RulesDocument', 'Who may reach which agents, and what must be so whatever is changed in it.'],
  [RuleChangeSchema, 'RuleChange', 'What somebody gains or loses by a change of the rules.'],
  [AuditEntrySchema, 'AuditEntryAnswer', 'One entry of the audit log: who did what to which agent, and what came of it.'],
  [HistoryStepSchema, 'HistoryStep', 'A piece of time, and what was counted in it; times are RFC 3339 and milliseconds.'],
  [HistorySchema, 'History', 'The steps of a time one after another, and the same calls all together.'],
  [
    HistoryEventSchema,
    'HistoryEvent',
    'What `metrics.watch` tells: the newest step, each time that one has ended; those that a slow reader misses are in `metrics.history`.',
  ],
  [AgentChangeSchema, 'AgentChange', 'An agent that came (`from` is absent), went (`to` is absent) or entered another state.'],
  [
    AgentChangeEventSchema,
    'AgentChangeEvent',
    'What `changes.watch` tells: first what is remembered, the newest last, in parts where it is much; then what happens.',
  ],
  [AgentUseSchema, 'AgentUse', 'Which calls an agent gets.'],
  [
    AgentUseEventSchema,
    'AgentUseEvent',
    'What `use.watch` tells: first of every agent that was called, in parts where it is much, then what changed, each as it is now.',
  ],
  [InspectEventSchema, 'InspectEvent', 'What `inspect.watch` tells: what happens in the mesh, without a byte of what is said there.'],
]

/** By their JSON, since TypeBox copies what it makes optional. The last ones stand beside this file. */
const names = new Map<string, string>([
  ...named.map(([schema, name]): [string, string] => [JSON.stringify(schema), name]),
  [JSON.stringify(DeliverySchema), 'Delivery'],
  [JSON.stringify(PhaseSchema), 'Phase'],
  [JSON.stringify(ErrorKindSchema), 'ErrorKind'],
  [JSON.stringify(RoleSchema), 'Role'],
])

/** The text of the file. */
export function methodTypes(): string {
  const types = named.map(([schema, name, about]) => `/** ${about} */\nexport type ${name} = ${print(schema, name)}\n`)
  const rows = Object.entries(methods).map(([name, { params, result, item }]: [string, MethodEntry]) => {
    const key = /^\w+$/.test(name) ? name : `'${name}'`
    return `  ${key}: { params: ${print(params)}; result: ${print(result)}${item ? `; item: ${print(item)}` : ''} }`
  })
  return [
    '// Generated from `methods.ts` by `npm run method-types`; a test of the types holds the two together.\n',
    "import type { Delivery, ErrorKind, Phase } from './errors.ts'\nimport type { FacadeLimits } from './protocol.ts'\nimport type { Role } from './rights.ts'\n",
    ...types,
    `/** Method name to parameters, result, and the items of a watch. */\nexport interface Methods {\n${rows.join('\n')}\n}\n`,
    '/** The name of a method of the gateway. */\nexport type MethodName = keyof Methods',
    "/** The parameters of a method. */\nexport type MethodParams<M extends MethodName> = Methods[M]['params']",
    "/** The result of a method. */\nexport type MethodResult<M extends MethodName> = Methods[M]['result']",
    '/** The methods that send items before their result. */\nexport type WatchName = { [M in MethodName]: Methods[M] extends { item: unknown } ? M : never }[MethodName]',
    '/** An item of a watch. */\nexport type WatchItem<M extends WatchName> = Methods[M] extends { item: infer I } ? I : never',
  ]
    .join('\n')
    .concat('\n')
}

function print(schema: TSchema, being?: string): string {
  const name = names.get(JSON.stringify(schema))
  if (name !== undefined && name !== being) return name
  if ('const' in schema) return JSON.stringify(schema['const']).replaceAll('"', "'")
  if (Array.isArray(schema['anyOf'])) return schema['anyOf'].map(each => print(each)).join(' | ')
  switch (schema['type']) {
    case 'integer':
    case 'number':
      return 'number'
    case 'string':
    case 'boolean':
    case 'null':
      return schema['type'] as string
    case 'array': {
      const item = print(schema['items'] as TSchema)
      return /[ |{]/.test(item) ? `(${item})[]` : `${item}[]`
    }
    case 'object':
      return printObject(schema)
    default:
      return 'unknown'
  }
}

function printObject(schema: TSchema): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>)
  if (schema['patternProperties']) return 'Record<string, unknown>'
  if (properties.length === 0) return 'Record<never, never>'
  const required = new Set((schema['required'] ?? []) as string[])
  if (properties.some(([name]) => name === 'replayBytes')) return '{ -readonly [K in keyof FacadeLimits]: number }'
  return `{ ${properties.map(([name, each]) => `${name}${required.has(name) ? '' : '?'}: ${print(each)}`).join('; ')} }`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  writeFileSync(methodTypesFile, methodTypes())
  console.log(`${readFileSync(methodTypesFile, 'utf8').split('\n').length} lines`)
}
