/**
 * Every timeout and limit of the runtime with its default. Milliseconds, bytes or plain counts, as the name says.
 * `server/LIMITS.md` explains each; a test holds the two together.
 */
export const defaultLimits = {
  // Timeouts of .NET Halibut (its names, its defaults; spec §9)
  pollingRequestQueueTimeoutMs: 120_000,
  retryListeningSleepIntervalMs: 1_000,
  retryCountLimit: 5,
  connectionErrorRetryTimeoutMs: 300_000,
  tcpClientConnectTimeoutMs: 60_000,
  tcpClientSendTimeoutMs: 600_000,
  tcpClientReceiveTimeoutMs: 600_000,
  tcpClientReceiveResponseTimeoutMs: 600_000,
  tcpClientReceiveRequestTimeoutForPollingMs: 600_000,
  tcpClientHeartbeatSendTimeoutMs: 60_000,
  tcpClientHeartbeatReceiveTimeoutMs: 60_000,
  /** Whether a polling client waits the heartbeat time for NEXT (spec §3.4); the general receive timeout where false. */
  tcpClientHeartbeatTimeoutShouldActuallyBeUsed: true,
  tcpClientPooledConnectionTimeoutMs: 540_000,
  tcpListeningNextRequestIdleTimeoutMs: 600_000,
  pollingQueueWaitTimeoutMs: 30_000,
  proxyResponseTimeoutMs: 15_000,
  preambleMaxChars: 20_000,
  poolMaxIdleConnections: 5,
  pollingReconnectMinMs: 5_000,
  pollingReconnectMaxMs: 120_000,
  logEventsPerEndpoint: 100,
  /** 0: no limit. */
  maximumActiveTcpConnectionsPerPollingSubscription: 0,
  throwOnDataStreamSizeMismatch: true,
  // Beyond the reference
  /** A message, inflated. */
  maxMessageBytes: 64 * 1024 * 1024,
  /** All messages being received or decoded at the same time, on all connections of a runtime together. */
  maxMessageBytesInFlight: 512 * 1024 * 1024,
  /** How long a message may take to arrive, once others need the memory that it holds. */
  slowMessageMs: 30_000,
  /** How long the rest of an answer that is too large may take to arrive, to be thrown away. */
  tooLargeMessageMs: 60_000,
  /** Values (elements) a message may hold. */
  maxMessageElements: 4_000_000,
  /** Members of one object, entries of one dictionary or set. */
  maxMessageMembers: 250_000,
  /** Nesting of documents and arrays, the root counted (spec §4.9). */
  maxMessageDepth: 64,
  /** Data streams in one message. */
  maxStreamsPerMessage: 10_000,
  /** A control or identity line. */
  maxLineBytes: 4_096,
  /**
   * The first byte of an accepted connection; its TLS handshake, from when that begins; then its preamble and identity together, where its
   * certificate is trusted.
   */
  acceptTimeoutMs: 60_000,
  /** Accepted connections whose TLS handshake has not begun. */
  maxWaitingConnections: 10_000,
  maxWaitingConnectionsPerAddress: 8_500,
  /** Addresses from which somebody came who is trusted; their handshakes begin first. */
  maxKnownAddresses: 10_000,
  /** The preamble of whoever is not trusted. */
  untrustedPreambleMs: 2_000,
  untrustedPreambleMaxChars: 1_024,
  /** What is heard of a caller after its preamble whose certificate is not trusted, and for how long: one identity, so that a person can be asked. */
  untrustedIdentityMs: 2_000,
  untrustedIdentityMaxBytes: 1_024,
  /** Accepted connections whose TLS handshake has begun, and whose certificate is not known to be trusted. */
  maxUnidentifiedConnections: 1_000,
  maxUnidentifiedConnectionsPerAddress: 750,
  /** So long one of them is there for sure, also where more come than there is room for. */
  unidentifiedGraceMs: 5_000,
  /** Accepted connections of one certificate. 0: no limit, as .NET. */
  maxConnectionsPerCertificate: 0,
  /** Requests waiting in one subscription’s queue. */
  maxQueuedRequests: 10_000,
  /** How long a data stream’s reader may pause before the rest goes to the spool. */
  streamStallMs: 5_000,
  /** A data stream’s spool: what stays in memory, and the temporary file. */
  spoolMemoryBytes: 256 * 1024,
  /** What the spools of a runtime keep in memory together. */
  spoolMemoryBytesInFlight: 64 * 1024 * 1024,
  spoolFileBytes: 1024 * 1024 * 1024,
  /** What the files of a runtime’s spools may take on disk together. */
  spoolFileBytesInFlight: 8 * 1024 * 1024 * 1024,
  /** How long a spooled or paused data stream may go unread. */
  streamUnreadMs: 600_000,
  /** What looks like the end of a data stream that got shorter is one where nothing follows it for so long. */
  shortStreamMs: 5_000,
  /** Concurrent connections to one listening agent. 0: no limit, as .NET. */
  maxConnectionsPerAgent: 0,
  /** How long a call without times of its own may wait for a connection to a listening agent. 0: no limit, as .NET. */
  connectWaitMs: 0,
  /** Liveness: time for NEXT after a no-op message; 0: the heartbeat timeout. */
  livenessReplyMs: 0,
  /**
   * How long PROCEED waits for the next request to a polling agent, to share a write with it, where nothing at the agent waits for it; up to
   * twice that.
   */
  pollingProceedDelayMs: 10,
  /** How long `close()` lets what was accepted come to its end. 0: it cuts at once, as .NET. */
  drainMs: 10_000,
  /** Events kept in memory for all endpoints together. */
  logEvents: 20_000,
  /** One probe. */
  probeTimeoutMs: 5_000,
  tcpKeepAliveIdleMs: 5_000,
} as const

