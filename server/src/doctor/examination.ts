import type { Contract } from '@halibut-gateway/schemas/contract'
import { HalibutError } from '../base/errors.ts'
import type { EndpointInput } from '../runtime/endpoint.ts'
import { Fault, type FaultName } from './faults.ts'

/** Who goes to an agent: a `HalibutRuntime`, or what of one the gateway works with. */
export interface Caller {
  /** SHA-1 of our certificate: what agents have to trust. */
  readonly thumbprint: string
  probe(
    endpoint: EndpointInput,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly roundTripMs: number }>
  call(
    request: ExaminedCall & { readonly endpoint: EndpointInput; readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<unknown>
}

/** What is called to see whether an agent takes calls. */
export interface ExaminedCall {
  readonly service: string
  readonly method: string
  readonly args: unknown[]
  readonly contract?: Contract | undefined
}

/** A step that was taken, or that another one stood in the way of. */
export interface DoctorStep {
  readonly step: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What was found, in words. */
  readonly found: string
  /** Of a step that failed: its name, and the one thing to do. */
  readonly fault?: FaultName
  readonly fix?: string
  readonly durationMs: number
}

/** What the steps have shown. */
export interface DoctorReport {
  readonly uri: string
  /** No step has failed. */
  readonly isHealthy: boolean
  readonly steps: readonly DoctorStep[]
}

/** How an examination is ended early, and who hears of it meanwhile. */
export interface ExaminationOptions {
  readonly signal?: AbortSignal | undefined
  /** Hears of each step when it is done. */
  readonly onStep?: ((step: DoctorStep) => void) | undefined
}

/** How long each step may take where nobody says so. Milliseconds. */
export const stepTimeoutMs = 5_000
/** The longest time that a step may be given. */
export const mostStepTimeoutMs = 60_000

/** Each gives what it found, in words, or throws a {@link Fault}. */
export type Steps<S extends string, W> = Readonly<Record<S, (walk: W) => Promise<string>>>

/** Takes the steps in order, up to the first that fails. Throws `cancelled` by the signal. */
export async function takeSteps<S extends string, W>(
  names: readonly S[],
  steps: Steps<S, W>,
  walk: W,
  { signal, onStep }: ExaminationOptions,
): Promise<DoctorStep[]> {
  const taken: DoctorStep[] = []
  let isStopped = false
  for (const step of names) {
    if (signal?.aborted) throw new HalibutError('cancelled', 'the examination was given up')
    const done: DoctorStep = isStopped
      ? { step, outcome: 'skipped', found: 'a step before it failed', durationMs: 0 }
      : await take(step, () => steps[step](walk))
    isStopped ||= done.outcome === 'failed'
    taken.push(done)
    onStep?.(done)
  }
  return taken
}

async function take(step: string, look: () => Promise<string>): Promise<DoctorStep> {
  const startedAt = performance.now()
  const durationMs = (): number => Math.round(performance.now() - startedAt)
  try {
    return { step, outcome: 'passed', found: await look(), durationMs: durationMs() }
  } catch (why) {
    if (!(why instanceof Fault)) throw why
    return { step, outcome: 'failed', found: why.message, fault: why.fault, fix: why.fix, durationMs: durationMs() }
  }
}

/** Asked for where nobody says what to call: no agent has it, so that nothing runs, and whoever answers so is an agent that takes calls. */
const nobodysCall: ExaminedCall = { service: 'IHalibutGatewayDoctor', method: 'Examine', args: [] }

/** The last step of every walk: a call. */
export async function takeCall(options: {
  readonly caller: Caller
  readonly endpoint: EndpointInput
  readonly call: ExaminedCall | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly words: Readonly<Record<string, string | number>>
}): Promise<string> {
  const { caller, endpoint, timeoutMs, signal } = options
  const asked = options.call ?? nobodysCall
  const { service, method } = asked
  try {
    await caller.call({ ...asked, endpoint, timeoutMs, ...(signal && { signal }) })
    return `${service}.${method} answered`
  } catch (why) {
    const { kind, message, remote } = halibutError(why)
    const words = { ...options.words, timeoutMs, service, reason: JSON.stringify(remote?.message ?? message) }
    if (!options.call && (kind === 'service_not_found' || kind === 'remote_error'))
      return 'it answers calls (a service that no agent has was asked for)'
    if (kind === 'service_not_found') throw new Fault('service_missing', message, words)
    if (kind === 'method_not_found' || kind === 'ambiguous_method') throw new Fault('method_missing', message, words)
    if (kind === 'deadline_exceeded' || kind === 'io_timeout') throw new Fault('call_silent', message, words)
    if (kind === 'connection_lost') throw new Fault('call_broken_off', message, words)
    if (kind.startsWith('connect_')) throw new Fault('unsteady', message, words)
    throw new Fault('call_failed', message, words)
  }
}

/** An error of ours that tells of the agent. What ends the examination, or is none of ours, is thrown on. */
export function halibutError(why: unknown): HalibutError {
  if (why instanceof HalibutError && why.kind !== 'cancelled' && why.kind !== 'closed') return why
  throw why
}
