import { lookup } from 'node:dns/promises'
import type { HalibutError } from '../base/errors.ts'
import type { Certificate } from '../runtime/certificates.ts'
import type { Endpoint } from '../runtime/endpoint.ts'
import type { Destinations } from '../socket/destinations.ts'
import { type ExamineOptions, examineTcp, examineTls, overhear, type TlsFacts } from '../socket/examine.ts'
import { type Caller, type ExaminedCall, halibutError, type Steps, takeCall } from './examination.ts'
import { Fault } from './faults.ts'

/** The steps, in order: each stands on those before it. */
export const stepNames = ['dns', 'tcp', 'tls', 'certificate', 'trust', 'identify', 'call'] as const
type StepName = (typeof stepNames)[number]

/** What the steps go by, and what they have found so far. */
export interface Walk {
  readonly endpoint: Endpoint
  readonly isRevoked: boolean
  readonly caller: Caller | undefined
  readonly certificate: Certificate | undefined
  readonly call: ExaminedCall | undefined
  /** Where it may be gone to. Default: anywhere. */
  readonly destinations: Destinations | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  tls: TlsFacts | undefined
}

/** Each gives what it found, in words, or throws a {@link Fault}. */
export const steps: Steps<StepName, Walk> = { dns, tcp, tls, certificate, trust, identify, call }

/** Through a proxy it is the proxy that looks for the agent. */
async function dns({ endpoint, timeoutMs }: Walk): Promise<string> {
  const { proxy } = endpoint
  const host = proxy?.host ?? hostOf(endpoint)
  const what = proxy ? 'the proxy ' : ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<'late'>(resolve => {
    timer = setTimeout(() => resolve('late'), timeoutMs)
  })
  try {
    const found = await Promise.race([lookup(host, { all: true }), late])
    if (found === 'late') throw new Fault('name_server_silent', `no name server said within ${timeoutMs} ms where ${host} is`, { host })
    const addresses = found.map(({ address }) => address)
    return addresses.includes(host) ? `${what}${host} is an address` : `${what}${host} is ${addresses.join(', ')}`
  } catch (why) {
    if (why instanceof Fault) throw why
    const code = (why as NodeJS.ErrnoException).code ?? String(why)
    const isKnown = code === 'ENOTFOUND' || code === 'ENODATA'
    throw new Fault(isKnown ? 'name_unknown' : 'name_server_silent', `${host} was not found (${code})`, { host })
  } finally {
    clearTimeout(timer)
  }
}

async function tcp(walk: Walk): Promise<string> {
  try {
    const address = await examineTcp(placeOf(walk))
    const { port, proxy } = walk.endpoint
    return proxy ? `the proxy ${address} connects to ${hostOf(walk.endpoint)}:${port}` : `${address} accepts connections at port ${port}`
  } catch (why) {
    const { kind, message } = halibutError(why)
    const words = wordsOf(walk)
    if (kind === 'invalid_argument') throw new Fault('not_allowed', message, words)
    if (walk.endpoint.proxy) throw proxyFault(message, words)
    if (kind === 'connect_refused') throw new Fault('refused', `nothing listens there: ${message}`, words)
    if (kind === 'connect_timeout') throw new Fault('filtered', message, words)
    throw new Fault('unreachable', message, words)
  }
}

/** Why a proxy gives no way to the agent. It says so in the line of its answer, where it is a proxy. */
function proxyFault(message: string, words: Readonly<Record<string, string | number>>): Fault {
  const [, code, heard = ''] = / responded with a (\d+) code - (.*)$/s.exec(message) ?? []
  if (code === '407') return new Fault('proxy_wants_login', message, words)
  if (code !== undefined) return new Fault('proxy_refuses', message, { ...words, heard: JSON.stringify(`${code} ${heard.trim()}`) })
  return new Fault(/HTTP response|invalid response/.test(message) ? 'not_a_proxy' : 'proxy_unreachable', message, words)
}

async function tls(walk: Walk): Promise<string> {
  try {
    walk.tls = await examineTls({ ...placeOf(walk), certificate: walk.certificate })
    return `TLS stands (${walk.tls.protocol})`
  } catch (why) {
    throw await tlsFault(halibutError(why), walk)
  }
}

/** A port that does not speak TLS says so mostly when it is listened to. */
async function tlsFault({ kind, message }: HalibutError, walk: Walk): Promise<Fault> {
  const words = wordsOf(walk)
  if (/alert protocol version|unsupported protocol/i.test(message)) return new Fault('tls_too_old', message, words)
  const heard = await overhear({ ...placeOf(walk), timeoutMs: Math.min(walk.timeoutMs, 1_000) })
  if (heard !== '') return new Fault('not_tls', message, { ...words, heard: JSON.stringify(heard) })
  if (kind === 'io_timeout') return new Fault('tls_silent', `nobody answered the TLS handshake within ${walk.timeoutMs} ms`, words)
  if (kind === 'connection_lost') return new Fault('tls_broken_off', message, words)
  return new Fault('tls_failed', message, { ...words, reason: message })
}

