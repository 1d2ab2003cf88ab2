import { hostname } from 'node:os'
import { HalibutError } from '../base/errors.ts'
import { isEverything, isLoopback } from '../base/host.ts'
import { examineTls } from '../socket/examine.ts'
import { type Caller, halibutError, type Steps, takeCall } from './examination.ts'
import { Fault } from './faults.ts'

/** The steps about an agent that comes by itself, in order. */
export const pollingStepNames = ['registration', 'port', 'trust', 'knocks', 'connection', 'call'] as const
type PollingStepName = (typeof pollingStepNames)[number]

/** Somebody who is refused in the name of the agent, or with its certificate. */
export interface RefusedKnock {
  readonly reason: string
  readonly advice: string
  readonly count: number
}

/** What the gateway knows of an agent that polls it, and what the steps go by. */
export interface PollingWalk {
  readonly id: string
  /** As which it polls: `poll://name/`. */
  readonly uri: string
  readonly thumbprint: string
  readonly state: { readonly at: string; readonly sinceMs: number; readonly reason: string }
  readonly connections: number
  /** When a certificate of it was seen, which is kept once a day. UTC milliseconds since 1970. */
  readonly lastSeenMs: number | undefined
  readonly isRevoked: boolean
  readonly knock: RefusedKnock | undefined
  /** Machines that poll with its certificate at the same time, where there are several. */
  readonly clones: readonly string[]
  /** Our own port for this agent: where it listens, and the certificate that it has to present. */
  readonly port: { readonly host: string; readonly port: number; readonly thumbprint: string }
  readonly caller: Caller
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Each gives what it found, in words, or throws a {@link Fault}. */
export const pollingSteps: Steps<PollingStepName, PollingWalk> = { registration, port, trust, knocks, connection, call }

async function registration({ id, uri, thumbprint, state }: PollingWalk): Promise<string> {
  if (state.at === 'disabled') throw new Fault('disabled', `${id} is disabled: ${state.reason}`, { agent: id })
  return `${id} polls as ${uri} with the certificate ${thumbprint}`
}

/** We go to it as an agent does, though from here: what is between here and there only the agent can tell. */
async function port({ port: own, timeoutMs, signal }: PollingWalk): Promise<string> {
  const place = placeOf(own)
  try {
    const { certificate } = await examineTls({ host: fromHere(own.host), port: own.port, timeoutMs, signal })
    if (certificate?.thumbprint === own.thumbprint) return `${place} takes connections, and presents ${own.thumbprint}`
    throw new HalibutError('thumbprint_mismatch', `${place} presents ${certificate?.thumbprint ?? 'no certificate'}`)
  } catch (why) {
    throw new Fault('port_silent', halibutError(why).message, { place })
  }
}

async function trust({ id, thumbprint, isRevoked }: PollingWalk): Promise<string> {
  if (isRevoked) throw new Fault('revoked', `the certificate of ${id}, ${thumbprint}, was revoked`, { thumbprint })
  return 'its certificate is trusted'
}

/** Who is refused in the name of an agent that is there is somebody else. */
async function knocks({ id, knock, connections }: PollingWalk): Promise<string> {
  if (!knock) return 'nobody is refused in its name, or with its certificate'
  const often = knock.count === 1 ? 'once' : `${knock.count} times`
  const found = `refused ${often}: ${knock.reason}`
  if (connections === 0) throw new Fault('knock_refused', found, { agent: id, advice: knock.advice })
  return found
}

async function connection(walk: PollingWalk): Promise<string> {
  const { id, uri, state, connections, lastSeenMs, clones, port: own } = walk
  if (connections > 0) {
    const from = clones.length > 1 ? `, from ${clones.length} machines with one certificate: ${clones.join(' and ')}` : ''
    return `it has ${connections === 1 ? 'one connection' : `${connections} connections`}, ${state.at} since ${timeOf(state.sinceMs)}${from}`
  }
  const place = placeOf({ ...own, host: isEverything(own.host) ? hostname() : own.host })
  const words = { agent: id, subscription: uri, place, port: own.port, own: own.thumbprint }
  if (lastSeenMs !== undefined) {
    throw new Fault(
      'gone',
      `it is away since ${timeOf(state.sinceMs)} (${state.reason}), and was here on ${timeOf(lastSeenMs).slice(0, 10)} or later`,
      words,
    )
  }
  const found = 'it has never been here, and nobody knocks in its name'
  throw new Fault(isLoopback(own.host) ? 'port_here_only' : 'never_came', found, words)
}

async function call({ caller, uri, thumbprint, timeoutMs, signal }: PollingWalk): Promise<string> {
  return takeCall({ caller, endpoint: { uri, thumbprint }, call: undefined, timeoutMs, signal, words: {} })
}

function placeOf({ host, port: number }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${number}`
}

/** An address that means all of a machine is none to go to. */
function fromHere(host: string): string {
  return isEverything(host) ? 'localhost' : host
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
