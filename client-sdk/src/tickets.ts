import { type ErrorKind, ticketsPath } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'

/** What a ticket begins with. */
const ticketPrefix = 'hgt_'

/**
 * What to offer beside the subprotocol: a ticket for one connection, got with the token, so that the token itself is never part of a
 * handshake; the token where tickets are not wanted. Without a token the gateway is asked all the same, since it says what is missing, which a
 * refused handshake does not.
 */
export async function credentialOf(options: ResolvedOptions, signal: AbortSignal): Promise<string | undefined> {
  const token = await options.token()
  if (!options.tickets || signal.aborted || (token === undefined && !options.isPlatformSocket)) return token
  const url = new URL(`.${ticketsPath}`, options.url.replace(/^ws/, 'http'))
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.connectTimeoutMs)]),
    })
    text = await response.text()
  } catch (cause) {
    // Node hides what happened one level below.
    const { message, cause: inner } = cause as Error & { cause?: { code?: string; message?: string } }
    throw new GatewayError('connect_failed', `no answer from ${url.origin}: ${inner?.code ?? inner?.message ?? message}`, {
      cause,
      advice: 'check that the gateway runs there, and that it allows the origin of this page',
    })
  }
  const body = parse(text) as Problem | undefined
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
    advice: advice ?? 'check the address and the port of the gateway, and the token',
    retryable: status === 408 || status === 429 || status >= 500 || (status === 401 && !isSaid),
  })
}
