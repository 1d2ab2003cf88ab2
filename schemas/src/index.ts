export {
  type AgentChanges,
  AgentChangesSchema,
  AgentIdSchema,
  type AgentLimits,
  AgentLimitsSchema,
  type AgentSnapshot,
  AgentSnapshotSchema,
  type AgentStateName,
  AgentStateNameSchema,
  type NewAgent,
  NewAgentSchema,
  TagSchema,
} from './agent.ts'
export {
  AgentConnectionSchema,
  type AgentConnectionSnapshot,
  type AgentPastState,
  AgentPastStateSchema,
  type EndedCall,
  EndedCallSchema,
} from './agent-details.ts'
export {
  type AttentionCode,
  type AttentionEvent,
  AttentionEventSchema,
  type AttentionItem,
  AttentionItemSchema,
  type AttentionSeverity,
  attentionCodes,
  attentionTable,
} from './attention.ts'
export { type AuditEntryAnswer, AuditEntrySchema, type AuditQueryParams, AuditQuerySchema } from './audit.ts'
export {
  type CallOutcome,
  CallOutcomeSchema,
  type CallSnapshot,
  CallSnapshotSchema,
  CallWaitSchema,
  type InvokeParams,
  InvokeParamsSchema,
  type InvokeResult,
  InvokeResultSchema,
} from './call.ts'
export {
  type Contract,
  type ContractIssue,
  describeType,
  isTyped,
  type MethodNode,
  type ServiceClient,
  type ServiceImplementation,
  signatureOf,
  type TypeDefinition,
  type Typed,
  type TypedContract,
  type TypeNode,
} from './contract.ts'
export { type ContractCheck, type ContractCheckOptions, checkContract, contractLimits } from './contract-check.ts'
export { type ContractEntry, ContractEntrySchema } from './contract-entry.ts'
export { checkPattern } from './contract-pattern.ts'
export { type ContractSchemas, contractJsonSchema, contractSchemas } from './contract-schema.ts'
export { type AgentEndpoint, EndpointSchema, EndpointUriSchema, ThumbprintSchema } from './endpoint.ts'
export { expectation, expectedBy, isForeign, misfit } from './expectation.ts'
export {
  type AgentChange,
  type AgentChangeEvent,
  AgentChangeEventSchema,
  AgentChangeSchema,
  type AgentUse,
  type AgentUseEvent,
  AgentUseEventSchema,
  AgentUseSchema,
  type History,
  type HistoryEvent,
  HistoryEventSchema,
  type HistoryRange,
  HistorySchema,
  type HistoryStep,
  HistoryStepSchema,
} from './history.ts'
export {
  DeliverySchema,
  ErrorDataSchema,
  ErrorKindSchema,
  NoParamsSchema,
  ParamErrorSchema,
  PhaseSchema,
  RemoteErrorSchema,
  RequestIdSchema,
  RequestSchema,
  ResponseSchema,
  RpcErrorSchema,
  type ValueOf,
} from './json-rpc.ts'
export {
  clientNotifications,
  type MethodEntry,
  type MethodName,
  type MethodParams,
  type MethodResult,
  methods,
  serverNotifications,
  type WatchItem,
  type WatchName,
} from './methods.ts'
export { apiPath, epochHeader, type HttpRoute, type HttpVerb, openApiPath, type Problem, ProblemSchema } from './rest.ts'
export {
  type Grant,
  GrantSchema,
  RoleSchema,
  type Rule,
  type RuleChange,
  RuleChangeSchema,
  RuleSchema,
  type RulesDocument,
  RulesDocumentSchema,
  type RuleTest,
  RuleTestSchema,
  rulesLimits,
} from './rules.ts'
export { NewTokenSchema, TokenIdSchema, type TokenSnapshot, TokenSnapshotSchema } from './tokens.ts'
export {
  ApproveParamsSchema,
  PendingAgentSchema,
  type PendingEvent,
  PendingEventSchema,
  type PendingSnapshot,
  RefusalCauseSchema,
} from './trust.ts'
export { type VersionAnswer, VersionAnswerSchema } from './version.ts'
export { type AgentEvent, AgentEventSchema, type CallEvent, CallEventSchema, type InspectEvent, InspectEventSchema } from './watch.ts'
export * from './wire/index.ts'