/** What the gateway sets otherwise than {@link defaultLimits}. `server/LIMITS.md` explains each; a test holds the two together. */
export const gatewayRuntimeLimits = {
  pollingQueueWaitTimeoutMs: 10_000,
  /** As many as `maxConnectionsPerAgent`. */
  poolMaxIdleConnections: 8,
  maxConnectionsPerAgent: 8,
  connectWaitMs: 120_000,
  maxConnectionsPerCertificate: 1_000,
  livenessReplyMs: 5_000,
} as const satisfies Partial<Limits>

/**
 * How the gateway looks after agents, and what it keeps for browsers beside the limits that `hello` announces (`facadeLimits`). Not to be set. `server/LIMITS.md` explains
 * each; a test holds the two together.
 */
export const gatewayLimits = {
  agentProbeIntervalMs: 20_000,
  agentProbesPerSecond: 20,
  pollingGraceMs: 5_000,
  pendingAgents: 1_000,
  pendingAddresses: 8,
  pendingAgentMs: 86_400_000,
  pendingLaterMs: 86_400_000,
  knockLinesPerMinute: 60,
  cloneGraceMs: 30_000,
  addedContracts: 500,
  contractChars: 256 * 1024,
  rulePreviews: 4,
  rulePreviewDecisions: 10_000_000,
  rulePreviewMs: 60_000,
  httpRequestMs: 10_000,
  httpCallsInFlight: 64,
  httpAnswers: 10_000,
  httpAnswerChars: 16 * 1024,
  closeGraceMs: 1_000,
  waitingSessions: 1_000,
  waitingSessionsPerPrincipal: 250,
  allReplayBytes: 128 * 1024 * 1024,
  allOutboxBytes: 128 * 1024 * 1024,
  readerStallMs: 20_000,
  sessionSpoolBytesInFlight: 4 * 1024 * 1024 * 1024,
  tickets: 10_000,
  ticketMs: 30_000,
  tokens: 10_000,
  tokenUseMs: 600_000,
  endedTokenMs: 90 * 24 * 60 * 60 * 1_000,
  credentialChars: 12 * 1024,
  failedSignIns: 60,
  failedSignInMs: 60_000,
  jwtSignIns: 10_000,
  jwtSkewMs: 30_000,
  jwksCooldownMs: 30_000,
  jwksMaxAgeMs: 600_000,
  oidcTimeoutMs: 5_000,
  oidcRetryMs: 5_000,
  oidcSignInMs: 600_000,
  pageSignIns: 10_000,
  pageSignInLines: 60,
  waitingItems: 256,
  callWaitMs: 1_000,
  callWaits: 64,
  callsAhead: 10,
  recentCallAgents: 500,
  recentCalls: 32,
  recentFailures: 16,
  agentStates: 16,
  watchItemChars: 64 * 1024,
  agentChangesMs: 100,
  writableBytes: 256 * 1024,
  unfitResultChars: 256 * 1024,
  keptResultBytes: 256 * 1024,
  allKeptResultsBytes: 16 * 1024 * 1024,
  readAheadBytes: 256 * 1024,
  streamBytesInFlight: 512 * 1024 * 1024,
  wholeFrameMs: 5,
  socketContentBytes: 512 * 1024,
  storeBatchChanges: 1_000,
  storeGatherMs: 2,
  storeRetryMs: 2_000,
  backupsKept: 10,
  metricMethods: 200,
  historyStepMs: 5_000,
  historyLongStepMs: 120_000,
  historySteps: 180,
  rememberedChanges: 1_000,
  agentUseMs: 1_000,
  refusalLines: 600,
  callLines: 600,
  lastUseMs: 60 * 60 * 1_000,
  attentionLookMs: 10_000,
  refusedAttentionMs: 5 * 60 * 1_000,
  offlineAttentionMs: 60 * 60 * 1_000,
  backupAttentionMs: 7 * 24 * 60 * 60 * 1_000,
  unusedAttentionMs: 90 * 24 * 60 * 60 * 1_000,
  expiryAttentionMs: 30 * 24 * 60 * 60 * 1_000,
  expiryCriticalMs: 7 * 24 * 60 * 60 * 1_000,
  auditTrimMs: 60 * 60 * 1_000,
  auditVerifyMs: 24 * 60 * 60 * 1_000,
  auditOwedEntries: 10_000,
  auditOwedRefusals: 1_000,
  headSendMs: 10_000,
  headRetryMinMs: 1_000,
  headRetryMaxMs: 300_000,
  auditSearchEntries: 20_000,
  auditSearchMs: 1_000,
  drainRetryMs: 5_000,
  httpRateMs: 10_000,
  httpRequestsPerAddress: 10_000,
  httpRequestsPerToken: 10_000,
  ratedCallers: 10_000,
  socketRateMs: 10_000,
  socketCallsPerAddress: 100_000,
  socketCallsPerToken: 100_000,
} as const

/** The limits as a runtime uses them: the defaults, each overridable. */
export type Limits = { -readonly [K in keyof typeof defaultLimits]: (typeof defaultLimits)[K] extends boolean ? boolean : number }
