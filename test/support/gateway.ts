import { dataStream, double, int64, method, nothing, service, string } from '@halibut-gateway/schemas/contract'
import {
  closeCodes,
  controlNotifications,
  type RequestMessage,
  type ResponseMessage,
  roles,
  subprotocol,
} from '@halibut-gateway/schemas/wire'
import { WebSocket } from 'ws'
import type { Tokens } from '../../server/src/access/tokens.ts'
import { HalibutError } from '../../server/src/base/errors.ts'
import { silentLog } from '../../server/src/base/log.ts'
import type { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { Trust } from '../../server/src/fleet/trust.ts'
import { buildGateway, type GatewayOptions } from '../../server/src/gateway/app.ts'
import { OriginPolicy } from '../../server/src/gateway/origin-policy.ts'
import type {} from '../../server/src/gateway/plugins/sockets.ts'
import { anySignIn, type SignIn, startTokenSignIn } from '../../server/src/gateway/sign-in.ts'
import { DataStream } from '../../server/src/runtime/data-streams.ts'
import { createTestAccess } from './access.ts'
import { idleMesh } from './idle-mesh.ts'
import { createInstantStore } from './instant-store.ts'

/** The contract of the service that {@link createGatewayWorld} pretends to reach. */
export const probe = service('IProbeService', {
  Add: [
    method(
      [
        ['a', int64],
        ['b', int64],
      ],
      int64,
    ),
    method(
      [
        ['a', double],
        ['b', double],
      ],
      double,
    ),
  ],
  Hello: method([['name', string]], string),
  Fail: method([['message', string]], nothing),
  Forever: method([], string),
  Download: method([], dataStream),
})

/** What an agent was asked. */
export interface SeenCall {
  readonly method: string
  readonly args: readonly unknown[]
  readonly signal: AbortSignal | undefined
}

/** A gateway on a free port whose one agent answers in this process. */
export interface GatewayWorld extends AsyncDisposable {
  readonly origin: string
  readonly url: string
  readonly token: string
  readonly agents: AgentManager
  readonly directory: AgentDirectory
  /** It notices nothing by itself. */
  readonly trust: Trust
  readonly calls: SeenCall[]
  /** Which pages may come. */
  readonly policy: OriginPolicy
  /** Those that are made, beside one for each role, which is the role’s name. */
  readonly tokens: Tokens
  /** A socket that has been accepted, without `hello`. */
  socket(options?: { token?: string; protocols?: string[]; headers?: Record<string, string> }): Promise<TestSocket>
  /** Ends every session, as a gateway that has lost its memory. */
  forgetSessions(): void
  /** Lets what runs come to its end within this time, and takes nothing new. */
  drain(drainMs: number): Promise<void>
  /** Stops the gateway, as the end of its process does. */
  stop(): Promise<void>
  /** A socket after `hello`. `token`: default an admin’s. */
  open(token?: string): Promise<TestSocket>
}

/** A sign-in with one token for each role, which is the role’s name; `hgw_start_test` is an admin’s too. */
const roleSignIn: SignIn = anySignIn(startTokenSignIn('hgw_start_test'), ...roles.map(role => startTokenSignIn(role, { name: role, role })))

/** Starts a gateway for a test. */
export async function createGatewayWorld(options: Partial<GatewayOptions> = {}): Promise<GatewayWorld> {
  const token = 'hgw_start_test'
  const calls: SeenCall[] = []
  const { access, tokens, certificates } = createTestAccess()
  const mesh = pretendMesh(calls)
  const agents = new AgentManager({ mesh })
  const { directory } = agents
  directory.add({ id: 'a1', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40), services: ['IProbeService'] }, true)
  const contracts = new ContractDirectory()
  contracts.add(probe)
  const policy = new OriginPolicy()
  const trust = new Trust({
    mesh,
    agents,
    records: createInstantStore(),
    own: { thumbprint: 'C'.repeat(40), thumbprint256: 'C'.repeat(64) },
    log: silentLog,
  })
  const app = await buildGateway({
    mesh,
    trust,
    manager: agents,
    contracts,
    signIn: anySignIn(roleSignIn, tokens),
    access,
    tokens,
    certificates,
    policy,
    log: silentLog,
    version: '0.0.0',
    ...options,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  policy.allowLoopback(port)
  const url = `ws://127.0.0.1:${port}/rpc`
  const open: TestSocket[] = []
  const socket: GatewayWorld['socket'] = async (options = {}) => {
    const made = await TestSocket.open(url, options.protocols ?? [subprotocol, options.token ?? token], options.headers)
    open.push(made)
    return made
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    url,
    token,
    agents,
    directory,
    trust,
    calls,
    tokens,
    policy,
    socket,
    forgetSessions: () => app.sessions.close('going_away'),
    drain: drainMs => app.drain(drainMs),
    stop: () => app.close(),
    open: async (as = token) => {
      const made = await socket({ token: as })
      await made.hello()
      return made
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of open) each.close()
      await app.close()
      trust.close()
      tokens.close()
    },
  }
}

function pretendMesh(calls: SeenCall[]): Mesh {
  return {
    ...idleMesh,
    call: async ({ method: name, args, signal }) => {
      calls.push({ method: name, args, signal })
      const [a, b] = args
      switch (name) {
        case 'Add(int64,int64)':
          return (a as bigint) + (b as bigint)
        case 'Add(double,double)':
          return (a as number) + (b as number)
        case 'Hello(string)':
          return `Hello ${String(a)}`
        case 'Download':
          return DataStream.fromString('abc')
        case 'Forever()':
          return new Promise((_, reject) => {
            const end = (): void => reject(new HalibutError('cancelled', 'cancelled', { phase: 'response', delivery: 'unknown' }))
            if (signal?.aborted) end()
            else signal?.addEventListener('abort', end)
          })
        default:
          throw new HalibutError('service_failed', String(a), {
            phase: 'response',
            delivery: 'executed',
            remote: { message: String(a), details: 'at Somewhere()', type: 'X' },
          })
      }
    },
    probe: async () => ({ roundTripMs: 1 }),
  }
}

/** A text frame of the gateway. */
export type Received = ResponseMessage | readonly ResponseMessage[] | (RequestMessage & { params: Record<string, unknown> })

/** A bare WebSocket that queues what comes, so that a test misses nothing. */
export class TestSocket {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  /** Takes what comes in binary frames. */
  onBinary: ((frame: Buffer) => void) | undefined
  readonly #received: Received[] = []
  readonly #waiting: ((message: Received) => void)[] = []

  private constructor(socket: WebSocket) {
    this.socket = socket
    this.closed = new Promise(resolve => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })))
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.onBinary?.(data as Buffer)
        return
      }
      const message = JSON.parse(String(data)) as Received
      // When a side acknowledges is no matter of order.
      if ('method' in message && message.method === controlNotifications.ack) return
      const waiting = this.#waiting.shift()
      if (waiting) waiting(message)
      else this.#received.push(message)
    })
  }

  /** Rejects with the HTTP status where the handshake is refused. */
  static open(url: string, protocols: string[], headers: Record<string, string> = {}): Promise<TestSocket> {
    const socket = new WebSocket(url, protocols, { headers })
    const made = new TestSocket(socket)
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(made))
      socket.on('unexpected-response', (_, response) => {
        response.resume()
        reject(new Error(`HTTP ${response.statusCode}`))
        socket.terminate()
      })
      socket.on('error', reject)
    })
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  next(): Promise<Received> {
    const message = this.#received.shift()
    return message ? Promise.resolve(message) : new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Sends a request and gives the next message. */
  async ask(id: number | string, method: string, params?: object): Promise<Received> {
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })
    return this.next()
  }

  hello(): Promise<Received> {
    return this.ask('hello', 'hello', { client: { name: 'test', version: '1' } })
  }

  close(): void {
    this.socket.close(closeCodes.normal.code)
  }
}
