// Generated from `methods.ts` by `npm run method-types`; a test of the types holds the two together.

import type { Delivery, ErrorKind, Phase } from './errors.ts'
import type { FacadeLimits } from './protocol.ts'
import type { Role } from './rights.ts'

/** The states of an agent, as the gateway sees it. */
export type AgentStateName = 'connected' | 'suspect' | 'offline' | 'untrusted' | 'disabled'

/** One agent at one moment; `since` is RFC 3339. */
export type AgentSnapshot = {
  id: string
  name: string
  mode: 'listening' | 'polling'
  uri: string
  thumbprint: string
  nextThumbprint?: string
  state: AgentStateName
  since: string
  reason: string
  advice?: string
  connections: number
  probed?: string
  roundTripMs?: number
  mismatch?: {
    thumbprint: string
    thumbprint256: string
    subject: string
    issuer: string
    count: number
    firstSeen: string
    lastSeen: string
  }
  services: string[]
  tags: string[]
  limits?: {
    pollingRequestQueueTimeoutMs?: number
    tcpClientConnectTimeoutMs?: number
    retryCountLimit?: number
    retryListeningSleepIntervalMs?: number
    connectionErrorRetryTimeoutMs?: number
  }
  version: string
  readOnly: boolean
}

/** What `agents.watch` tells: first everything, in parts where it is much, then what changed, each agent as it is now. */
export type AgentEvent =
  | { type: 'snapshot'; agents: AgentSnapshot[]; more?: true }
  | { type: 'changed'; agents: AgentSnapshot[]; more?: true }
  | { type: 'removed'; ids: string[] }

/** A connection over which an agent gets its calls; times are RFC 3339. */
export type AgentConnectionSnapshot = {
  direction: 'incoming' | 'outgoing'
  remoteAddress: string
  port?: number
  protocol: string
  cipher?: string
  thumbprint?: string
  expires?: string
  own?: string
  since: string
  calls: number
  busy: boolean
  used?: string
  bytesRead: number
  bytesWritten: number
}

/** A state in which an agent is or was. */
export type AgentPastState = { state: AgentStateName; since: string; reason: string; advice?: string }

/** A call of an agent that is over. */
export type EndedCall = {
  activityId: string
  service: string
  method: string
  principal: string
  since: string
  queuedMs: number
  durationMs: number
  error?: { kind: ErrorKind; phase?: Phase; delivery: Delivery; message?: string; advice: string; remoteType?: string }
}

/** A call to an agent. Times are milliseconds. */
export type InvokeParams = {
  agent: string
  service: string
  method: string
  args: unknown[]
  timeoutMs?: number
  queueTimeoutMs?: number
  digest?: boolean | 'sha256' | 'sha1'
  idempotencyKey?: string
  epoch?: string
}

/** The answer to a call; `uploads` where a digest was asked for. */
export type InvokeResult = {
  value: unknown
  signature: string
  activityId: string
  durationMs: number
  phases?: {
    phase: 'queue' | 'connect' | 'request' | 'execute' | 'response'
    atMs: number
    durationMs?: number
    failed?: { kind: ErrorKind; message: string }
  }[]
  uploads?: { stream: number; length: number; sha256?: string; sha1?: string }[]
}

/** What became of a call that had an idempotency key. */
export type CallOutcome =
  | { state: 'running'; call?: CallSnapshot }
  | { state: 'answered'; result?: InvokeResult }
  | {
      state: 'failed'
      error: {
        code: number
        message: string
        data: {
          kind: ErrorKind
          phase?: Phase
          delivery: Delivery
          retryable: boolean
          retryAfterMs?: number
          agent?: string
          traceId: string
          advice: string
          errors?: { path: string; expected: string; got: string }[]
          candidates?: string[]
          remote?: { message: string; details?: string; type?: string }
          phases?: {
            phase: 'queue' | 'connect' | 'request' | 'execute' | 'response'
            atMs: number
            durationMs?: number
            failed?: { kind: ErrorKind; message: string }
          }[]
        }
      }
    }
  | { state: 'unknown'; reason: 'epoch' | 'key' | 'lost' }

/** Why a call waits for its agent: what is ahead of it, as far as its caller may see that, and which limit it waits for. */
export type CallWait = {
  reason: string
  place?: number
  running: number
  limit?: { name: string; value: number }
  ahead: { activityId: string; service: string; method: string; principal: string; state: 'queued' | 'running'; since: string }[]
  hidden: number
}

