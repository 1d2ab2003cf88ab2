import { argumentText, OptionKinds } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { printHost } from '../codec/uri-host.ts'
import { checkedLimits } from './checked-limits.ts'

/** An HTTP CONNECT proxy (spec §11.1). */
export interface ProxySettings {
  readonly host: string
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
}

const endpointLimitNames = [
  'pollingRequestQueueTimeoutMs',
  'retryListeningSleepIntervalMs',
  'retryCountLimit',
  'connectionErrorRetryTimeoutMs',
  'tcpClientConnectTimeoutMs',
] as const satisfies readonly (keyof Limits)[]

/** The settings that each endpoint may override (spec §9, the starred rows). */
export type EndpointLimits = Pick<Limits, (typeof endpointLimitNames)[number]>

/** How callers name an endpoint: a URI, or one with what belongs to it. */
export type EndpointInput =
  | string
  | {
      /** `https://host:port/` of a listening agent, or `poll://name/` of a polling one. */
      readonly uri: string
      /** The pinned certificate: SHA-1, 40 upper-case hex digits; compared to the letter, as .NET does (spec §1.5). */
      readonly thumbprint?: string | undefined
      /** A further certificate of the agent that is as good, while that one takes the place of the first. */
      readonly nextThumbprint?: string | undefined
      readonly proxy?: ProxySettings | undefined
      /** Where TCP goes while TLS still asks for the URI’s host. */
      readonly forceResolveHost?: string | undefined
      readonly limits?: Partial<EndpointLimits> | undefined
    }

const inputKinds = new OptionKinds<Exclude<EndpointInput, string>>({
  uri: 'any',
  thumbprint: 'any',
  nextThumbprint: 'any',
  proxy: 'object',
  forceResolveHost: 'any',
  limits: 'object',
})
const proxyKinds = new OptionKinds<ProxySettings>({ host: 'any', port: 'any', user: 'text', password: 'text' })

/** An endpoint, checked and normalised (spec §1.1). It cannot change; a copy of it with something else in it is read again. */
export interface Endpoint {
  /** The printed form: `https://localhost:8080/`, `poll://bob/`. */
  readonly uri: string
  readonly scheme: 'https' | 'poll'
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly thumbprint: string | undefined
  readonly nextThumbprint: string | undefined
  readonly proxy: ProxySettings | undefined
  readonly forceResolveHost: string | undefined
  readonly limits: EndpointLimits
  /** Equal for endpoints that may share connections. */
  readonly key: string
}

/**
 * Reads what a caller gave. Throws `invalid_argument` that names the part and the reason. Path, query and credentials of a URI are
 * dropped, as .NET drops them (spec §1.1); credentials are never shown.
 */
export function parseEndpoint(input: EndpointInput, defaults: Limits): Endpoint {
  const given: Exclude<EndpointInput, string> = typeof input === 'string' ? { uri: input } : input
  if (typeof given !== 'object' || given === null) throw invalid('the endpoint: it must be a URI, or an object with a uri')
  if (isEndpoint(given)) return parseEndpoint(inputOf(given), defaults)
  inputKinds.check(given, 'the endpoint')
  const url = parseUri(given.uri, 'the endpoint')
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'https' && scheme !== 'poll') {
    throw invalid(
      `Unknown endpoint type: ${scheme} (an endpoint is https://host:port/ where an agent listens, poll://name/ where it polls)`,
    )
  }
  const uri = printEndpointUri(url)
  const { thumbprint, nextThumbprint, proxy, forceResolveHost } = given
  if (thumbprint !== undefined) checkThumbprint(thumbprint, `the thumbprint of ${uri}`)
  if (nextThumbprint !== undefined) checkThumbprint(nextThumbprint, `the next thumbprint of ${uri}`)
  if (proxy !== undefined) checkProxy(proxy, uri)
  const target = forceResolveHost === undefined ? url : parseUri(forceResolveHost, `forceResolveHost of ${uri}`)
  return Object.freeze({
    uri,
    scheme,
    host: target.hostname,
    port: target.port === '' ? 443 : Number(target.port),
    serverName: url.hostname,
    // A polling agent’s is compared with what TLS tells, which is upper-case; a listening one’s to the letter (spec §1.5).
    thumbprint: scheme === 'poll' ? thumbprint?.toUpperCase() : thumbprint,
    nextThumbprint: scheme === 'poll' ? nextThumbprint?.toUpperCase() : nextThumbprint,
    proxy,
    forceResolveHost,
    limits: limitsOf(given.limits, defaults, uri),
    key: [
      uri,
      thumbprint ?? '',
      nextThumbprint ?? '',
      forceResolveHost ?? '',
      proxy ? JSON.stringify([proxy.host, proxy.port, proxy.user, proxy.password]) : '',
    ].join(' '),
  })
}

/**
 * A subscription as it is announced (spec §2.1): the printed form. Throws `invalid_argument` for one with a path, a query or a user: callers
 * queue requests for scheme, host and port alone, so none would ever arrive.
 */
export function printSubscription(text: string): string {
  const url = parseUri(text, 'the subscription')
  const name = printed(url)
  const queue = printEndpointUri(url)
  if (name !== queue || url.hash !== '') {
    throw invalid(
      `the subscription ${shown(text)}: it must be a scheme and a name alone; requests are queued for ${queue} and would never arrive`,
    )
  }
  return name
}

/** The queue that an announced subscription stands for: its printed form; `undefined` when it is no absolute URI with a host. */
export function subscriptionKey(announced: string): string | undefined {
  const url = URL.canParse(announced) ? new URL(announced) : undefined
  return url === undefined || url.hostname === '' || hostAndPort(url) === undefined ? undefined : printed(url)
}

