import {
  closeCodes,
  closeReasonOf,
  controlNotifications,
  type FacadeLimits,
  type RequestId,
  type RequestMessage,
  type ResponseMessage,
  subprotocol,
} from '@halibut-gateway/schemas/wire'
import { GatewayError } from './errors.ts'
import type { ResolvedOptions } from './options.ts'
import type { WebSocketLike } from './websocket.ts'

/** What `hello` told. */
export interface Welcome {
  readonly server: { readonly name: string; readonly version: string }
  readonly session: string
  readonly resumed: boolean
  readonly epoch: string
  readonly principal: { readonly name: string; readonly role: string }
  readonly limits: FacadeLimits
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
  onResponse(response: ResponseMessage): void
  onItem(id: RequestId, item: unknown): void
  onEnded(ended: Ended): void
}

/** One WebSocket after its `hello`. */
export interface Connection {
  readonly welcome: Welcome
  send(message: RequestMessage): void
  close(): void
}

type State = { at: 'connecting' } | { at: 'hello'; id: RequestId } | { at: 'open'; connection: Connection } | { at: 'closed' }

/** Opens one WebSocket and says hello. Rejects where either fails; afterwards `events.onEnded` comes exactly once. */
export async function openConnection(options: ResolvedOptions, events: ConnectionEvents, signal: AbortSignal): Promise<Connection> {
  const token = await options.token()
  if (signal.aborted) throw new GatewayError('closed', 'the client was closed')
  const socket = options.webSocket(options.url, token === undefined ? [subprotocol] : [subprotocol, token])
  return new Promise((resolve, reject) => {
    let state: State = { at: 'connecting' }
    let lastHeardMs = Date.now()
    let heartbeat: ReturnType<typeof setInterval> | undefined

    const fail = (error: GatewayError): void => {
      if (state.at === 'closed') return
      leave()
      socket.close(closeCodes.normal.code)
      reject(error)
    }
    const timer = setTimeout(
      () =>
        fail(
          new GatewayError('connect_timeout', `the gateway did not answer within ${options.connectTimeoutMs} ms`, {
            advice: 'check the address and the network',
          }),
        ),
      options.connectTimeoutMs,
    )
    const onAbort = (): void => fail(new GatewayError('closed', 'the client was closed'))
    const leave = (): void => {
      state = { at: 'closed' }
      clearTimeout(timer)
      clearInterval(heartbeat)
      signal.removeEventListener('abort', onAbort)
    }
    const end = (ended: Ended): void => {
      const before = state
      if (before.at === 'closed') return
      leave()
      if (before.at === 'open') events.onEnded(ended)
      else reject(refused(ended, before.at === 'connecting'))
    }
    const open = (welcome: Welcome): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      heartbeat = startHeartbeat(socket, welcome.limits, () => lastHeardMs, end)
      const connection: Connection = {
        welcome,
        send: message => socket.send(JSON.stringify(message)),
        close: () => {
          leave()
          socket.close(closeCodes.normal.code, 'normal')
        },
      }
      state = { at: 'open', connection }
      resolve(connection)
    }

    signal.addEventListener('abort', onAbort)
    socket.addEventListener('open', () => {
      if (state.at !== 'connecting') return
      state = { at: 'hello', id: 'hello' }
      socket.send(
        JSON.stringify({ jsonrpc: '2.0', id: 'hello', method: 'hello', params: { client: options.client } } satisfies RequestMessage),
      )
    })
    socket.addEventListener('message', event => {
      lastHeardMs = Date.now()
      for (const message of parseMessages(event.data)) {
        if (state.at === 'hello' && 'id' in message && message.id === state.id) {
          if ('error' in message) return fail(GatewayError.fromResponse(message.error))
          open(message.result as Welcome)
        } else if (state.at === 'open') {
          if ('method' in message) {
            if (message.method === controlNotifications.progress) events.onItem(message.params.id, message.params.item)
          } else events.onResponse(message)
        }
      }
    })
    socket.addEventListener('close', event => end(describeEnd(event.code)))
    socket.addEventListener('error', () => end(describeEnd(closeCodes.abnormal.code)))
  })
}

type Incoming = ResponseMessage | { readonly method: string; readonly params: { readonly id: RequestId; readonly item: unknown } }

/** The messages of a frame; what is no message of this protocol is left out, so that a newer gateway may send more. */
function parseMessages(data: unknown): Incoming[] {
  if (typeof data !== 'string') return []
  let parsed: unknown
  try {
    parsed = JSON.parse(data)
  } catch {
    return []
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).filter(
    (message): message is Incoming => typeof message === 'object' && message !== null && ('id' in message || 'method' in message),
  )
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
  return { code, message: `the connection to the gateway ended: ${row?.meaning ?? `close code ${code}`}`, retry: row?.retry ?? false }
}

function refused(ended: Ended, beforeOpen: boolean): GatewayError {
  if (!beforeOpen) return new GatewayError('connection_lost', ended.message, { retryable: ended.retry })
  return new GatewayError('connect_failed', 'the gateway did not accept the connection', {
    advice: 'check that the gateway runs, that its address is right, and that the token is still valid',
  })
}