/** A call as `calls.watch` and `calls.list` show it. */
export type CallSnapshot = {
  activityId: string
  agent: string
  service: string
  method: string
  principal: string
  since: string
  state: 'queued' | 'running' | 'answered' | 'failed'
  waiting?: CallWait
  own?: true
  idempotencyKey?: string
  phases?: {
    phase: 'queue' | 'connect' | 'request' | 'execute' | 'response'
    atMs: number
    durationMs?: number
    failed?: { kind: ErrorKind; message: string }
  }[]
  queuedMs?: number
  durationMs?: number
  error?: { kind: ErrorKind; phase?: Phase; delivery: Delivery }
}

/** What `calls.watch` tells: first the calls that wait or run, in parts where they are many, then each beginning, change of state and end. */
export type CallEvent =
  | { type: 'snapshot'; calls: CallSnapshot[]; more?: true }
  | { type: 'started'; call: CallSnapshot }
  | { type: 'changed'; call: CallSnapshot }
  | { type: 'finished'; call: CallSnapshot }
  | { type: 'gap'; missed?: number }

/** Somebody who knocks at the port for polling agents, until a person decides; times are RFC 3339. */
export type PendingSnapshot = {
  id: string
  version: string
  thumbprint?: string
  thumbprint256?: string
  subject?: string
  issuer?: string
  subscription?: string
  role?: 'client' | 'server' | 'subscriber'
  protocol: string
  addresses: { address: string; count: number; lastSeen: string }[]
  firstSeen: string
  lastSeen: string
  count: number
  cause: 'unknown' | 'rotated' | 'cloned' | 'renamed' | 'intercepted' | 'wrong_role' | 'disabled' | 'revoked' | 'held'
  reason: string
  advice: string
  agent?: string
  expected?: string
  laterUntil?: string
}

/** What `trust.watch` tells: first everybody who is pending, then what changed, each as it is now. */
export type PendingEvent =
  | { type: 'snapshot'; pending: PendingSnapshot[]; more?: true }
  | { type: 'changed'; pending: PendingSnapshot[]; more?: true }
  | { type: 'removed'; ids: string[] }

/** What is known of a contract beside its document. */
export type ContractEntry = { service: string; agent?: string; methods: string[]; version: string; readOnly: boolean; added?: string }

/** Who may reach which agents, and what must be so whatever is changed in it. */
export type RulesDocument = {
  rules: { name: string; who: string[]; agents: string[]; services?: string[]; methods?: string[]; reason?: string }[]
  tests?: { who: string; role: Role; agent: string; tags?: string[]; service?: string; method?: string; possible: boolean }[]
}

/** What somebody gains or loses by a change of the rules. */
export type RuleChange = {
  who: string
  role: Role
  right: 'agents.read' | 'agents.call'
  agent: string
  service?: string
  method?: string
  change: 'gains' | 'loses'
  reason: string
}

/** One entry of the audit log: who did what to which agent, and what came of it. */
export type AuditEntryAnswer = {
  sequence: number
  time: string
  who: string
  role?: string
  action: string
  agent?: string
  outcome: string
  facts?: Record<string, unknown>
  traceId?: string
  hash: string
}

/** A piece of time, and what was counted in it; times are RFC 3339 and milliseconds. */
export type HistoryStep = {
  at: string
  ms: number
  calls: number
  errors: { kind: ErrorKind; count: number }[]
  took?: { p50: number; p95: number; p99: number }
  waited?: { p50: number; p95: number; p99: number }
  queued: number
  running: number
  agents: { connected: number; suspect: number; offline: number; untrusted: number; disabled: number }
  changes: number
}

/** The steps of a time one after another, and the same calls all together. */
export type History = {
  stepMs: number
  since: string
  steps: HistoryStep[]
  whole: {
    calls: number
    errors: { kind: ErrorKind; count: number }[]
    took?: { p50: number; p95: number; p99: number }
    waited?: { p50: number; p95: number; p99: number }
  }
  seesAll: boolean
}

/** What `metrics.watch` tells: the newest step, each time that one has ended; those that a slow reader misses are in `metrics.history`. */
export type HistoryEvent = { type: 'step'; step: HistoryStep }

/** An agent that came (`from` is absent), went (`to` is absent) or entered another state. */
export type AgentChange = { at: string; agent: string; name: string; from?: AgentStateName; to?: AgentStateName; reason?: string }

