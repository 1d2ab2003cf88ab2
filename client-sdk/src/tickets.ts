import { type ErrorKind, ticketsPath } from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'

/**
 * What to offer beside the subprotocol: a ticket for one connection, got with the token, so that the token itself is never part of a
 * handshake; the token where tickets are not wanted.
 */
export async function credentialOf(options: ResolvedOptions, signal: AbortSignal): Promise<string | undefined> {
  const token = await options.token()
  if (token === undefined || !options.tickets || signal.aborted) return token
  const url = new URL(ticketsPath, options.url.replace(/^ws/, 'http'))
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(options.connectTimeoutMs)]),
    })
    text = await response.text()
  } catch (cause) {
    throw new GatewayError('connect_failed', 'the gateway gave no ticket', {
      cause,
    })
  }
  const body = parse(text) as { ticket?: string; kind?: ErrorKind; detail?: string; advice?: string } | undefined
  if (response.ok && typeof body?.ticket === 'string') return body.ticket
  throw new GatewayError(body?.kind ?? 'connect_failed', body?.detail ?? `HTTP ${response.status}`, {
    advice: body?.advice,
  })
}