/**
 * Throws `invalid_argument`, with `where` and the reason, for what is not the SHA-1 thumbprint of a certificate in hex digits without
 * separators. Letter case is left alone (spec §1.5).
 */
export function checkThumbprint(text: unknown, where: string): asserts text is string {
  if (typeof text === 'string' && /^[0-9a-fA-F]{40}$/.test(text)) return
  const wanted = 'it must be 40 hex digits without separators (the SHA-1 of a certificate)'
  if (typeof text !== 'string') throw invalid(`${where}: ${wanted}, not ${argumentText(text)}`)
  const digits = /^[0-9a-fA-F]{64}$/.test(text) ? ', and these are 64, as of a SHA-256' : `, not ${shown(text)}`
  throw invalid(`${where}: ${wanted}${digits}`)
}

function printed(url: URL): string {
  const path = url.pathname === '' ? '/' : url.pathname
  return `${url.protocol}//${url.username === '' ? '' : `${url.username}@`}${hostAndPort(url)}${path}${url.search}`
}

function printEndpointUri(url: URL): string {
  return `${url.protocol}//${hostAndPort(url)}/`
}

/**
 * As .NET prints it. `URL` writes letters beyond ASCII as escapes, or for what is dialled as Punycode, which stays. `undefined` where .NET
 * takes no such host.
 */
function hostAndPort({ hostname, port }: URL): string | undefined {
  const host = printHost(unescaped(hostname))
  return host === undefined || port === '' ? host : `${host}:${port}`
}

function unescaped(hostname: string): string {
  // Escapes of ASCII were the caller’s own.
  return hostname.replace(/(?:%[89a-f][0-9a-f])+/gi, escapes => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'))
}

function checkProxy(proxy: ProxySettings, uri: string): void {
  const where = `the proxy of ${uri}`
  proxyKinds.check(proxy, where)
  const { host, port } = proxy
  if (typeof host !== 'string' || host === '') throw invalid(`${where}: it has no host`)
  if (host.includes('://')) throw invalid("The proxy's hostname cannot contain a protocol prefix (eg http://)")
  if (/[\s@/]/.test(host)) throw invalid(`${where}: its host ${shown(host)} must be a name or an address and nothing else`)
  if (!isPort(port)) throw invalid(`${where}: its port must be a whole number from 1 to 65535, not ${argumentText(port)}`)
}

function limitsOf(overrides: Partial<EndpointLimits> | undefined, defaults: Limits, uri: string): EndpointLimits {
  if (overrides === undefined) return defaults
  return checkedLimits<keyof EndpointLimits>(defaults, overrides, `the limits of ${uri}`, endpointLimitNames)
}

/** Whether it is an endpoint that was read once, or a copy of one, which may hold something else by now. */
function isEndpoint(input: object): input is Endpoint {
  return 'key' in input && 'scheme' in input && 'serverName' in input
}

/** What an endpoint was made of. */
function inputOf({ uri, thumbprint, nextThumbprint, proxy, forceResolveHost, limits }: Endpoint): Exclude<EndpointInput, string> {
  const given = Object.entries(limits ?? {}).filter(([name]) => endpointLimitNames.some(each => each === name))
  return { uri, thumbprint, nextThumbprint, proxy, forceResolveHost, limits: Object.fromEntries(given) }
}

/** `new URL` repairs much that a person did not mean (spaces, missing slashes); here it is refused, with the reason. */
function parseUri(text: unknown, where: string): URL {
  const example = 'an absolute URI such as https://host:10933/ or poll://name/'
  if (typeof text !== 'string') throw invalid(`${where}: it must be ${example}, not ${argumentText(text)}`)
  const wrong = (reason: string): HalibutError => invalid(`${where} ${shown(text)}: ${reason}`)
  if (text === '') throw wrong(`it is empty; it must be ${example}`)
  const stranger = /[\s\p{Cc}]/u.exec(text)
  if (stranger) throw wrong(`there is a space or control character at position ${stranger.index + 1}`)
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/i.exec(text) ?? []
  if (rest === undefined) throw wrong(`it has no scheme; it must be ${example}`)
  const [, port] = /^[^/?#]*:(\d+)(?:[/?#]|$)/.exec(rest) ?? []
  if (port !== undefined && !isPort(Number(port))) throw wrong(`port ${port.slice(0, 10)} is not from 1 to 65535`)
  if (!URL.canParse(text)) throw wrong(`it is not ${example} (an IPv6 address stands in brackets, https://[::1]:10933/)`)
  const url = new URL(text)
  if (url.hostname === '') throw wrong('it names no host')
  if (hostAndPort(url) === undefined) {
    throw wrong('.NET takes no such host: it has letters, digits, "-", "_" and single dots, and at most 255 characters')
  }
  return url
}

function isPort(port: unknown): boolean {
  return typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535
}

const shownChars = 200

/** For a message: quoted, cut, and without anything that may be a password. */
function shown(text: string): string {
  const safe = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[\s\S]*@/i, (_, scheme: string | undefined) => `${scheme ?? ''}***@`)
  return JSON.stringify(safe.length > shownChars ? `${safe.slice(0, shownChars)}…` : safe)
}

function invalid(message: string): HalibutError {
  return new HalibutError('invalid_argument', message)
}

/** Nobody is called or polled whose certificate is not pinned. Throws `invalid_argument`. */
export function requirePin(endpoint: Endpoint): void {
  if (endpoint.thumbprint === undefined) {
    throw new HalibutError(
      'invalid_argument',
      `${endpoint.uri} has no thumbprint to pin: give the agent’s (discover() shows what it presents; compare it with what the agent itself tells)`,
      { endpoint: endpoint.uri },
    )
  }
}
