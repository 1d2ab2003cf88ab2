import { HalibutError } from '../base/errors.ts'
import { defaultLimits } from '../base/limits.ts'
import type { Certificate } from '../runtime/certificates.ts'
import { type ProxySettings, parseEndpoint } from '../runtime/endpoint.ts'
import type { Destinations } from '../socket/destinations.ts'
import { type Caller, type DoctorReport, type ExaminationOptions, type ExaminedCall, stepTimeoutMs, takeSteps } from './examination.ts'
import { stepNames, steps, type Walk } from './steps.ts'

/** Which agent to look at, and as whom. */
export interface DoctorOptions extends ExaminationOptions {
  /** `https://host:port/`: a listening agent. A polling one comes by itself, and cannot be gone to. */
  readonly uri: string
  /** The pinned certificate: SHA-1, 40 upper-case hex digits. */
  readonly thumbprint?: string | undefined
  /** The one that the agent may have as well, while its certificate is changed. */
  readonly nextThumbprint?: string | undefined
  /** Neither is believed any more: they were revoked. Default false. */
  readonly isRevoked?: boolean
  /** The HTTP proxy on the way. Default: none. */
  readonly proxy?: ProxySettings | undefined
  /** Who we are. Without it the walk ends where the agent would ask. */
  readonly caller?: Caller | undefined
  /** The certificate of the caller. */
  readonly certificate?: Certificate | undefined
  /** What to call. Default: a service that no agent has, which an agent answers without running anything. */
  readonly call?: ExaminedCall | undefined
  /** Where it may be gone to. Default: anywhere. */
  readonly destinations?: Destinations | undefined
  /** Of each step. Milliseconds. Default 5,000. */
  readonly timeoutMs?: number | undefined
}

/**
 * Walks to a listening agent: DNS, TCP, TLS, certificate, trust, identify, a call; and names one fix for the first step that fails.
 * @throws {HalibutError} `invalid_argument` for what is no address of a listening agent; `cancelled` by the signal.
 */
export async function examineAgent(options: DoctorOptions): Promise<DoctorReport> {
  const {
    uri,
    thumbprint,
    nextThumbprint,
    proxy,
    isRevoked = false,
    caller,
    certificate,
    call,
    destinations,
    timeoutMs = stepTimeoutMs,
    signal,
  } = options
  const endpoint = parseEndpoint({ uri, thumbprint, nextThumbprint, proxy }, defaultLimits)
  if (endpoint.scheme !== 'https') {
    throw new HalibutError('invalid_argument', `${endpoint.uri} polls: there is nothing to go to`, {
      advice: 'give the id of the agent in the place of its address: then the gateway that it polls is asked',
    })
  }
  const walk: Walk = { endpoint, isRevoked, caller, certificate, call, destinations, timeoutMs, signal, tls: undefined }
  const taken = await takeSteps(stepNames, steps, walk, options)
  return { uri: endpoint.uri, isHealthy: taken.every(({ outcome }) => outcome === 'passed'), steps: taken }
}