async function certificate(walk: Walk): Promise<string> {
  const presented = walk.tls?.certificate
  if (!presented) throw new Fault('no_certificate', 'it presents no certificate', wordsOf(walk))
  const { thumbprint, subject, notBefore, notAfter } = presented
  if (thumbprint === walk.certificate?.thumbprint) throw new Fault('own_certificate', `it presents our own certificate, ${thumbprint}`)
  const now = Date.now()
  const isValid = notBefore.getTime() <= now && now <= notAfter.getTime()
  const dates = isValid ? '' : `; it is valid from ${day(notBefore)} to ${day(notAfter)}, at which nobody looks here`
  return `${subject} with the thumbprint ${thumbprint}${dates}`
}

async function trust(walk: Walk): Promise<string> {
  const presented = walk.tls?.certificate
  const { thumbprint: pinned, nextThumbprint } = walk.endpoint
  const { thumbprint = '', subject = '', issuer = '', isSelfSigned = true } = presented ?? {}
  const words = { ...wordsOf(walk), thumbprint, subject, issuer }
  if (pinned === undefined)
    throw new Fault('not_pinned', `it is not said which certificate the agent has; this one is ${thumbprint}`, words)
  if (walk.isRevoked) throw new Fault('revoked', `the certificate that is pinned, ${pinned}, was revoked`, { ...words, thumbprint: pinned })
  if (pinned === thumbprint) return 'it is the certificate that is pinned'
  if (nextThumbprint === thumbprint) return 'it is the certificate that the agent is to have next, which is pinned too'
  const found = `${thumbprint} is presented, ${pinned} is pinned${nextThumbprint === undefined ? '' : `, and so is ${nextThumbprint}`}`
  throw new Fault(isSelfSigned ? 'certificate_changed' : 'intercepted', found, words)
}

async function identify(walk: Walk): Promise<string> {
  const { caller, endpoint, timeoutMs, signal } = walk
  if (!caller) throw new Fault('no_identity', 'the gateway’s certificate is not known here')
  try {
    await caller.probe(endpointOf(walk), { timeoutMs, ...(signal && { signal }) })
    return `${endpoint.uri} is a Halibut agent and trusts this gateway`
  } catch (why) {
    const { kind, message, cause } = halibutError(why)
    const words = { ...wordsOf(walk), own: caller.thumbprint }
    if (kind === 'deadline_exceeded' || kind === 'io_timeout') throw new Fault('identify_silent', message, words)
    const [, line] = /identity type: ('[^']*')/.exec(`${message} ${cause instanceof Error ? cause.message : ''}`) ?? []
    if (kind === 'protocol_error') {
      const heard = line ?? (await hear(walk))
      throw new Fault('not_an_agent', message, { ...words, heard })
    }
    throw new Fault(kind.startsWith('connect_') ? 'unsteady' : 'not_trusted', message, words)
  }
}

async function hear(walk: Walk): Promise<string> {
  return JSON.stringify(await overhear({ ...placeOf(walk), timeoutMs: Math.min(walk.timeoutMs, 1_000) }))
}

async function call(walk: Walk): Promise<string> {
  const { caller, timeoutMs, signal } = walk
  if (!caller) throw new Fault('no_identity', 'the gateway’s certificate is not known here')
  return takeCall({ caller, endpoint: endpointOf(walk), call: walk.call, timeoutMs, signal, words: wordsOf(walk) })
}

/** The connection of one step: it is tried once, and has the time of the step. */
function endpointOf({ endpoint, timeoutMs }: Walk) {
  const { uri, thumbprint, nextThumbprint, proxy } = endpoint
  return { uri, thumbprint, nextThumbprint, proxy, limits: { retryCountLimit: 1, tcpClientConnectTimeoutMs: timeoutMs } }
}

function placeOf({ endpoint, destinations, timeoutMs, signal }: Walk): ExamineOptions {
  const { port, serverName, proxy } = endpoint
  return { host: hostOf(endpoint), port, serverName, proxy, destinations, timeoutMs, signal }
}

function wordsOf({ endpoint, timeoutMs }: Walk): Readonly<Record<string, string | number>> {
  const { port, proxy } = endpoint
  return { host: hostOf(endpoint), port, timeoutMs, ...(proxy && { proxy: `${proxy.host}:${proxy.port}` }) }
}

function hostOf({ host }: Endpoint): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

function day(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an unknown day' : date.toISOString().slice(0, 10)
}
