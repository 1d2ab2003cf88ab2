import type { Contract } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import { defaultLimits } from '../base/limits.ts'
import type { Certificate } from '../runtime/certificates.ts'
import { parseEndpoint } from '../runtime/endpoint.ts'
import type { HalibutRuntime } from '../runtime/runtime.ts'
import { Fault, type FaultName } from './faults.ts'
import { type StepName, stepNames, steps, type Walk } from './steps.ts'

/** Which agent to look at, and as whom. */
export interface DoctorOptions {
  /** `https://host:port/`: a listening agent. A polling one comes by itself, and cannot be gone to. */
  readonly uri: string
  /** The pinned certificate: SHA-1, 40 upper-case hex digits. */
  readonly thumbprint?: string | undefined
  /** Who we are. Without it the walk ends where the agent would ask. */
  readonly runtime?: HalibutRuntime | undefined
  /** The certificate of the runtime. */
  readonly certificate?: Certificate | undefined
  /** What to call. Default: a service that no agent has, which an agent answers without running anything. */
  readonly call?:
    | { readonly service: string; readonly method: string; readonly args: readonly unknown[]; readonly contract?: Contract | undefined }
    | undefined
  /** Of each step. Milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Hears of each step when it is done. */
  readonly onStep?: (step: DoctorStep) => void
}

/** A step that was taken, or that another one stood in the way of. */
export interface DoctorStep {
  readonly step: StepName
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What was found, in words. */
  readonly found: string
  /** Of a step that failed: its name, and the one thing to do. */
  readonly fault?: FaultName
  readonly fix?: string
  readonly durationMs: number
}

/** What the walk has shown. */
export interface DoctorReport {
  readonly uri: string
  /** No step has failed. */
  readonly isHealthy: boolean
  readonly steps: readonly DoctorStep[]
}

const stepTimeoutMs = 5_000

/**
 * Walks to a listening agent: DNS, TCP, TLS, certificate, trust, identify, a call; and names one fix for the first step that fails.
 * @throws {HalibutError} `invalid_argument` for what is no address of a listening agent; `cancelled` by the signal.
 */
export async function examineAgent(options: DoctorOptions): Promise<DoctorReport> {
  const { runtime, certificate, call, signal, timeoutMs = stepTimeoutMs } = options
  const endpoint = parseEndpoint({ uri: options.uri, thumbprint: options.thumbprint }, defaultLimits)
  if (endpoint.scheme !== 'https') {
    throw new HalibutError('invalid_argument', `${endpoint.uri} polls: there is nothing to go to`, {
      advice: 'look at the agent’s state, and at the gateway’s log for who was refused',
    })
  }
  const walk: Walk = { endpoint, runtime, certificate, call, timeoutMs, signal, tls: undefined }
  const taken: DoctorStep[] = []
  let isStopped = false
  for (const step of stepNames) {
    if (signal?.aborted) throw new HalibutError('cancelled', 'the examination was given up')
    const done: DoctorStep = isStopped
      ? { step, outcome: 'skipped' as const, found: 'a step before it failed', durationMs: 0 }
      : await take(step, walk)
    isStopped ||= done.outcome === 'failed'
    taken.push(done)
    options.onStep?.(done)
  }
  return { uri: endpoint.uri, isHealthy: !isStopped, steps: taken }
}

async function take(step: StepName, walk: Walk): Promise<DoctorStep> {
  const startedAt = performance.now()
  const durationMs = (): number => Math.round(performance.now() - startedAt)
  try {
    return { step, outcome: 'passed', found: await steps[step](walk), durationMs: durationMs() }
  } catch (why) {
    if (!(why instanceof Fault)) throw why
    return { step, outcome: 'failed', found: why.message, fault: why.fault, fix: why.fix, durationMs: durationMs() }
  }
}
