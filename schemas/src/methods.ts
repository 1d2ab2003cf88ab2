import { type Static, type TSchema, Type } from '@sinclair/typebox'
import {
  AgentChangesSchema,
  AgentIdSchema,
  AgentSnapshotSchema,
  AgentStateNameSchema,
  NewAgentSchema,
  TagSchema,
  VersionSchema,
} from './agent.ts'
import { AgentConnectionSchema, AgentPastStateSchema, EndedCallSchema } from './agent-details.ts'
import { AttentionEventSchema, AttentionItemSchema } from './attention.ts'
import {
  AuditDetailSchema,
  AuditEntrySchema,
  AuditFollowSchema,
  AuditPlaceSchema,
  AuditQuerySchema,
  AuditVerificationSchema,
  AuditVerifyItemSchema,
} from './audit.ts'
import { CallOutcomeSchema, CallSnapshotSchema, EpochSchema, IdempotencyKeySchema, InvokeParamsSchema, InvokeResultSchema } from './call.ts'
import {
  AcceptanceSchema,
  IdentityStepSchema,
  ImportedIdentitySchema,
  NewIdentitySchema,
  OwnCertificatesSchema,
  RetiredIdentitySchema,
} from './certificates.ts'
import {
  ContractAddedSchema,
  ContractAgentSchema,
  ContractDocumentSchema,
  ContractEntrySchema,
  ServiceNameSchema,
} from './contract-entry.ts'
import { DoctorReportSchema, DoctorStepSchema } from './doctor.ts'
import {
  AgentChangeEventSchema,
  AgentChangeSchema,
  AgentUseEventSchema,
  AgentUseSchema,
  HistoryEventSchema,
  HistoryRangeSchema,
  HistorySchema,
} from './history.ts'
import { NoParamsSchema, RequestIdSchema, RpcErrorSchema } from './json-rpc.ts'
import type { HttpRoute } from './rest.ts'
import { RuleAnswerSchema, RuleChangeSchema, RuleQuestionSchema, RuleSchema, RulesDocumentSchema, RuleTestResultSchema } from './rules.ts'
import { NewTokenSchema, TokenIdSchema, TokenSnapshotSchema } from './tokens.ts'
import {
  ApproveParamsSchema,
  CertificateThumbprintSchema,
  ClonesSchema,
  DeniedCertificateSchema,
  KnownCertificateSchema,
  PendingAgentSchema,
  PendingEventSchema,
  PendingIdSchema,
} from './trust.ts'
import { AgentEventSchema, CallEventSchema, InspectEventSchema } from './watch.ts'
import { facadeLimits } from './wire/protocol.ts'
import type { Right } from './wire/rights.ts'

const PositiveInteger = Type.Integer({ minimum: 1 })

const limitsSchema = Type.Object(
  Object.fromEntries(Object.keys(facadeLimits).map(name => [name, PositiveInteger])) as Record<
    keyof typeof facadeLimits,
    typeof PositiveInteger
  >,
  { additionalProperties: false },
)

const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const StreamIdSchema = Type.Integer({ minimum: 1, maximum: 0xffff_ffff })
const StreamPositionsSchema = Type.Array(Type.Object({ stream: StreamIdSchema, received: Count }, { additionalProperties: false }), {
  maxItems: facadeLimits.streamsPerCall,
  description: 'how far each data stream has been received that is coming in',
})

/** What a client tells to go on with a session. */
const ResumeSchema = Type.Object(
  {
    session: Type.String({ minLength: 1, maxLength: 64 }),
    token: Type.String({ minLength: 1, maxLength: 64 }),
    received: Type.Integer({ ...Count, description: 'counted frames of the gateway that have been received in this session' }),
    streams: StreamPositionsSchema,
  },
  { additionalProperties: false },
)

/** Of a list that is told in pages. */
const pageParams = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'entries of a page; default: all, over HTTP 100' })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: 'what next of the page before said' })),
}
const NextSchema = Type.Optional(Type.String({ description: 'the cursor of the next page; absent: there is none' }))

