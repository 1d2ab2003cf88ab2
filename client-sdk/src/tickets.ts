import { type ErrorKind, ticketsPath } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'

/** What to do where the gateway, or something in its place, does not let one in. */
export const checkAddress = 'check the address, port and token'

/** What a ticket begins with. */
const ticketPrefix = 'hgt_'

/**
 * What to offer beside the subprotocol: a ticket for one connection, got with the token, so that the token itself is never part of a
 * handshake; the token where tickets are not wanted. Without a token the gateway is asked all the same, since it says what is missing, which a
 * refused handshake does not.
 */
export async function credentialOf(options: ResolvedOptions, signal: AbortSignal): Promise<string | undefined> {
  let token = await options.token()
  // A header or a subprotocol that is none is quoted in the error of the platform; so written, the gateway refuses it.
  token &&= encodeURI(token)
  if (!options.tickets || signal.aborted || (!token && !options.isPlatformSocket)) return token
  const url = new URL(`.${ticketsPath}`, options.url.replace(/^ws/, 'http'))
  const late = AbortSignal.timeout(options.connectTimeoutMs)
  const response = await fetch(url, {
    method: 'POST',
    headers: token ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.any([signal, late]),
  }).catch((cause: Error & { readonly cause?: { readonly code?: string; readonly message?: string } }) => {
    // Node hides what happened one level below. `late` is named since Node 20 collects a timeout that only stands in `AbortSignal.any`.
    throw new GatewayError(
      'connect_failed',
      `no answer from ${url.origin}: ${cause.cause?.code ?? (late.reason ?? cause.cause ?? cause).message}`,
      {
        cause,
        advice: 'check that it runs, and for a page allowedOrigins',
      },
    )
  })
  const body = parse(await response.text()) as Problem | undefined
  if (response.ok && typeof body?.ticket === 'string') return body.ticket
  throw refusedWith(response.status, body?.detail ?? `${url} answered with HTTP ${response.status}`, body)
}

/** A ticket, or why there is none. */
interface Problem {
  readonly ticket?: string
  readonly kind?: ErrorKind
  readonly detail?: string
  readonly advice?: string
}

/** The error of an HTTP status: only what says that it passes may be tried again. */
export function refusedWith(status: number, message: string, { kind, advice }: Problem = {}, credential?: string): GatewayError {
  // A ticket may have come too late.
  const isSaid = status === 401 && !credential?.startsWith(ticketPrefix)
  return new GatewayError(kind ?? (isSaid ? 'unauthorized' : status === 403 ? 'forbidden' : 'connect_failed'), message, {
    advice: advice ?? checkAddress,
    retryable: status === 408 || status === 429 || status >= 500 || (status === 401 && !isSaid),
  })
}
