import type { AgentStateName } from '@halibut-gateway/schemas'
import type { ErrorKind } from '@halibut-gateway/schemas/wire'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Attention } from '../attention/attention.ts'
import type { HalibutError } from '../base/errors.ts'
import type { AgentDirectory } from '../fleet/agent-directory.ts'
import type { CallRegistry, OpenCall } from '../rpc/call-registry.ts'
import type { DenialReason } from '../runtime/events.ts'
import { type LabelOf, type MetricName, metricTable } from './metric-table.ts'
import { PerMethod } from './per-method.ts'
import { processMetrics } from './process-metrics.ts'
import { type HistogramSeries, SeriesHistogram, Tally } from './tally.ts'

/** What is looked at when somebody asks, instead of being counted. */
export interface MetricSources {
  readonly directory: Pick<AgentDirectory, 'ids' | 'get'>
  readonly calls: Pick<CallRegistry, 'counts'>
  readonly sessions: {
    readonly size: number
    readonly waiting: number
    /** Content of data streams, in bytes since the start. */
    readonly streamBytes: { readonly sent: number; readonly received: number }
  }
  /** The sockets of browsers. */
  readonly sockets: { readonly size: number }
  readonly isReady: () => boolean
  readonly attention?: Pick<Attention, 'counts'> | undefined
  readonly store?: StoreFigures | undefined
  readonly audit?: AuditFigures | undefined
}

/** What is kept. */
export interface StoreFigures {
  readonly state: { readonly at: 'ready' | 'failing' }
  readonly bytes: number
  /** When it was backed up last, as far as this process knows. */
  readonly backupMs?: number | undefined
}

/** What is written down of who did what. */
export interface AuditFigures {
  readonly size: number | undefined
  readonly owed: number
  readonly lost: number
  readonly verified: { readonly atMs: number; readonly verification: { readonly ok: boolean } } | undefined
}

/** Where an HTTP request went, and what came of it. */
export interface HttpOutcome {
  readonly method: string
  /** The route’s pattern; `undefined` where there is none. */
  readonly route: string | undefined
  readonly status: number
  readonly durationMs: number
}

/** Why a connection of somebody who came to us was turned away: an error’s kind before TLS was through, else what was wrong with its owner. */
export type RefusalReason = ErrorKind | DenialReason

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
const states: readonly AgentStateName[] = ['connected', 'suspect', 'offline', 'untrusted', 'disabled']
const modes = ['listening', 'polling'] as const
const httpMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
type Mode = (typeof modes)[number]

/** The metrics of a gateway, those of {@link metricTable}: told what happens, and asked by Prometheus. */
export class Metrics {
  readonly #registry = new Registry()
  #sources: MetricSources | undefined
  readonly #calls = new Tally<Mode, ErrorKind | ''>()
  readonly #callDurations: PerMethod<HistogramSeries>
  readonly #queueWaits: Readonly<Record<Mode, HistogramSeries>>
  readonly #requests = new Tally<string, ErrorKind | ''>()
  readonly #http = this.#histogram('http_server_request_duration_seconds')
  readonly #changes = this.#counter('halibut_agent_state_changes_total')
  readonly #opened = this.#counter('halibut_connections_opened_total')
  readonly #connections = this.#gauge('halibut_connections')
  readonly #refused = this.#counter('halibut_refused_connections_total')
  readonly #signIns = this.#counter('halibut_sign_ins_total')
  readonly #flushes = this.#counter('halibut_store_flushes_total')
  readonly #flushSeconds = this.#series('halibut_store_flush_seconds').series({})
  readonly #heads = this.#counter('halibut_audit_heads_total')

