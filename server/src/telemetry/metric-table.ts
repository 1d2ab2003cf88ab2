/**
 * The one table of metrics, by Prometheus’ names, with OpenTelemetry’s names for what is a call (`rpc_…`, `http_…`, `error_type`). No label has a
 * value that a caller chose: what grows is bounded. `server/METRICS.md` explains each; a test holds the two together.
 */
export const metricTable = {
  halibut_gateway_info: entry('gauge', ['version'], 'What runs; always 1'),
  halibut_ready: entry('gauge', [], 'Whether new calls are taken: 1 or 0'),
  halibut_agents: entry('gauge', ['state', 'agent_mode'], 'Agents by state'),
  halibut_agent_state_changes_total: entry('counter', ['state'], 'Agents that came into a state'),
  halibut_polling_connections: entry('gauge', [], 'Connections on which polling agents take requests'),
  halibut_connections: entry('gauge', ['direction'], 'Connections with agents'),
  halibut_connections_opened_total: entry('counter', ['direction'], 'Connections with agents that came through TLS'),
  halibut_refused_connections_total: entry('counter', ['reason'], 'Connections that were turned away'),
  halibut_calls_open: entry('gauge', ['state'], 'Calls to agents that wait for a connection, or run'),
  halibut_calls_total: entry('counter', ['agent_mode', 'outcome', 'error_type'], 'Calls to agents that have ended'),
  rpc_client_call_duration_seconds: entry(
    'histogram',
    ['rpc_system', 'rpc_service', 'rpc_method'],
    'Calls to agents, from when the gateway took them to their results or errors',
  ),
  halibut_queue_wait_seconds: entry('histogram', ['agent_mode'], 'How long calls to agents waited for a connection'),
  halibut_requests_total: entry('counter', ['rpc_method', 'error_type'], 'Requests of clients that have ended, by method of the gateway'),
  http_server_request_duration_seconds: entry(
    'histogram',
    ['http_request_method', 'http_route', 'http_response_status_code'],
    'HTTP requests',
  ),
  halibut_sessions: entry('gauge', ['state'], 'Sessions of browsers, with a socket or without'),
  halibut_browser_sockets: entry('gauge', [], 'WebSockets of browsers'),
  halibut_stream_bytes_total: entry('counter', ['direction'], 'Content of data streams to and from browsers'),
  halibut_store_ready: entry('gauge', [], 'Whether changes can be kept: 1 or 0'),
  halibut_store_flushes_total: entry('counter', ['outcome'], 'Changes that were made durable together, or could not be'),
  halibut_store_flush_seconds: entry('histogram', [], 'How long that took'),
  halibut_store_bytes: entry('gauge', [], 'What is kept, on the disk'),
  halibut_audit_entries: entry('gauge', [], 'Entries of the audit log'),
  halibut_audit_waiting_entries: entry('gauge', [], 'Entries that wait in memory until the disk takes them'),
  halibut_audit_lost_entries_total: entry('counter', [], 'Entries that were given up'),
  halibut_audit_broken: entry('gauge', [], 'Whether the audit log was found changed: 1 or 0'),
  halibut_audit_verified_timestamp_seconds: entry('gauge', [], 'When the audit log was looked through last'),
  halibut_audit_heads_total: entry('counter', ['outlet', 'outcome'], 'Signed heads of the audit log that were sent away'),
  halibut_backup_timestamp_seconds: entry('gauge', [], 'When backup.create made the last backup since the start'),
  halibut_sign_ins_total: entry('counter', ['outcome'], 'Credentials that were looked at'),
  halibut_gateway_attention: entry('gauge', ['code'], 'What needs a person'),
} as const satisfies Record<string, MetricEntry>

/** One row of {@link metricTable}. */
export interface MetricEntry {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

/** The name of a metric of the gateway. */
export type MetricName = keyof typeof metricTable
/** The names of a metric’s labels. */
export type LabelOf<M extends MetricName> = (typeof metricTable)[M]['labels'][number]

function entry<const T extends MetricEntry['type'], const L extends readonly string[]>(type: T, labels: L, help: string) {
  return { type, labels, help }
}
