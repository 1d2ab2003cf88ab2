import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'

/** An HTTP CONNECT proxy (spec §11.1). */
export interface ProxySettings {
  readonly host: string
  readonly port: number
  readonly user?: string | undefined
  readonly password?: string | undefined
}

/** The settings that each endpoint may override (spec §9, the starred rows). */
export type EndpointLimits = Pick<
  Limits,
  | 'pollingRequestQueueTimeoutMs'
  | 'retryListeningSleepIntervalMs'
  | 'retryCountLimit'
  | 'connectionErrorRetryTimeoutMs'
  | 'tcpClientConnectTimeoutMs'
>

/** How callers name an endpoint: a URI, or one with what belongs to it. */
export type EndpointInput =
  | string
  | {
      /** `https://host:port/` of a listening agent, or `poll://name/` of a polling one. */
      readonly uri: string
      /** The pinned certificate: SHA-1, 40 upper-case hex digits; compared to the letter, as .NET does (spec §1.5). */
      readonly thumbprint?: string | undefined
      readonly proxy?: ProxySettings | undefined
      /** Where TCP goes while TLS still asks for the URI’s host. */
      readonly forceResolveHost?: string | undefined
      readonly limits?: Partial<EndpointLimits> | undefined
    }

/** An endpoint, checked and normalised (spec §1.1). */
export interface Endpoint {
  /** The printed form: `https://localhost:8080/`, `poll://bob/`. */
  readonly uri: string
  readonly scheme: 'https' | 'poll'
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly thumbprint: string | undefined
  readonly proxy: ProxySettings | undefined
  readonly limits: EndpointLimits
  /** Equal for endpoints that may share connections. */
  readonly key: string
}

/**
 * Reads what a caller gave. Throws `invalid_argument` that names the part and the reason. Credentials in a URI are dropped, never shown.
 */
export function parseEndpoint(input: EndpointInput, defaults: Limits): Endpoint {
  const given = typeof input === 'string' ? { uri: input } : input
  const url = parseUri(given.uri)
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'https' && scheme !== 'poll') throw invalid(`Unknown endpoint type: ${scheme}`)
  const uri = printEndpointUri(url)
  const { thumbprint, proxy } = given
  if (thumbprint !== undefined && !/^[0-9a-fA-F]{40}$/.test(thumbprint)) {
    throw invalid(`the thumbprint of ${uri} must be 40 hex digits (the SHA-1 of the certificate), not ${JSON.stringify(thumbprint)}`)
  }
  if (proxy?.host.includes('://')) throw invalid("The proxy's hostname cannot contain a protocol prefix (eg http://)")
  const target = given.forceResolveHost === undefined ? url : parseUri(given.forceResolveHost)
  return {
    uri,
    scheme,
    host: target.hostname,
    port: target.port === '' ? 443 : Number(target.port),
    serverName: url.hostname,
    thumbprint,
    proxy,
    limits: { ...defaults, ...given.limits },
    key: [uri, thumbprint ?? '', given.forceResolveHost ?? '', proxy ? JSON.stringify([proxy.host, proxy.port, proxy.user, proxy.password]) : ''].join(' '),
  }
}

/** A subscription as it is announced (spec §2.1): the printed form, path and query kept. */
export function printSubscription(text: string): string {
  const url = parseUri(text)
  if (/\s/.test(text)) throw invalid(`the subscription ${JSON.stringify(text)} must not contain spaces`)
  const path = url.pathname === '' ? '/' : url.pathname
  return `${url.protocol}//${url.username === '' ? '' : `${url.username}@`}${url.host.toLowerCase()}${path}${url.search}`
}

/** The queue that an announced subscription stands for: its printed form; `undefined` when it is no absolute URI. */
export function subscriptionKey(announced: string): string | undefined {
  return URL.canParse(announced) ? printSubscription(announced) : undefined
}

function printEndpointUri(url: URL): string {
  return `${url.protocol}//${url.host.toLowerCase()}/`
}

function parseUri(text: string): URL {
  if (typeof text !== 'string' || !URL.canParse(text)) {
    throw invalid(`${JSON.stringify(text)} is not an absolute URI such as https://host:10933/ or poll://name/`)
  }
  const url = new URL(text)
  if (url.hostname === '') throw invalid(`${JSON.stringify(text)} names no host`)
  return url
}

function invalid(message: string): HalibutError {
  return new HalibutError('invalid_argument', message)
}