/** What `changes.watch` tells: first what is remembered, the newest last, in parts where it is much; then what happens. */
export type AgentChangeEvent =
  | { type: 'snapshot'; changes: AgentChange[]; missed?: number }
  | { type: 'changes'; changes: AgentChange[]; missed?: number }

/** Which calls an agent gets. */
export type AgentUse = { agent: string; lastCall?: string; queued: number; running: number }

/** What `use.watch` tells: first of every agent that was called, in parts where it is much, then what changed, each as it is now. */
export type AgentUseEvent =
  | { type: 'snapshot'; use: AgentUse[]; more?: true }
  | { type: 'changed'; use: AgentUse[]; more?: true }
  | { type: 'removed'; ids: string[] }

/** What `inspect.watch` tells: what happens in the mesh, without a byte of what is said there. */
export type InspectEvent =
  | {
      type: 'connectionOpened' | 'connectionClosed'
      at: string
      direction: 'incoming' | 'outgoing'
      remoteAddress: string
      thumbprint?: string
      protocol: string
    }
  | { type: 'subscriberConnected' | 'subscriberDisconnected'; at: string; subscription: string; thumbprint: string; remoteAddress: string }
  | { type: 'clientDenied'; at: string; remoteAddress: string; thumbprint?: string }
  | { type: 'log'; at: string; endpoint: string; level: string; message: string }
  | { type: 'gap'; missed?: number }

