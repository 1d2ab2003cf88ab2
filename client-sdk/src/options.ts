import { rpcPath } from '@halibut-gateway/schemas/wire'
import type { BackoffOptions } from './backoff.ts'
import { checkTime, longestTimerMs } from './deadlines.ts'
import { GatewayError } from './errors.ts'
import type { ClientHooks, Logger } from './hooks.ts'
import { platformWebSocket, type WebSocketFactory } from './websocket.ts'

/** What `createClient` takes. */
export interface ClientOptions {
  /** The gateway: `https://gateway.example/`, with a path where it has one, or `wss://…/rpc`. `http` and `https` become `ws` and `wss`. */
  readonly url: string
  /**
   * The credential. Asked for again before each attempt where it is a function, and at once where the gateway ends the sign-in with the last one
   * (it has expired, or was revoked). Default: none.
   */
  readonly token?: string | (() => string | Promise<string>)
  /**
   * Whether to get a ticket for each connection with the token, instead of offering the token itself. Default true; without a token only where
   * the platform’s WebSocket is used, which could not present anything else.
   */
  readonly tickets?: boolean
  /** What to call oneself in `hello`. Default: this package. */
  readonly client?: { readonly name: string; readonly version: string }
  /** Opens sockets. Default: the platform’s WebSocket; Node 20 has none, and `ws` does. */
  readonly webSocket?: WebSocketFactory
  /** From opening a socket to the answer of `hello`. Milliseconds. Default 10,000. */
  readonly connectTimeoutMs?: number
  /** Waits between attempts to connect. Default: 250 ms, doubling up to 15 s until a connection has lasted so long, with jitter. */
  readonly backoff?: Partial<BackoffOptions>
  /** Whether to connect again by itself after a connection ended while something was going on. Default true. */
  readonly reconnect?: boolean
  /** Hear of each request, of its end, and of each change of the connection. Default: none. */
  readonly hooks?: ClientHooks
  /** Is told of the connection (`info`; `warn` while it waits to try again; `error` where that does not help) and of requests (`debug`). Default: none. */
  readonly logger?: Logger
}

/** Ends a watch early. */
export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
}

/** Ends a request early. */
export interface RequestOptions extends WatchOptions {
  /** From the request to its answer, whether there is a connection or not; then `deadline_exceeded`. Milliseconds. Default: for ever. */
  readonly timeoutMs?: number | undefined
}

/** {@link ClientOptions} with the defaults filled in. */
export interface ResolvedOptions {
  readonly url: string
  readonly token: () => Promise<string | undefined>
  /** Whether it may be another one the next time. */
  readonly renewsToken: boolean
  readonly tickets: boolean
  readonly isPlatformSocket: boolean
  readonly client: { readonly name: string; readonly version: string }
  readonly webSocket: WebSocketFactory
  readonly connectTimeoutMs: number
  readonly backoff: BackoffOptions
  readonly reconnect: boolean
  readonly hooks: ClientHooks | undefined
  readonly logger: Logger | undefined
}

/** Checks the options and fills in the defaults. Throws `invalid_argument`. */
export function resolveOptions(options: ClientOptions): ResolvedOptions {
  const {
    url,
    token,
    tickets = true,
    client = { name: '@halibut-gateway/client', version: '0.1.0' },
    webSocket = platformWebSocket(),
    connectTimeoutMs = 10_000,
    backoff: { firstMs = 250, maxMs = 15_000 } = {},
    reconnect = true,
    hooks,
    logger,
  } = options
  if (!webSocket) {
    throw new GatewayError('invalid_argument', 'this platform has no WebSocket', {
      advice: 'pass webSocket of the ws package',
    })
  }
  const renewsToken = typeof token === 'function'
  checkTime('connectTimeoutMs', connectTimeoutMs)
  checkTime('backoff.firstMs', firstMs, true)
  checkTime('backoff.maxMs', maxMs, true)
  return {
    url: socketUrl(url),
    token: async () => (renewsToken ? token() : token),
    renewsToken,
    tickets,
    isPlatformSocket: !options.webSocket,
    client,
    webSocket,
    connectTimeoutMs: Math.min(Math.ceil(connectTimeoutMs), longestTimerMs),
    backoff: { firstMs, maxMs },
    reconnect,
    hooks,
    logger,
  }
}

function socketUrl(text: string): string {
  if (!/^(http|ws)s?:/i.test(text) || !URL.canParse(text)) {
    throw new GatewayError('invalid_argument', `url must be an http or ws URL, not ${text}`)
  }
  const url = new URL(text.replace(/^http/i, 'ws'))
  url.pathname = url.pathname.replace(/(\/rpc|\/?)$/, rpcPath)
  url.hash = ''
  return url.href
}