/** An agent and a certificate of it. */
const AgentCertificateSchema = Type.Object(
  { agent: AgentIdSchema, thumbprint: CertificateThumbprintSchema, version: VersionSchema },
  { additionalProperties: false },
)
/** A machine that polls as an agent. */
const MachineSchema = Type.Object(
  { agent: AgentIdSchema, address: Type.String({ minLength: 2, maxLength: 64, description: 'as the clones of trust.pending tell it' }) },
  { additionalProperties: false },
)

const AgentResultSchema = Type.Object({ agent: AgentSnapshotSchema }, { additionalProperties: false })

const RulesResultSchema = Type.Object(
  {
    rules: Type.Object(
      {
        version: Type.String({ description: 'another one after each change' }),
        document: RulesDocumentSchema,
        readOnly: Type.Array(RuleSchema, { description: 'those of the settings, which come before these and are changed there only' }),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
)
const TokenParamsSchema = Type.Object({ id: TokenIdSchema }, { additionalProperties: false })

/**
 * The one map of the gateway’s methods: the right that a caller needs, parameters, result, and for a watch the items that it sends before its
 * result. Validation and the check of rights in the gateway, types at both ends, HTTP routes, `rpc.discover`, `/openapi.json` and the table of
 * PROTOCOL.md come from it.
 */
export const methods = {
  hello: method({
    description: 'opens the session; the first request on a socket, once',
    right: 'none',
    http: undefined,
    params: Type.Object(
      {
        client: Type.Object(
          { name: Type.String({ minLength: 1, maxLength: 100 }), version: Type.String({ minLength: 1, maxLength: 50 }) },
          { additionalProperties: false },
        ),
        resume: Type.Optional(ResumeSchema),
      },
      { additionalProperties: false },
    ),
    result: Type.Object(
      {
        server: Type.Object({ name: Type.String(), version: Type.String() }, { additionalProperties: false }),
        session: Type.String({ minLength: 1 }),
        resumeToken: Type.String({ minLength: 1, description: 'new at each hello; the one before is worth nothing any more' }),
        resumed: Type.Boolean(),
        reason: Type.Optional(Type.String({ description: 'why the session could not be resumed' })),
        sequence: Type.Integer({ ...Count, description: 'counted frames of the client that have been received in this session' }),
        streams: StreamPositionsSchema,
        epoch: Type.String({ description: 'changes when the gateway lost its memory, for example by a restart' }),
        principal: Type.Object({ name: Type.String(), role: Type.String() }, { additionalProperties: false }),
        limits: limitsSchema,
      },
      { additionalProperties: false },
    ),
  }),
  'agents.list': method({
    description: 'agents with their state, by id',
    right: 'agents.read',
    http: 'GET /agents',
    params: Type.Object(
      { ...pageParams, tag: Type.Optional(TagSchema), state: Type.Optional(AgentStateNameSchema) },
      { additionalProperties: false },
    ),
    result: Type.Object({ agents: Type.Array(AgentSnapshotSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'agents.get': method({
    description: 'one agent with its state',
    right: 'agents.read',
    http: 'GET /agents/{agent}',
    params: Type.Object({ agent: AgentIdSchema }, { additionalProperties: false }),
    result: AgentResultSchema,
  }),
  'agents.watch': method({
    description: 'the agents and every change of them, as progress items, until it is cancelled',
    right: 'agents.read',
    http: undefined,
    params: NoParamsSchema,
    item: AgentEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'agents.add': method({
    description: 'serves an agent from now on',
    right: 'agents.write',
    http: 'POST /agents',
    params: NewAgentSchema,
    result: AgentResultSchema,
  }),
  'agents.update': method({
    description: 'changes what is said about an agent',
    right: 'agents.write',
    http: 'PATCH /agents/{agent}',
    params: AgentChangesSchema,
    result: AgentResultSchema,
  }),
  'agents.remove': method({
    description: 'forgets an agent, and ends its connections',
    right: 'agents.write',
    http: 'DELETE /agents/{agent}',
    params: Type.Object({ agent: AgentIdSchema, version: VersionSchema }, { additionalProperties: false }),
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'agents.enable': method({
    description: 'lets an agent that is disabled take calls again',
    right: 'agents.write',
    http: 'POST /agents/{agent}/enable',
    params: Type.Object({ agent: AgentIdSchema }, { additionalProperties: false }),
    result: AgentResultSchema,
  }),
  'agents.disable': method({
    description: 'lets an agent take no calls, and ends its connections',
    right: 'agents.write',
    http: 'POST /agents/{agent}/disable',
    params: Type.Object(
      { agent: AgentIdSchema, reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'stands in its state' })) },
      { additionalProperties: false },
    ),
    result: AgentResultSchema,
  }),
  'agents.doctor': method({
    description: 'goes to an agent step by step, or looks at what is known of one that polls, and names one fix for the first that fails',
    right: 'agents.write',
    http: 'POST /agents/{agent}/doctor',
    params: Type.Object(
      {
        agent: AgentIdSchema,
        timeoutMs: Type.Optional(
          Type.Integer({ minimum: 1, maximum: 60_000, description: 'how long each step may take, in milliseconds; default 5,000' }),
        ),
      },
      { additionalProperties: false },
    ),
    item: DoctorStepSchema,
    result: Type.Object({ report: DoctorReportSchema }, { additionalProperties: false }),
  }),
  'agents.connections': method({
    description: 'the connections over which an agent gets its calls, and how much they are used',
    right: 'agents.read',
    http: 'GET /agents/{agent}/connections',
    params: Type.Object({ agent: AgentIdSchema }, { additionalProperties: false }),
    result: Type.Object(
      { connections: Type.Array(AgentConnectionSchema, { description: 'the oldest first' }) },
      { additionalProperties: false },
    ),
  }),
  'agents.states': method({
    description: 'the states of an agent, as far as the gateway remembers them since it was started',
    right: 'agents.read',
    http: 'GET /agents/{agent}/states',
    params: Type.Object({ agent: AgentIdSchema }, { additionalProperties: false }),
    result: Type.Object(
      { states: Type.Array(AgentPastStateSchema, { description: 'the present one first' }) },
      { additionalProperties: false },
    ),
  }),
  'agents.calls': method({
    description: 'the last calls of an agent that are over; one’s own, with the right audit.read everybody’s',
    right: 'calls.read',
    http: 'GET /agents/{agent}/calls',
    params: Type.Object({ agent: AgentIdSchema }, { additionalProperties: false }),
    result: Type.Object(
      {
        calls: Type.Array(EndedCallSchema, { description: 'the last one first' }),
        failures: Type.Array(EndedCallSchema, { description: 'those that failed, which are remembered for longer' }),
      },
      { additionalProperties: false },
    ),
  }),
  'agent.invoke': method({
    description: 'calls a service of an agent',
    right: 'agents.call',
    http: 'POST /agents/{agent}/calls',
    params: InvokeParamsSchema,
    result: InvokeResultSchema,
  }),
  'calls.list': method({
    description: 'the calls that wait or run, and why each waits; one’s own, with the right audit.read everybody’s',
    right: 'calls.read',
    http: 'GET /calls',
    params: Type.Object({ ...pageParams, agent: Type.Optional(AgentIdSchema) }, { additionalProperties: false }),
    result: Type.Object({ calls: Type.Array(CallSnapshotSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'calls.get': method({
    description: 'what became of a call with an idempotency key',
    right: 'calls.read',
    http: 'GET /calls/{idempotencyKey}',
    params: Type.Object({ idempotencyKey: IdempotencyKeySchema, epoch: EpochSchema }, { additionalProperties: false }),
    result: CallOutcomeSchema,
  }),
  'calls.watch': method({
    description:
      'the calls that wait or run and every change of one, until it is cancelled; one’s own, with the right audit.read everybody’s',
    right: 'calls.read',
    http: undefined,
    params: NoParamsSchema,
    item: CallEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'inspect.watch': method({
    description: 'what happens on the connections to agents, without bytes, until it is cancelled',
    right: 'inspect.read',
    http: undefined,
    params: NoParamsSchema,
    item: InspectEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'contracts.list': method({
    description: 'the contracts that the gateway knows, those for all agents first; with an agent those that calls of it use',
    right: 'contracts.read',
    http: 'GET /contracts',
    params: Type.Object({ ...pageParams, agent: ContractAgentSchema }, { additionalProperties: false }),
    result: Type.Object({ contracts: Type.Array(ContractEntrySchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'contracts.get': method({
    description: 'one contract as its JSON document: that of the agent, else that for all, else, where no agent is named, any',
    right: 'contracts.read',
    http: 'GET /contracts/{service}',
    params: Type.Object({ service: ServiceNameSchema, agent: ContractAgentSchema }, { additionalProperties: false }),
    result: Type.Object(
      { contract: Type.Record(Type.String(), Type.Unknown()), entry: ContractEntrySchema },
      { additionalProperties: false },
    ),
  }),
  'contracts.add': method({
    description: 'knows a contract from now on, for all agents or for one; calls, lists and forms have it at once',
    right: 'contracts.write',
    http: 'POST /contracts',
    params: Type.Object({ contract: ContractDocumentSchema, agent: ContractAgentSchema }, { additionalProperties: false }),
    result: ContractAddedSchema,
  }),
  'contracts.update': method({
    description: 'puts another document in the place of a contract that was added; calls that run go on with theirs',
    right: 'contracts.write',
    http: 'PUT /contracts/{service}',
    params: Type.Object(
      { service: ServiceNameSchema, version: VersionSchema, contract: ContractDocumentSchema, agent: ContractAgentSchema },
      { additionalProperties: false },
    ),
    result: ContractAddedSchema,
  }),
  'contracts.remove': method({
    description: 'forgets a contract that was added; calls that run go on with it',
    right: 'contracts.write',
    http: 'DELETE /contracts/{service}',
    params: Type.Object(
      { service: ServiceNameSchema, version: VersionSchema, agent: ContractAgentSchema },
      { additionalProperties: false },
    ),
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'trust.pending': method({
    description: 'who knocks at the port for polling agents and waits for a decision, and agents that poll from several machines',
    right: 'trust.read',
    http: 'GET /trust/pending',
    params: NoParamsSchema,
    result: Type.Object({ pending: Type.Array(PendingAgentSchema), clones: Type.Array(ClonesSchema) }, { additionalProperties: false }),
  }),
  'trust.watch': method({
    description: 'those who wait for a decision and every change of them, as progress items, until it is cancelled',
    right: 'trust.read',
    http: undefined,
    params: NoParamsSchema,
    item: PendingEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'trust.approve': method({
    description: 'lets somebody in who is pending, as a new agent or in the place of a known one; refused where it is not what was seen',
    right: 'trust.write',
    http: 'POST /trust/pending/{pending}/approve',
    params: ApproveParamsSchema,
    result: Type.Object({ agent: AgentSnapshotSchema }, { additionalProperties: false }),
  }),
  'trust.deny': method({
    description: 'turns a certificate away for good that is pending; it is not shown any more when it knocks',
    right: 'trust.write',
    http: 'POST /trust/pending/{pending}/deny',
    params: Type.Object(
      { pending: PendingIdSchema, reason: Type.Optional(Type.String({ maxLength: 500 })) },
      { additionalProperties: false },
    ),
    result: Type.Object({ thumbprint: Type.String() }, { additionalProperties: false }),
  }),
  'trust.later': method({
    description: 'puts a decision off',
    right: 'trust.write',
    http: 'POST /trust/pending/{pending}/later',
    params: Type.Object(
      {
        pending: PendingIdSchema,
        forMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000_000, description: 'milliseconds; default: a day' })),
      },
      { additionalProperties: false },
    ),
    result: Type.Object({ pending: PendingAgentSchema }, { additionalProperties: false }),
  }),
  'trust.expire': method({
    description: 'forgets somebody who is pending, until the next knock',
    right: 'trust.write',
    http: 'DELETE /trust/pending/{pending}',
    params: Type.Object({ pending: PendingIdSchema }, { additionalProperties: false }),
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'trust.denied': method({
    description: 'the certificates that were denied',
    right: 'trust.read',
    http: 'GET /trust/denied',
    params: NoParamsSchema,
    result: Type.Object({ denied: Type.Array(DeniedCertificateSchema) }, { additionalProperties: false }),
  }),
  'trust.revoke': method({
    description: 'takes trust in a certificate back: its connections are cut, and calls to its agents end',
    right: 'trust.write',
    http: 'POST /trust/certificates/{thumbprint}/revoke',
    params: Type.Object({ thumbprint: CertificateThumbprintSchema }, { additionalProperties: false }),
    result: Type.Object(
      { agents: Type.Array(Type.String(), { description: 'the ids of those that are registered with it' }) },
      { additionalProperties: false },
    ),
  }),
  'trust.restore': method({
    description: 'takes the denial or the revocation of a certificate back',
    right: 'trust.write',
    http: 'POST /trust/certificates/{thumbprint}/restore',
    params: Type.Object({ thumbprint: CertificateThumbprintSchema }, { additionalProperties: false }),
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'trust.discover': method({
    description: 'dials somebody who listens and tells the certificate that it presents, to be compared with what the machine itself tells',
    right: 'trust.write',
    http: 'POST /trust/discover',
    params: Type.Object(
      { uri: Type.String({ pattern: '^https://[^\\s]+$', maxLength: 2048, description: 'https://host:port/' }) },
      { additionalProperties: false },
    ),
    result: Type.Object(
      { uri: Type.String(), thumbprint: Type.String(), thumbprint256: Type.String(), subject: Type.String(), issuer: Type.String() },
      { additionalProperties: false },
    ),
  }),
  'trust.rotate': method({
    description: 'lets an agent come with a further certificate; the one that it has is worth nothing to it any more when that was seen',
    right: 'trust.write',
    http: 'POST /trust/agents/{agent}/rotate',
    params: AgentCertificateSchema,
    result: AgentResultSchema,
  }),
  'trust.keep': method({
    description: 'of the two certificates of an agent keeps one: ends a rotation by hand, or takes it back',
    right: 'trust.write',
    http: 'POST /trust/agents/{agent}/keep',
    params: AgentCertificateSchema,
    result: AgentResultSchema,
  }),
  'trust.repin': method({
    description:
      'pins a listening agent to the certificate that answers its dials, and revokes the one before; refused where another one was seen last',
    right: 'trust.write',
    http: 'POST /trust/agents/{agent}/repin',
    params: Type.Object(
      {
        agent: AgentIdSchema,
        thumbprint: Type.String({ ...CertificateThumbprintSchema, description: 'the SHA-1 that was seen and compared' }),
      },
      { additionalProperties: false },
    ),
    result: AgentResultSchema,
  }),
  'trust.hold': method({
    description: 'keeps one of several machines out that poll as an agent with one certificate, until it is released',
    right: 'trust.write',
    http: 'POST /trust/agents/{agent}/hold',
    params: MachineSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'trust.release': method({
    description: 'lets a machine in again that is kept out',
    right: 'trust.write',
    http: 'POST /trust/agents/{agent}/release',
    params: MachineSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'certificates.list': method({
    description:
      'the gateway’s own certificates: the one that it is known by, the one beside it while one takes the place of the other, and former ones',
    right: 'trust.read',
    http: 'GET /trust/certificates',
    params: NoParamsSchema,
    result: OwnCertificatesSchema,
  }),
  'certificates.agents': method({
    description: 'which agent has been seen to accept which of the gateway’s certificates; or who would be lost without one of them',
    right: 'trust.read',
    http: 'GET /trust/certificates/agents',
    params: Type.Object(
      {
        ...pageParams,
        dependsOn: Type.Optional(
          Type.String({ ...CertificateThumbprintSchema, description: 'only agents that would be lost without this certificate (SHA-1)' }),
        ),
      },
      { additionalProperties: false },
    ),
    result: Type.Object({ agents: Type.Array(AcceptanceSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'certificates.create': method({
    description: 'makes a certificate that is presented beside the present one, to take its place',
    right: 'trust.write',
    http: 'POST /trust/certificates',
    params: NewIdentitySchema,
    result: OwnCertificatesSchema,
  }),
  'certificates.import': method({
    description: 'the same with a certificate that is there already: PEM or PFX',
    right: 'trust.write',
    http: 'POST /trust/certificates/import',
    params: ImportedIdentitySchema,
    result: OwnCertificatesSchema,
  }),
  'certificates.promote': method({
    description: 'makes the next certificate the one that the gateway is known by; the one before is presented until it is retired',
    right: 'trust.write',
    http: 'POST /trust/certificates/{thumbprint}/promote',
    params: IdentityStepSchema,
    result: OwnCertificatesSchema,
  }),
  'certificates.retire': method({
    description:
      'presents the previous certificate no more, or gives the next one up; refused while agents depend on it that were not seen',
    right: 'trust.write',
    http: 'POST /trust/certificates/{thumbprint}/retire',
    params: RetiredIdentitySchema,
    result: OwnCertificatesSchema,
  }),
  'trust.thumbprints': method({
    description: 'our own certificate, those of the agents, and those that were revoked',
    right: 'trust.read',
    http: 'GET /trust/thumbprints',
    params: NoParamsSchema,
    result: Type.Object(
      {
        thumbprint: Type.String({ description: 'our own, SHA-1: agents have to trust it' }),
        thumbprint256: Type.String({ description: 'our own, SHA-256' }),
        certificates: Type.Array(KnownCertificateSchema),
      },
      { additionalProperties: false },
    ),
  }),
  'rules.get': method({
    description: 'the rules that say who may reach which agents',
    right: 'rules.read',
    http: 'GET /rules',
    params: NoParamsSchema,
    result: RulesResultSchema,
  }),
  'rules.preview': method({
    description: 'who would gain and who would lose what by other rules; nothing changes',
    right: 'rules.read',
    http: 'POST /rules/preview',
    params: Type.Object({ document: RulesDocumentSchema }, { additionalProperties: false }),
    result: Type.Object(
      {
        changes: Type.Array(RuleChangeSchema),
        more: Type.Integer({ minimum: 0, description: 'how many there are beyond these' }),
        tests: Type.Array(RuleTestResultSchema, { description: 'what comes of each test by these rules' }),
      },
      { additionalProperties: false },
    ),
  }),
  'rules.explain': method({
    description: 'whether somebody may see an agent, or call a method of it, by the present rules or by others, and which rule decides it',
    right: 'rules.read',
    http: 'POST /rules/explain',
    params: RuleQuestionSchema,
    result: RuleAnswerSchema,
  }),
  'rules.set': method({
    description: 'puts other rules in the place of those of a version, where they pass their own tests',
    right: 'rules.write',
    http: 'PUT /rules',
    params: Type.Object(
      {
        version: Type.String({ pattern: '^(\\d{1,15}|\\*)$', description: 'the version that is to be replaced; * for whichever there is' }),
        document: RulesDocumentSchema,
      },
      { additionalProperties: false },
    ),
    result: RulesResultSchema,
  }),
  'tokens.list': method({
    description: 'the tokens that were made, by id, without what is secret of them',
    right: 'tokens.read',
    http: 'GET /tokens',
    params: Type.Object(pageParams, { additionalProperties: false }),
    result: Type.Object({ tokens: Type.Array(TokenSnapshotSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'tokens.get': method({
    description: 'one token, without what is secret of it',
    right: 'tokens.read',
    http: 'GET /tokens/{id}',
    params: TokenParamsSchema,
    result: Type.Object({ token: TokenSnapshotSchema }, { additionalProperties: false }),
  }),
  'tokens.create': method({
    description: 'makes a token to sign in with, which is told this once',
    right: 'tokens.write',
    http: 'POST /tokens',
    params: NewTokenSchema,
    result: Type.Object(
      {
        id: TokenIdSchema,
        secret: Type.String({ description: 'what to sign in with; the gateway keeps only its digest' }),
        token: TokenSnapshotSchema,
      },
      { additionalProperties: false },
    ),
  }),
  'tokens.revoke': method({
    description: 'ends a token, and at once what was opened with it',
    right: 'tokens.write',
    http: 'POST /tokens/{id}/revoke',
    params: TokenParamsSchema,
    result: Type.Object({ token: TokenSnapshotSchema }, { additionalProperties: false }),
  }),
  'attention.list': method({
    description: 'what needs a person now, as far as the caller may know of it',
    right: 'agents.read',
    http: 'GET /attention',
    params: Type.Object(pageParams, { additionalProperties: false }),
    result: Type.Object({ items: Type.Array(AttentionItemSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'attention.watch': method({
    description: 'what needs a person and every change of it, as progress items, until it is cancelled',
    right: 'agents.read',
    http: undefined,
    params: NoParamsSchema,
    item: AttentionEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'metrics.history': method({
    description: 'what was counted of all calls and agents in the last minutes or hours, step by step',
    right: 'metrics.read',
    http: 'GET /metrics/history',
    params: HistoryRangeSchema,
    result: HistorySchema,
  }),
  'metrics.watch': method({
    description: 'each step of it as it ends, every five seconds, as progress items, until it is cancelled',
    right: 'metrics.read',
    http: undefined,
    params: NoParamsSchema,
    item: HistoryEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'changes.list': method({
    description: 'agents that came, went or entered another state, the newest last, as far as that is remembered',
    right: 'agents.read',
    http: 'GET /changes',
    params: Type.Object(
      {
        agent: Type.Optional(AgentIdSchema),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'only so many, the newest' })),
      },
      { additionalProperties: false },
    ),
    result: Type.Object({ changes: Type.Array(AgentChangeSchema) }, { additionalProperties: false }),
  }),
  'changes.watch': method({
    description: 'the same, and each further one, as progress items, until it is cancelled',
    right: 'agents.read',
    http: undefined,
    params: NoParamsSchema,
    item: AgentChangeEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'use.list': method({
    description: 'when agents were called last, and how many calls wait for each and run at it; those that were called since the start',
    right: 'agents.read',
    http: 'GET /use',
    params: Type.Object(pageParams, { additionalProperties: false }),
    result: Type.Object({ use: Type.Array(AgentUseSchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'use.watch': method({
    description: 'the same and every change of it, as progress items, until it is cancelled',
    right: 'agents.read',
    http: undefined,
    params: NoParamsSchema,
    item: AgentUseEventSchema,
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'audit.search': method({
    description: 'who did what, the newest first; a page may hold less than there is room for, and next goes on',
    right: 'audit.read',
    http: 'GET /audit',
    params: AuditQuerySchema,
    result: Type.Object({ entries: Type.Array(AuditEntrySchema), next: NextSchema }, { additionalProperties: false }),
  }),
  'audit.get': method({
    description: 'one entry with what its hash is made of, whether that follows, and the entries beside it',
    right: 'audit.read',
    http: 'GET /audit/{sequence}',
    params: AuditPlaceSchema,
    result: AuditDetailSchema,
  }),
  'audit.watch': method({
    description: 'entries as they are written down, in their order, until it is cancelled',
    right: 'audit.read',
    http: undefined,
    params: AuditFollowSchema,
    item: Type.Object({ entries: Type.Array(AuditEntrySchema) }, { additionalProperties: false }),
    result: Type.Object({}, { additionalProperties: false }),
  }),
  'audit.verify': method({
    description: 'looks through the whole audit log, and holds it against signed heads that were kept elsewhere',
    right: 'audit.read',
    http: 'POST /audit/verify',
    params: Type.Object(
      {
        heads: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 4_096 }), {
            maxItems: 100,
            description: 'what audit.head told then: only they show that the end of the log was cut off, or all of it written anew',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    item: AuditVerifyItemSchema,
    result: AuditVerificationSchema,
  }),
  'audit.head': method({
    description: 'how far the audit log has come, signed: a text to be kept elsewhere, which shows later whether the log is the same',
    right: 'audit.read',
    http: 'GET /audit/head',
    params: NoParamsSchema,
    result: Type.Object(
      {
        head: Type.Optional(
          Type.String({ description: 'three lines (origin, size, hash), an empty one, and the signature; absent: there is no entry yet' }),
        ),
        verified: Type.Optional(
          Type.Object(
            {
              time: Type.String({ description: 'RFC 3339' }),
              ok: Type.Boolean(),
              sequence: Type.Optional(Type.Integer({ minimum: 0, description: 'the entry that is wrong' })),
              message: Type.Optional(Type.String({ description: 'what is wrong' })),
            },
            { additionalProperties: false, description: 'when the whole log was looked through last, which the gateway does every day' },
          ),
        ),
      },
      { additionalProperties: false },
    ),
  }),
  'backup.create': method({
    description: 'writes all that is kept into a file on the gateway’s machine, with the signed head of its audit log beside it',
    right: 'backup.write',
    http: 'POST /backups',
    params: NoParamsSchema,
    result: Type.Object(
      {
        name: Type.String({ description: 'the file in the folder of the setting backupFolder' }),
        time: Type.String({ description: 'RFC 3339' }),
        bytes: Type.Integer({ minimum: 0 }),
        sha256: Type.String({ description: 'of the file, hexadecimal' }),
        head: Type.Optional(Type.String({ description: 'the signed head of the audit log in it' })),
      },
      { additionalProperties: false },
    ),
  }),
  'rpc.discover': method({
    description: 'of this map what the caller may call, as an OpenRPC document',
    right: 'none',
    http: undefined,
    params: NoParamsSchema,
    result: Type.Record(Type.String(), Type.Unknown()),
  }),
} as const satisfies Record<string, MethodEntry>

const AckSchema = Type.Object(
  { received: Type.Integer({ ...Count, description: 'counted frames received in this session' }) },
  { additionalProperties: false },
)
const StreamCreditSchema = Type.Object(
  {
    stream: StreamIdSchema,
    offset: Type.Integer({ ...Count, description: 'the sender may send the bytes before this offset' }),
    acknowledged: Type.Integer({ ...Count, description: 'the receiver has done with the bytes before this one, which need not be kept' }),
  },
  { additionalProperties: false },
)

/** The notifications a client may send, with their parameters. */
export const clientNotifications = {
  '$/cancel': Type.Object(
    {
      id: RequestIdSchema,
      mode: Type.Optional(
        Type.Union([Type.Literal('kill'), Type.Literal('skip')], {
          description:
            'kill: the connection to the agent is closed; skip: the agent goes on. Default: the contract’s, else kill for a listening agent, skip for a polling one',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  '$/ping': NoParamsSchema,
  '$/ack': AckSchema,
  '$/progress/credit': Type.Object(
    { id: RequestIdSchema, sequence: Type.Integer({ ...Count, description: 'items up to this one may come' }) },
    { additionalProperties: false },
  ),
  '$/stream/credit': StreamCreditSchema,
  '$/stream/end': Type.Object({ stream: StreamIdSchema, length: Count }, { additionalProperties: false }),
  '$/stream/cancel': Type.Object(
    { stream: StreamIdSchema, reason: Type.Optional(Type.String({ maxLength: 200 })) },
    { additionalProperties: false },
  ),
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
  '$/ping': NoParamsSchema,
  '$/ack': AckSchema,
  '$/stream/credit': StreamCreditSchema,
  '$/stream/end': Type.Object(
    { stream: StreamIdSchema, length: Count, sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })) },
    { additionalProperties: false },
  ),
  '$/stream/cancel': Type.Object({ stream: StreamIdSchema, error: Type.Optional(RpcErrorSchema) }, { additionalProperties: false }),
} as const satisfies Record<string, TSchema>

/** One row of {@link methods}. */
export interface MethodEntry {
  readonly description: string
  /** What a caller needs. */
  readonly right: Right
  /** Where it is below `/api/v1`; `undefined`: only on the socket. A parameter in the path is named in braces. */
  readonly http: HttpRoute | undefined
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