  /** `version`: of the gateway. */
  constructor(version: string) {
    this.#gauge('halibut_gateway_info').set({ version }, 1)
    this.#looked('halibut_ready', (gauge, { isReady }) => gauge.set(isReady() ? 1 : 0))
    this.#looked('halibut_agents', (gauge, { directory }) => {
      for (const state of states) for (const agent_mode of modes) gauge.set({ state, agent_mode }, 0)
      for (const id of directory.ids()) {
        const agent = directory.get(id)
        if (agent) gauge.inc({ state: agent.state.at, agent_mode: agent.mode })
      }
    })
    this.#looked('halibut_polling_connections', (gauge, { directory }) => {
      gauge.set(directory.ids().reduce((sum, id) => sum + (directory.get(id)?.connections ?? 0), 0))
    })
    this.#looked('halibut_calls_open', (gauge, { calls }) => {
      const { queued, running } = calls.counts()
      gauge.set({ state: 'queued' }, queued)
      gauge.set({ state: 'running' }, running)
    })
    this.#looked('halibut_sessions', (gauge, { sessions }) => {
      gauge.set({ state: 'connected' }, sessions.size - sessions.waiting)
      gauge.set({ state: 'waiting' }, sessions.waiting)
    })
    this.#looked('halibut_browser_sockets', (gauge, { sockets }) => gauge.set(sockets.size))
    this.#looked('halibut_gateway_attention', (gauge, { attention }) => {
      for (const [code, count] of attention?.counts() ?? []) gauge.set({ code }, count)
    })
    this.#looked('halibut_store_ready', (gauge, { store }) => gauge.set(store?.state.at === 'failing' ? 0 : 1))
    this.#looked('halibut_store_bytes', (gauge, { store }) => gauge.set(store?.bytes ?? 0))
    this.#looked('halibut_audit_entries', (gauge, { audit }) => gauge.set(audit?.size ?? 0))
    this.#looked('halibut_audit_waiting_entries', (gauge, { audit }) => gauge.set(audit?.owed ?? 0))
    const lost = this.#counter('halibut_audit_lost_entries_total', () => {
      lost.reset()
      lost.inc(this.#sources?.audit?.lost ?? 0)
    })
    this.#looked('halibut_audit_broken', (gauge, { audit }) => gauge.set(audit?.verified?.verification.ok === false ? 1 : 0))
    this.#looked('halibut_audit_verified_timestamp_seconds', (gauge, { audit }) => gauge.set((audit?.verified?.atMs ?? 0) / 1_000))
    this.#looked('halibut_backup_timestamp_seconds', (gauge, { store }) => gauge.set((store?.backupMs ?? 0) / 1_000))
    const durations = this.#series('rpc_client_call_duration_seconds')
    this.#callDurations = new PerMethod(({ ...labels }) => durations.series(labels))
    const waits = this.#series('halibut_queue_wait_seconds')
    this.#queueWaits = { listening: waits.series({ agent_mode: 'listening' }), polling: waits.series({ agent_mode: 'polling' }) }
    const calls = this.#counter('halibut_calls_total', () => {
      calls.reset()
      for (const [agent_mode, error_type, count] of this.#calls) {
        calls.inc({ agent_mode, outcome: error_type === '' ? 'answered' : 'failed', error_type }, count)
      }
    })
    const requests = this.#counter('halibut_requests_total', () => {
      requests.reset()
      for (const [rpc_method, error_type, count] of this.#requests) requests.inc({ rpc_method, error_type }, count)
    })
    const streamBytes = this.#counter('halibut_stream_bytes_total', () => {
      const { sent = 0, received = 0 } = this.#sources?.sessions.streamBytes ?? {}
      streamBytes.reset()
      streamBytes.inc({ direction: 'download' }, sent)
      streamBytes.inc({ direction: 'upload' }, received)
    })
  }

  /** From now on this is looked at. */
  lookAt(sources: MetricSources): void {
    this.#sources = sources
  }

  /** A call to an agent has ended. */
  readonly callEnded = (call: OpenCall, durationMs: number, error: HalibutError | undefined): void => {
    const { mode, isByContract } = call.way
    this.#calls.add(mode, error?.kind ?? '')
    this.#queueWaits[mode].observe(call.queuedMs / 1_000)
    this.#callDurations.of(isByContract ? call.subject : undefined).observe(durationMs / 1_000)
  }

  /** A request of a client has ended. `method`: where the gateway has such a one. */
  readonly requestEnded = (method: string | undefined, error: ErrorKind | undefined): void => {
    this.#requests.add(method ?? '_unknown', error ?? '')
  }

  readonly httpEnded = ({ method, route, status, durationMs }: HttpOutcome): void => {
    const labels = {
      http_request_method: httpMethods.has(method) ? method : '_OTHER',
      http_route: route ?? '',
      http_response_status_code: status,
    }
    this.#http.observe(labels, durationMs / 1_000)
  }

  /** An agent came into a state. */
  readonly agentEntered = (state: AgentStateName): void => this.#changes.inc({ state })

  readonly connectionOpened = (direction: 'incoming' | 'outgoing'): void => {
    this.#opened.inc({ direction })
    this.#connections.inc({ direction })
  }

  readonly connectionClosed = (direction: 'incoming' | 'outgoing'): void => this.#connections.dec({ direction })

  readonly connectionRefused = (reason: RefusalReason): void => this.#refused.inc({ reason })

  /** Changes were made durable, or could not be. */
  readonly flushed = ({ kept, durationMs }: { readonly kept: boolean; readonly durationMs: number }): void => {
    this.#flushes.inc({ outcome: kept ? 'kept' : 'failed' })
    this.#flushSeconds.observe(durationMs / 1_000)
  }

  /** A signed head of the audit log was sent away, or could not be. */
  readonly headSent = (outlet: string, isTaken: boolean): void => this.#heads.inc({ outlet, outcome: isTaken ? 'taken' : 'refused' })

  /** A credential was looked at. */
  readonly signedIn = (outcome: 'accepted' | 'refused'): void => this.#signIns.inc({ outcome })

  /** What Prometheus reads, and the type that it has. */
  async text(): Promise<{ readonly contentType: string; readonly text: string }> {
    const all = Registry.merge([this.#registry, processMetrics()])
    return { contentType: all.contentType, text: await all.metrics() }
  }

  #counter<M extends MetricName>(name: M, collect?: () => void): Counter<LabelOf<M>> {
    return new Counter({ ...this.#definition(name), ...(collect && { collect }) })
  }

  #gauge<M extends MetricName>(name: M, collect?: () => void): Gauge<LabelOf<M>> {
    return new Gauge({ ...this.#definition(name), ...(collect && { collect }) })
  }

  #histogram<M extends MetricName>(name: M): Histogram<LabelOf<M>> {
    return new Histogram({ ...this.#definition(name), buckets })
  }

  /** A histogram that each call is in. */
  #series<M extends MetricName>(name: M): SeriesHistogram<LabelOf<M>> {
    return new SeriesHistogram({ ...this.#definition(name), buckets })
  }

  /** A gauge that is set when somebody asks. */
  #looked<M extends MetricName>(name: M, look: (gauge: Gauge<LabelOf<M>>, sources: MetricSources) => void): void {
    const gauge = this.#gauge(name, () => {
      if (this.#sources) look(gauge, this.#sources)
    })
  }

  #definition<M extends MetricName>(name: M) {
    const { help, labels } = metricTable[name]
    return { name, help, labelNames: labels as readonly LabelOf<M>[], registers: [this.#registry] }
  }
}
