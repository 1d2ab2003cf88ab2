import {
  controlNotifications,
  type RequestMessage,
  type ResponseMessage,
  type StreamPosition,
  subprotocol,
} from '@halibut-gateway/schemas/wire'
import { GatewayError, toGatewayError } from './errors.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import { parse } from './json.ts'
import type { ResolvedOptions } from './options.ts'
import { abnormal, heartbeatTimeout, normal, retriedCodes, signedOut } from './own-close-codes.ts'
import { checkAddress, credentialOf, refusedWith } from './tickets.ts'
import type { WebSocketLike } from './websocket.ts'
import type { Welcome } from './welcome.ts'

/** What `hello` says to go on with a session. */
export interface Resume {
  readonly session: string
  readonly token: string
  readonly received: number
  readonly streams: readonly StreamPosition[]
}

/** Who listens to a connection. Nothing comes after it was closed. */
export interface ConnectionEvents {
  /** `hello` was answered. */
  onOpen(socket: Connection, welcome: Welcome): void
  /** Something came after that. */
  onFrame(frame: string | Uint8Array<ArrayBuffer>): void
  /** It was refused, or has ended; `retryable`: connecting again, as it is, can help. */
  onOver(why: GatewayError): void
}

/** What is sent with. */
export type Connection = Pick<WebSocketLike, 'bufferedAmount' | 'send'>

/** `leave` gives back what the state holds, whichever state follows. */
type State =
  | { readonly at: 'signing-in'; readonly socket?: undefined; leave(): void }
  /** From opening a socket to the answer of hello. */
  | { at: 'connecting' | 'greeting'; readonly socket: WebSocketLike; leave(): void }
  | { readonly at: 'open'; readonly socket: WebSocketLike; readonly heartbeat: Heartbeat; leave(): void }
  | { readonly at: 'closed'; readonly socket?: undefined; leave(): void }

const closed: State = { at: 'closed', leave: () => undefined }

/** Signs in, opens one WebSocket and says hello; `resume`: with which session to go on. Gives what closes it, in any state. */
export function openConnection(options: ResolvedOptions, resume: Resume | undefined, events: ConnectionEvents): () => void {
  const signIn = new AbortController()
  let state: State = { at: 'signing-in', leave: () => signIn.abort() }
  const enter = (next: State): void => {
    state.leave()
    state = next
  }
  const close = (): void => {
    const { socket } = state
    enter(closed)
    socket?.close(normal, 'normal')
  }
  const over = (why: GatewayError): void => {
    if (state === closed) return
    close()
    events.onOver(why)
  }

  const connect = (credential: string | undefined): void => {
    if (state === closed) return
    const socket = options.webSocket(options.url, credential ? [subprotocol, credential] : [subprotocol])
    // A browser would give Blobs, which take a promise to read; the `ws` package gives views of what it has read.
    if (socket.binaryType === 'blob') socket.binaryType = 'arraybuffer'
    const ended = (code: number, reason: string): void => {
      const message = `the connection to the gateway ended: ${code} ${reason}`.trimEnd()
      over(
        state.at === 'connecting'
          ? notAccepted(message, credential)
          : new GatewayError(code === signedOut ? 'unauthorized' : 'connection_lost', message, {
              retryable: code === signedOut ? options.renewsToken : retriedCodes.includes(code),
              advice: checkAddress,
            }),
      )
    }
    const greeted = (text: string): void => {
      const response = parse(text) as ResponseMessage | undefined
      if (response?.id !== 'hello') return
      if ('error' in response) {
        over(GatewayError.fromResponse(response.error))
        return
      }
      const welcome = response.result as Welcome
      const heartbeat = startHeartbeat(welcome.limits, {
        ping: () => socket.send(ping),
        dead: () => {
          socket.close(heartbeatTimeout, deadReason)
          ended(heartbeatTimeout, deadReason)
        },
      })
      enter({ at: 'open', socket, heartbeat, leave: heartbeat.stop })
      events.onOpen(socket, welcome)
    }
    const late = setTimeout(
      () => over(new GatewayError('connect_timeout', `the gateway did not answer within ${options.connectTimeoutMs} ms`)),
      options.connectTimeoutMs,
    )
    enter({ at: 'connecting', socket, leave: () => clearTimeout(late) })

    socket.addEventListener('open', () => {
      if (state.at !== 'connecting') return
      state.at = 'greeting'
      const params = { client: options.client, resume }
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 'hello', method: 'hello', params } satisfies RequestMessage))
    })
    socket.addEventListener('message', ({ data }) => {
      if (state.at === 'open') {
        state.heartbeat.heard()
        events.onFrame(data instanceof ArrayBuffer ? new Uint8Array(data) : (data as string | Uint8Array<ArrayBuffer>))
      } else if (state.at === 'greeting' && typeof data === 'string') greeted(data)
    })
    socket.addEventListener('close', event => ended(event.code, event.reason))
    socket.addEventListener('error', event => ended(abnormal, (event as { message?: string }).message ?? 'abnormal'))
  }

  credentialOf(options, signIn.signal)
    .then(connect)
    .catch((error: unknown) => over(toGatewayError('connect_failed', 'no connection was opened', error)))
  return close
}

const deadReason = 'heartbeat_timeout'
const ping = JSON.stringify({ jsonrpc: '2.0', method: controlNotifications.ping } satisfies RequestMessage)

/** Why there is no connection, as far as the platform tells. */
function notAccepted(why: string, credential: string | undefined): GatewayError {
  const status = /response: (\d{3})$/.exec(why)?.[1]
  // Where nobody answered somebody may later, as after 503.
  return refusedWith(Number(status ?? 503), `the gateway did not accept the connection: ${status ? `HTTP ${status}` : why}`, {}, credential)
}
