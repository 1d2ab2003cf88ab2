import { type CloseReason, closeCodes } from '@halibut-gateway/schemas/wire'
import type { WebSocketLike } from '../../client-sdk/src/index.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { AgentManager } from '../../server/src/fleet/agent-manager.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { Connection } from '../../server/src/gateway/connection.ts'
import { SessionTable } from '../../server/src/gateway/session-table.ts'
import { Dispatcher } from '../../server/src/rpc/dispatcher.ts'
import { createHandlers } from '../../server/src/rpc/handlers.ts'
import { MethodRunner } from '../../server/src/rpc/run.ts'
import { createStreamSpool } from '../../server/src/runtime/stream-spool.ts'
import { createTestAccess } from './access.ts'
import { scheduleService } from './facade-schedule-agent.ts'
import { idleTrust } from './idle-trust.ts'

/** The gateway’s sessions and dispatcher behind sockets in memory, which can be cut between any two frames. */
export class MemoryGateway {
  readonly directory = new AgentDirectory()
  readonly #contracts = new ContractDirectory()
  readonly #mesh: Mesh
  readonly #links = new Set<MemoryLink>()
  #dispatcher: Dispatcher
  #sessions: SessionTable
  #starts = 0

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.directory.add({ id: 'a', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
    this.#contracts.add(scheduleService)
    ;[this.#dispatcher, this.#sessions] = this.#start()
  }

  /** Opens a socket. */
  connect(): WebSocketLike {
    const link = new MemoryLink(
      socket =>
        new Connection({
          socket,
          sessions: this.#sessions,
          dispatcher: this.#dispatcher,
          principal: { name: 'p', role: 'admin' },
          origin: undefined,
        }),
      () => void this.#links.delete(link),
    )
    this.#links.add(link)
    return link
  }

  /** Cuts every socket, with what is under way on it. Where it is not `noticed`, the gateway goes on believing in its end. */
  cut(noticed = true): void {
    for (const link of [...this.#links]) link.cut(noticed)
  }

  /** Loses its memory, as the end of its process would; where that is `graceful` the sockets are closed in order before. */
  restart(graceful: boolean): void {
    if (!graceful) this.cut()
    this.#sessions.close('going_away')
    for (const link of [...this.#links]) link.goAway()
    ;[this.#dispatcher, this.#sessions] = this.#start()
  }

  close(): void {
    this.cut()
    this.#sessions.close('going_away')
  }

  #start(): [Dispatcher, SessionTable] {
    const handlers = createHandlers({
      ...createTestAccess(),
      manager: new AgentManager({ mesh: this.#mesh, directory: this.directory }),
      contracts: this.#contracts,
      mesh: this.#mesh,
      trust: idleTrust(this.directory),
      epoch: `epoch ${++this.#starts}`,
      version: '0',
      agentChangesMs: 0,
    })
    const dispatcher = new Dispatcher(new MethodRunner(handlers, silentLog))
    const createSpool = () => createStreamSpool({ spoolMemoryBytes: 1_000_000, spoolFileBytes: 1_000_000, streamUnreadMs: 60_000 })
    return [dispatcher, new SessionTable({ dispatcher, createSpool })]
  }
}

interface Frame {
  arrive(): void
  done(): void
}

/** One direction of a socket: frames arrive in order, one, two or three of them in a turn of the event loop. */
class Lane {
  #frames: Frame[] = []
  #moving = false
  #turns = 0

  push(frame: Frame): void {
    this.#frames.push(frame)
    if (this.#moving) return
    this.#moving = true
    setImmediate(this.#move)
  }

  /** What is under way never arrives. */
  cut(): void {
    const lost = this.#frames
    this.#frames = []
    for (const frame of lost) frame.done()
  }

  readonly #move = (): void => {
    for (let i = (this.#turns++ % 3) + 1; i > 0; i--) {
      const frame = this.#frames.shift()
      frame?.arrive()
      frame?.done()
    }
    this.#moving = this.#frames.length > 0
    if (this.#moving) setImmediate(this.#move)
  }
}

/** Both ends of a socket. */
class MemoryLink implements WebSocketLike {
  readonly bufferedAmount = 0
  binaryType = 'arraybuffer'
  readyState = 0
  readonly #up = new Lane()
  readonly #down = new Lane()
  readonly #connection: Connection
  readonly #onGone: () => void
  #gatewayHasIt = true
  readonly #listeners: { readonly type: string; readonly listener: (event: never) => void }[] = []

  constructor(open: (socket: ConstructorParameters<typeof Connection>[0]['socket']) => Connection, onGone: () => void) {
    this.#onGone = onGone
    this.#connection = open({
      bytesRead: 0,
      send: (text, done) => this.#down.push({ arrive: () => this.#emit('message', { data: text }), done }),
      sendBinary: (frame, done) => {
        this.#down.push({ arrive: () => this.#emit('message', { data: new Uint8Array(frame).buffer }), done })
      },
      together: write => write(),
      ping: () => undefined,
      close: reason => this.#closedByGateway(reason),
    })
    setImmediate(() => {
      if (this.readyState !== 0) return
      this.readyState = 1
      this.#emit('open', {})
    })
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.push({ type, listener })
  }

  send(data: string | Uint8Array): void {
    if (this.readyState !== 1) return
    const arrive = (): void => {
      if (typeof data === 'string') this.#connection.receive(data)
      else this.#connection.receiveBinary(Buffer.from(data))
    }
    this.#up.push({ arrive, done: () => undefined })
  }

  close(code = 1000): void {
    if (this.readyState === 3) return
    this.#end(code)
    this.#leave(code)
  }

  cut(noticed: boolean): void {
    this.#end(1006)
    if (noticed) this.#leave(1006)
  }

  /** The gateway closes it. */
  goAway(): void {
    this.#connection.close('going_away')
  }

  /** What the gateway sent before still arrives. */
  #closedByGateway(reason: CloseReason): void {
    const { code } = closeCodes[reason]
    this.#down.push({ arrive: () => this.#end(code), done: () => undefined })
    this.#leave(code)
  }

  /** The browser’s end is over. */
  #end(code: number): void {
    if (this.readyState === 3) return
    this.#emitClosed(code)
    this.readyState = 3
    this.#down.cut()
    this.#up.cut()
  }

  /** The gateway’s end is over. */
  #leave(code: number): void {
    if (!this.#gatewayHasIt) return
    this.#gatewayHasIt = false
    this.#onGone()
    this.#connection.closed(code)
  }

  #emitClosed(code: number): void {
    setImmediate(() => this.#emit('close', { code, reason: '' }, true))
  }

  #emit(type: string, event: object, always = false): void {
    if (this.readyState !== 1 && !always) return
    for (const each of this.#listeners) if (each.type === type) each.listener(event as never)
  }
}
