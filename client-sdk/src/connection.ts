import {
  controlNotifications,
  type FacadeLimits,
  type RequestMessage,
  type ResponseMessage,
  type StreamPosition,
  subprotocol,
} from '@halibut-gateway/schemas/wire'
import { closedError, GatewayError } from './errors.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'
import { abnormal, heartbeatTimeout, normal, retriedCodes } from './own-close-codes.ts'
import { checkAddress, credentialOf, refusedWith } from './tickets.ts'

/** What `hello` told. */
export interface Welcome {
  readonly server: { readonly name: string; readonly version: string }
  readonly session: string
  readonly resumeToken: string
  /** Whether the session went on. */
  readonly resumed: boolean
  /** Why it did not. */
  readonly reason?: string
  /** Our counted frames that the gateway has received in this session. */
  readonly sequence: number
  /** How far it has received our uploads. */
  readonly streams: readonly StreamPosition[]
  /** Changes when the gateway lost its memory. */
  readonly epoch: string
  readonly principal: { readonly name: string; readonly role: string }
  readonly limits: FacadeLimits
}

/** What `hello` says to go on with a session. */
export interface Resume {
  readonly session: string
  readonly token: string
  readonly received: number
  readonly streams: readonly StreamPosition[]
}

/** Why a connection ended. */
export interface Ended {
  readonly message: string
  /** Whether connecting again as it is can help. */
  readonly retry: boolean
}

/** Who listens to a connection. */
export interface ConnectionEvents {
  /** A text frame came after hello. */
  onText(text: string): void
  onBinary(frame: Uint8Array<ArrayBuffer>): void
  onEnded(ended: Ended): void
}

/** One WebSocket after its `hello`. */
export interface Connection {
  readonly welcome: Welcome
  /** Bytes that wait in the socket. */
  readonly bufferedAmount: number
  send(frame: string | Uint8Array): void
}

type State = 'connecting' | 'hello' | 'open' | 'closed'

/**
 * Opens one WebSocket and says hello. Rejects where either fails; afterwards `events.onEnded` comes exactly once, unless `signal` has closed the
 * connection before.
 */
export async function openConnection(
  options: ResolvedOptions,
  resume: Resume | undefined,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<Connection> {
  const credential = await credentialOf(options, signal)
  if (signal.aborted) throw closedError()
  const socket = options.webSocket(options.url, credential === undefined ? [subprotocol] : [subprotocol, credential])
  // A browser would give Blobs, which take a promise to read; the `ws` package gives views of what it has read.
  if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer'
  return new Promise((resolve, reject) => {
    let state: State = 'connecting'
    let heartbeat: Heartbeat | undefined

    const fail = (error: GatewayError): void => {
      leave()
      socket.close(normal, 'normal')
      reject(error)
    }
    const connecting = setTimeout(
      () => fail(new GatewayError('connect_timeout', `the gateway did not answer within ${options.connectTimeoutMs} ms`)),
      options.connectTimeoutMs,
    )
    const onAbort = (): void => fail(closedError())
    const leave = (): void => {
      state = 'closed'
      clearTimeout(connecting)
      heartbeat?.stop()
      signal.removeEventListener('abort', onAbort)
    }
    const end = (code: number, reason: string): void => {
      const before = state
      if (before === 'closed') return
      leave()
      const message = `the connection to the gateway ended: ${code} ${reason}`.trimEnd()
      const retry = retriedCodes.includes(code)
      if (before === 'open') events.onEnded({ message, retry })
      else
        reject(
          before === 'connecting' ? notAccepted(message, credential) : new GatewayError('connection_lost', message, { retryable: retry }),
        )
    }
    const greeted = (text: string): void => {
      const response = parse(text) as ResponseMessage | undefined
      if (response?.id !== 'hello') return
      if ('error' in response) {
        fail(GatewayError.fromResponse(response.error))
        return
      }
      const welcome = response.result as Welcome
      state = 'open'
      clearTimeout(connecting)
      heartbeat = startHeartbeat(welcome.limits, {
        ping: () => socket.send(ping),
        dead: () => {
          end(heartbeatTimeout, 'heartbeat_timeout')
          socket.close(heartbeatTimeout, 'heartbeat_timeout')
        },
      })
      resolve({
        welcome,
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send: frame => socket.send(frame),
      })
    }

    signal.addEventListener('abort', onAbort)
    socket.addEventListener('open', () => {
      if (state !== 'connecting') return
      state = 'hello'
      const params = { client: options.client, resume }
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'hello', method: 'hello', params } satisfies RequestMessage))
    })
    socket.addEventListener('message', ({ data }) => {
      heartbeat?.heard()
      if (state === 'hello' && typeof data === 'string') greeted(data)
      else if (state === 'open') {
        if (typeof data === 'string') events.onText(data)
        else events.onBinary(data instanceof ArrayBuffer ? new Uint8Array(data) : (data as Uint8Array<ArrayBuffer>))
      }
    })
    socket.addEventListener('close', event => end(event.code, event.reason))
    socket.addEventListener('error', event => end(abnormal, (event as { message?: string }).message ?? 'abnormal'))
  })
}

const ping = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.ping } satisfies RequestMessage)

/** Why there is no connection, as far as the platform tells. */
function notAccepted(why: string, credential: string | undefined): GatewayError {
  const status = /response: (\d{3})$/.exec(why)?.[1]
  const message = `the gateway did not accept the connection: ${status ? `HTTP ${status}` : why}`
  return status
    ? refusedWith(Number(status), message, {}, credential)
    : new GatewayError('connect_failed', message, { advice: checkAddress })
}
