import {
  closeCodes,
  closeReasonOf,
  controlNotifications,
  type FacadeLimits,
  type RequestMessage,
  type ResponseMessage,
  type StreamPosition,
  subprotocol,
} from '@halibut-gateway/schemas/wire'
import { closedError, GatewayError } from './errors.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'
import { credentialOf } from './tickets.ts'
import type { WebSocketLike } from './websocket.ts'

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
  readonly code: number
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
  close(): void
}

type State = 'connecting' | 'hello' | 'open' | 'closed'

/** Opens one WebSocket and says hello. Rejects where either fails; afterwards `events.onEnded` comes exactly once. */
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
    let lastHeardMs = Date.now()
    let heartbeat: ReturnType<typeof setInterval> | undefined

    const fail = (error: GatewayError): void => {
      if (state === 'closed') return
      leave()
      socket.close(closeCodes.normal.code)
      reject(error)
    }
    const timer = setTimeout(
      () => fail(new GatewayError('connect_timeout', `the gateway did not answer within ${options.connectTimeoutMs} ms`)),
      options.connectTimeoutMs,
    )
    const onAbort = (): void => fail(closedError())
    const leave = (): void => {
      state = 'closed'
      clearTimeout(timer)
      clearInterval(heartbeat)
      signal.removeEventListener('abort', onAbort)
    }
    const end = (ended: Ended): void => {
      const before = state
      if (before === 'closed') return
      leave()
      if (before === 'open') events.onEnded(ended)
      else reject(refused(ended, before === 'connecting'))
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
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      heartbeat = startHeartbeat(socket, welcome.limits, () => lastHeardMs, end)
      resolve({
        welcome,
        get bufferedAmount() {
          return socket.bufferedAmount
        },
        send: frame => socket.send(frame),
        close: () => {
          leave()
          socket.close(closeCodes.normal.code, 'normal')
        },
      })
    }

    signal.addEventListener('abort', onAbort)
    socket.addEventListener('open', () => {
      if (state !== 'connecting') return
      state = 'hello'
      const params = { client: options.client, ...(resume ? { resume } : {}) }
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'hello', method: 'hello', params } satisfies RequestMessage))
    })
    socket.addEventListener('message', ({ data }) => {
      lastHeardMs = Date.now()
      if (state === 'hello' && typeof data === 'string') greeted(data)
      else if (state === 'open') {
        if (typeof data === 'string') events.onText(data)
        else if (data instanceof Uint8Array) events.onBinary(data as Uint8Array<ArrayBuffer>)
        else if (data instanceof ArrayBuffer) events.onBinary(new Uint8Array(data))
      }
    })
    socket.addEventListener('close', event => end(describeEnd(event.code)))
    socket.addEventListener('error', () => end(describeEnd(closeCodes.abnormal.code)))
  })
}

function startHeartbeat(
  socket: WebSocketLike,
  limits: FacadeLimits,
  lastHeardMs: () => number,
  end: (ended: Ended) => void,
): ReturnType<typeof setInterval> {
  const ping = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.ping } satisfies RequestMessage)
  return setInterval(() => {
    if (Date.now() - lastHeardMs() > limits.deadMs) {
      end(describeEnd(closeCodes.heartbeat_timeout.code))
      socket.close(closeCodes.heartbeat_timeout.code, 'heartbeat_timeout')
    } else socket.send(ping)
  }, limits.pingMs)
}

function describeEnd(code: number): Ended {
  const reason = closeReasonOf(code)
  const row = reason === undefined ? undefined : closeCodes[reason]
  return { code, message: `the connection to the gateway ended: ${reason ?? 'for no known reason'} (${code})`, retry: row?.retry ?? false }
}

function refused(ended: Ended, beforeOpen: boolean): GatewayError {
  if (!beforeOpen) return new GatewayError('connection_lost', ended.message, { retryable: ended.retry })
  return new GatewayError('connect_failed', 'the gateway did not accept the connection', {
    advice: 'check that it runs, its address, and the token',
  })
}
