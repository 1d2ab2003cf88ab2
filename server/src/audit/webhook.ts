import { type RequestOptions, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { HalibutError } from '../base/errors.ts'
import { believedAuthorities } from '../socket/deliver.ts'
import type { Destinations } from '../socket/destinations.ts'
import type { HeadOutlet } from './head-sender.ts'
import { headMessage } from './signed-head.ts'

/** Where a webhook is, and who asks it. */
export interface WebhookOptions {
  readonly url: URL
  /** Goes along as a bearer token. Default: none. */
  readonly token?: string | undefined
  /** PEM: whom to believe beside the authorities that everybody does. Default: nobody. */
  readonly authorities?: readonly string[] | undefined
  /** Where connections may go. */
  readonly destinations: Pick<Destinations, 'checkHost' | 'lookupFor'>
}

/** Reads the address of a webhook: HTTPS; plain HTTP only to this machine. Throws `invalid_argument`. */
export function parseWebhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlainHere = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (!url || !(url.protocol === 'https:' || isPlainHere))
    throw new HalibutError('invalid_argument', `${JSON.stringify(text)} is not an address such as https://logs.example/heads`)
  if (url.username !== '' || url.password !== '')
    throw new HalibutError('invalid_argument', 'an address has no user and no password in it: set auditWebhookToken')
  return url
}

/** Posts heads as JSON. Whatever is not answered with 2xx was not taken; redirects are not followed. */
export function webhookOutlet({ url, token, authorities, destinations }: WebhookOptions): HeadOutlet {
  const isPlain = url.protocol === 'http:'
  const port = url.port === '' ? (isPlain ? 80 : 443) : Number(url.port)
  return {
    name: 'webhook',
    send: async (head, signal) => {
      destinations.checkHost(url.hostname, port, 'us')
      const body = headMessage(head)
      const options: RequestOptions = {
        method: 'POST',
        agent: false,
        lookup: destinations.lookupFor(port),
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
      }
      await new Promise<void>((resolve, reject) => {
        const request = isPlain ? requestHttp(url, options) : requestHttps(url, { ...options, ca: believedAuthorities(authorities) })
        request.on('response', response => {
          response.on('error', reject)
          // What it says is nobody’s.
          response.resume()
          const { statusCode = 0 } = response
          if (statusCode >= 200 && statusCode < 300) resolve()
          else reject(new Error(`it answered ${statusCode}`))
          request.destroy()
        })
        request.on('error', reject)
        request.end(body)
      })
    },
  }
}