/** Method name to parameters, result, and the items of a watch. */
export interface Methods {
  hello: {
    params: {
      client: { name: string; version: string }
      resume?: { session: string; token: string; received: number; streams: { stream: number; received: number }[] }
    }
    result: {
      server: { name: string; version: string }
      session: string
      resumeToken: string
      resumed: boolean
      reason?: string
      sequence: number
      streams: { stream: number; received: number }[]
      epoch: string
      principal: { name: string; role: string }
      limits: { -readonly [K in keyof FacadeLimits]: number }
    }
  }
  'agents.list': {
    params: { limit?: number; cursor?: string; tag?: string; state?: AgentStateName }
    result: { agents: AgentSnapshot[]; next?: string }
  }
  'agents.get': { params: { agent: string }; result: { agent: AgentSnapshot } }
  'agents.watch': { params: Record<never, never>; result: Record<never, never>; item: AgentEvent }
  'agents.add': {
    params: {
      agent: string
      name?: string
      uri: string
      thumbprint: string
      services?: string[]
      tags?: string[]
      limits?: {
        pollingRequestQueueTimeoutMs?: number
        tcpClientConnectTimeoutMs?: number
        retryCountLimit?: number
        retryListeningSleepIntervalMs?: number
        connectionErrorRetryTimeoutMs?: number
      }
    }
    result: { agent: AgentSnapshot }
  }
  'agents.update': {
    params: {
      agent: string
      version: string
      name?: string | null
      uri?: string
      thumbprint?: string
      services?: string[]
      tags?: string[]
      limits?: {
        pollingRequestQueueTimeoutMs?: number
        tcpClientConnectTimeoutMs?: number
        retryCountLimit?: number
        retryListeningSleepIntervalMs?: number
        connectionErrorRetryTimeoutMs?: number
      }
    }
    result: { agent: AgentSnapshot }
  }
  'agents.remove': { params: { agent: string; version: string }; result: Record<never, never> }
  'agents.enable': { params: { agent: string }; result: { agent: AgentSnapshot } }
  'agents.disable': { params: { agent: string; reason?: string }; result: { agent: AgentSnapshot } }
  'agents.doctor': {
    params: { agent: string; timeoutMs?: number }
    result: {
      report: {
        agent: string
        uri: string
        isHealthy: boolean
        steps: { step: string; outcome: 'passed' | 'failed' | 'skipped'; found: string; fault?: string; fix?: string; durationMs: number }[]
      }
    }
    item: { step: string; outcome: 'passed' | 'failed' | 'skipped'; found: string; fault?: string; fix?: string; durationMs: number }
  }
  'agents.connections': { params: { agent: string }; result: { connections: AgentConnectionSnapshot[] } }
  'agents.states': { params: { agent: string }; result: { states: AgentPastState[] } }
  'agents.calls': { params: { agent: string }; result: { calls: EndedCall[]; failures: EndedCall[] } }
  'agent.invoke': { params: InvokeParams; result: InvokeResult }
  'calls.list': { params: { limit?: number; cursor?: string; agent?: string }; result: { calls: CallSnapshot[]; next?: string } }
  'calls.get': { params: { idempotencyKey: string; epoch: string }; result: CallOutcome }
  'calls.watch': { params: Record<never, never>; result: Record<never, never>; item: CallEvent }
  'inspect.watch': { params: Record<never, never>; result: Record<never, never>; item: InspectEvent }
  'contracts.list': { params: { limit?: number; cursor?: string; agent?: string }; result: { contracts: ContractEntry[]; next?: string } }
  'contracts.get': { params: { service: string; agent?: string }; result: { contract: Record<string, unknown>; entry: ContractEntry } }
  'contracts.add': {
    params: { contract: Record<string, unknown>; agent?: string }
    result: { service: string; entry: ContractEntry; warnings: { place: string; message: string }[] }
  }
  'contracts.update': {
    params: { service: string; version: string; contract: Record<string, unknown>; agent?: string }
    result: { service: string; entry: ContractEntry; warnings: { place: string; message: string }[] }
  }
  'contracts.remove': { params: { service: string; version: string; agent?: string }; result: Record<never, never> }
  'trust.pending': {
    params: Record<never, never>
    result: {
      pending: PendingSnapshot[]
      clones: {
        agent: string
        subscription: string
        thumbprint: string
        addresses: string[]
        held: { address: string; since: string; by: string }[]
      }[]
    }
  }
  'trust.watch': { params: Record<never, never>; result: Record<never, never>; item: PendingEvent }
  'trust.approve': {
    params: { pending: string; thumbprint: string; version: string; id?: string; name?: string; services?: string[]; replace?: string }
    result: { agent: AgentSnapshot }
  }
  'trust.deny': { params: { pending: string; reason?: string }; result: { thumbprint: string } }
  'trust.later': { params: { pending: string; forMs?: number }; result: { pending: PendingSnapshot } }
  'trust.expire': { params: { pending: string }; result: Record<never, never> }
  'trust.denied': {
    params: Record<never, never>
    result: { denied: { thumbprint: string; denied: string; by: string; reason?: string; count: number; lastSeen?: string }[] }
  }
  'trust.revoke': { params: { thumbprint: string }; result: { agents: string[] } }
  'trust.restore': { params: { thumbprint: string }; result: Record<never, never> }
  'trust.discover': {
    params: { uri: string }
    result: { uri: string; thumbprint: string; thumbprint256: string; subject: string; issuer: string }
  }
  'trust.rotate': { params: { agent: string; thumbprint: string; version: string }; result: { agent: AgentSnapshot } }
  'trust.keep': { params: { agent: string; thumbprint: string; version: string }; result: { agent: AgentSnapshot } }
  'trust.repin': { params: { agent: string; thumbprint: string }; result: { agent: AgentSnapshot } }
  'trust.hold': { params: { agent: string; address: string }; result: Record<never, never> }
  'trust.release': { params: { agent: string; address: string }; result: Record<never, never> }
  'certificates.list': {
    params: Record<never, never>
    result: {
      own: {
        version: string
        certificates: {
          thumbprint: string
          thumbprint256: string
          subject: string
          notAfter: string
          state: 'present' | 'next' | 'previous' | 'retired'
          ports: number[]
          added: string
          retired?: string
          dependents?: number
        }[]
      }
    }
  }
  'certificates.agents': {
    params: { limit?: number; cursor?: string; dependsOn?: string }
    result: { agents: { agent: string; accepted: { thumbprint: string; lastSeen: string }[]; now: string[] }[]; next?: string }
  }
  'certificates.create': {
    params: { version: string; commonName?: string }
    result: {
      own: {
        version: string
        certificates: {
          thumbprint: string
          thumbprint256: string
          subject: string
          notAfter: string
          state: 'present' | 'next' | 'previous' | 'retired'
          ports: number[]
          added: string
          retired?: string
          dependents?: number
        }[]
      }
    }
  }
  'certificates.import': {
    params: { version: string; pem?: string; pfx?: string; password?: string }
    result: {
      own: {
        version: string
        certificates: {
          thumbprint: string
          thumbprint256: string
          subject: string
          notAfter: string
          state: 'present' | 'next' | 'previous' | 'retired'
          ports: number[]
          added: string
          retired?: string
          dependents?: number
        }[]
      }
    }
  }
  'certificates.promote': {
    params: { thumbprint: string; version: string }
    result: {
      own: {
        version: string
        certificates: {
          thumbprint: string
          thumbprint256: string
          subject: string
          notAfter: string
          state: 'present' | 'next' | 'previous' | 'retired'
          ports: number[]
          added: string
          retired?: string
          dependents?: number
        }[]
      }
    }
  }
  'certificates.retire': {
    params: { thumbprint: string; version: string; expect?: string[] }
    result: {
      own: {
        version: string
        certificates: {
          thumbprint: string
          thumbprint256: string
          subject: string
          notAfter: string
          state: 'present' | 'next' | 'previous' | 'retired'
          ports: number[]
          added: string
          retired?: string
          dependents?: number
        }[]
      }
    }
  }
  'trust.thumbprints': {
    params: Record<never, never>
    result: {
      thumbprint: string
      thumbprint256: string
      certificates: {
        thumbprint: string
        thumbprint256?: string
        agents: string[]
        expires?: string
        firstSeen?: string
        lastSeen?: string
        revoked?: string
      }[]
    }
  }
  'rules.get': {
    params: Record<never, never>
    result: {
      rules: {
        version: string
        document: RulesDocument
        readOnly: { name: string; who: string[]; agents: string[]; services?: string[]; methods?: string[]; reason?: string }[]
      }
    }
  }
  'rules.preview': {
    params: { document: RulesDocument }
    result: { changes: RuleChange[]; more: number; tests: { place: string; passed: boolean; reason: string }[] }
  }
  'rules.explain': {
    params: { who: string; role?: Role; agent: string; tags?: string[]; service?: string; method?: string; document?: RulesDocument }
    result: {
      allowed: boolean
      who: string
      role: Role
      right: 'agents.read' | 'agents.call'
      rule?: string
      place?: string
      reason: string
      scoped?: true
    }
  }
  'rules.set': {
    params: { version: string; document: RulesDocument }
    result: {
      rules: {
        version: string
        document: RulesDocument
        readOnly: { name: string; who: string[]; agents: string[]; services?: string[]; methods?: string[]; reason?: string }[]
      }
    }
  }
  'tokens.list': {
    params: { limit?: number; cursor?: string }
    result: {
      tokens: {
        id: string
        name: string
        role: string
        state: 'valid' | 'expired' | 'revoked'
        scope?: { agents: string[]; services?: string[]; methods?: string[] }[]
        created: string
        createdBy?: string
        expires?: string
        lastUsed?: string
        revoked?: string
      }[]
      next?: string
    }
  }
  'tokens.get': {
    params: { id: string }
    result: {
      token: {
        id: string
        name: string
        role: string
        state: 'valid' | 'expired' | 'revoked'
        scope?: { agents: string[]; services?: string[]; methods?: string[] }[]
        created: string
        createdBy?: string
        expires?: string
        lastUsed?: string
        revoked?: string
      }
    }
  }
  'tokens.create': {
    params: { name: string; role: Role; scope?: { agents: string[]; services?: string[]; methods?: string[] }[]; expires?: string }
    result: {
      id: string
      secret: string
      token: {
        id: string
        name: string
        role: string
        state: 'valid' | 'expired' | 'revoked'
        scope?: { agents: string[]; services?: string[]; methods?: string[] }[]
        created: string
        createdBy?: string
        expires?: string
        lastUsed?: string
        revoked?: string
      }
    }
  }
  'tokens.revoke': {
    params: { id: string }
    result: {
      token: {
        id: string
        name: string
        role: string
        state: 'valid' | 'expired' | 'revoked'
        scope?: { agents: string[]; services?: string[]; methods?: string[] }[]
        created: string
        createdBy?: string
        expires?: string
        lastUsed?: string
        revoked?: string
      }
    }
  }
  'attention.list': {
    params: { limit?: number; cursor?: string }
    result: {
      items: {
        id: string
        code:
          | 'store_failing'
          | 'backup_overdue'
          | 'gateway_certificate_expires'
          | 'page_certificate_expires'
          | 'agent_certificate_expires'
          | 'rotation_under_way'
          | 'agent_pending'
          | 'agent_cloned'
          | 'agent_refused'
          | 'agent_offline'
          | 'agent_unused'
          | 'token_expires'
          | 'token_unused'
        severity: 'critical' | 'warning' | 'info'
        title: string
        text: string
        since: string
        about: { agent?: string; pending?: string; thumbprint?: string; token?: string }
        action: { text: string; command?: string }
      }[]
      next?: string
    }
  }
  'attention.watch': {
    params: Record<never, never>
    result: Record<never, never>
    item:
      | {
          type: 'snapshot'
          items: {
            id: string
            code:
              | 'store_failing'
              | 'backup_overdue'
              | 'gateway_certificate_expires'
              | 'page_certificate_expires'
              | 'agent_certificate_expires'
              | 'rotation_under_way'
              | 'agent_pending'
              | 'agent_cloned'
              | 'agent_refused'
              | 'agent_offline'
              | 'agent_unused'
              | 'token_expires'
              | 'token_unused'
            severity: 'critical' | 'warning' | 'info'
            title: string
            text: string
            since: string
            about: { agent?: string; pending?: string; thumbprint?: string; token?: string }
            action: { text: string; command?: string }
          }[]
          more?: true
        }
      | {
          type: 'changed'
          items: {
            id: string
            code:
              | 'store_failing'
              | 'backup_overdue'
              | 'gateway_certificate_expires'
              | 'page_certificate_expires'
              | 'agent_certificate_expires'
              | 'rotation_under_way'
              | 'agent_pending'
              | 'agent_cloned'
              | 'agent_refused'
              | 'agent_offline'
              | 'agent_unused'
              | 'token_expires'
              | 'token_unused'
            severity: 'critical' | 'warning' | 'info'
            title: string
            text: string
            since: string
            about: { agent?: string; pending?: string; thumbprint?: string; token?: string }
            action: { text: string; command?: string }
          }[]
          more?: true
        }
      | { type: 'removed'; ids: string[] }
  }
  'metrics.history': { params: { minutes?: number; from?: string; to?: string; after?: string }; result: History }
  'metrics.watch': { params: Record<never, never>; result: Record<never, never>; item: HistoryEvent }
  'changes.list': { params: { agent?: string; limit?: number }; result: { changes: AgentChange[] } }
  'changes.watch': { params: Record<never, never>; result: Record<never, never>; item: AgentChangeEvent }
  'use.list': { params: { limit?: number; cursor?: string }; result: { use: AgentUse[]; next?: string } }
  'use.watch': { params: Record<never, never>; result: Record<never, never>; item: AgentUseEvent }
  'audit.search': {
    params: {
      limit?: number
      cursor?: string
      from?: string
      to?: string
      who?: string
      agent?: string
      action?: string
      outcome?: string
      text?: string
    }
    result: { entries: AuditEntryAnswer[]; next?: string }
  }
  'audit.get': {
    params: { sequence: number }
    result: {
      entry: AuditEntryAnswer
      atMs: number
      text: string
      before?: AuditEntryAnswer
      after?: AuditEntryAnswer
      previousHash?: string
      follows?: boolean
    }
  }
  'audit.watch': {
    params: { after?: number; from?: string; to?: string; who?: string; agent?: string; action?: string; outcome?: string; text?: string }
    result: Record<never, never>
    item: { entries: AuditEntryAnswer[] }
  }
  'audit.verify': {
    params: { heads?: string[] }
    result:
      | { ok: true; first: number; last: number }
      | { ok: false; sequence: number; finding: 'changed' | 'missing' | 'cut-off' | 'rewritten'; message: string }
    item:
      | { sequence: number; last: number }
      | {
          found:
            | { ok: true; first: number; last: number }
            | { ok: false; sequence: number; finding: 'changed' | 'missing' | 'cut-off' | 'rewritten'; message: string }
        }
  }
  'audit.head': {
    params: Record<never, never>
    result: { head?: string; verified?: { time: string; ok: boolean; sequence?: number; message?: string } }
  }
  'backup.create': { params: Record<never, never>; result: { name: string; time: string; bytes: number; sha256: string; head?: string } }
  'rpc.discover': { params: Record<never, never>; result: Record<string, unknown> }
}

/** The name of a method of the gateway. */
export type MethodName = keyof Methods
/** The parameters of a method. */
export type MethodParams<M extends MethodName> = Methods[M]['params']
/** The result of a method. */
export type MethodResult<M extends MethodName> = Methods[M]['result']
/** The methods that send items before their result. */
export type WatchName = { [M in MethodName]: Methods[M] extends { item: unknown } ? M : never }[MethodName]
/** An item of a watch. */
export type WatchItem<M extends WatchName> = Methods[M] extends { item: infer I } ? I : never
