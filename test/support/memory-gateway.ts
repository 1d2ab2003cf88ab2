import type { ResponseMessage } from '@halibut-gateway/schemas/wire'
import type { WebSocketLike } from '../../client-sdk/src/index.ts'
import { silentLog } from '../../server/src/base/log.ts'
import { AgentDirectory } from '../../server/src/fleet/agent-directory.ts'
import { ContractDirectory } from '../../server/src/fleet/contract-directory.ts'
import type { Mesh } from '../../server/src/fleet/mesh.ts'
import { Connection } from '../../server/src/gateway/connection.ts'
import { SessionTable } from '../../server/src/gateway/session-table.ts'
import { Dispatcher } from '../../server/src/rpc/dispatcher.ts'
import { createHandlers } from '../../server/src/rpc/handlers.ts'
import { createStreamSpool } from '../../server/src/runtime/stream-spool.ts'
import { flowService } from './flow-service.ts'

/** The gateway’s sessions and dispatcher behind sockets in memory, which can be cut between any two frames. */
export class MemoryGateway {
  readonly directory = new AgentDirectory()
  /** Response texts by session and request: what a client got. */
  readonly responses = new Map<string, Set<string>>()
  readonly #contracts = new ContractDirectory()
  readonly #mesh: Mesh
  readonly #links = new Set<MemoryLink>()
  #dispatcher: Dispatcher
  #sessions: SessionTable
  #starts = 0

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.directory.add({ id: 'a', uri: 'https://127.0.0.1:1/', thumbprint: 'A'.repeat(40) })
    this.#contracts.add(flowService)
    ;[this.#dispatcher, this.#sessions] = this.#start()
  }

  /** Opens a socket. */
  connect(): WebSocketLike {
    const link = new MemoryLink({
      open: socket =>
        new Connection({
          socket,
          sessions: this.#sessions,
          dispatcher: this.#dispatcher,
          principal: { name: 'p', role: 'admin' },
          origin: undefined,
        }),
      heard: (text, connection) => this.#note(text, connection),
      over: () => void this.#links.delete(link),
    })
    this.#links.add(link)
    return link
  }

  /** Cuts every socket, with what is under way on it. */
  cut(): void {
    for (const link of [...this.#links]) link.cut()
  }

  /** Loses its memory, as the end of its process would: what runs at the agents is given up. */
  restart(): void {
    this.cut()
    this.#sessions.close('going_away')
    ;[this.#dispatcher, this.#sessions] = this.#start()
  }

  close(): void {
    this.cut()
    this.#sessions.close('going_away')
  }

  #start(): [Dispatcher, SessionTable] {
    const handlers = createHandlers({
      directory: this.directory,
      contracts: this.#contracts,
      mesh: this.#mesh,
      epoch: `epoch ${++this.#starts}`,
      version: '0',
    })
    const dispatcher = new Dispatcher(handlers, silentLog)
    const createSpool = () => createStreamSpool({ spoolMemoryBytes: 1_000_000, spoolFileBytes: 1_000_000, streamUnreadMs: 60_000 })
    return [dispatcher, new SessionTable({ dispatcher, createSpool })]
  }

  #note(text: string, connection: Connection): void {
    const message = JSON.parse(text) as ResponseMessage | { method: string }
    if ('method' in message || message.id === 'hello') return
    const key = `${connection.session} ${message.id}`
    const texts = this.responses.get(key) ?? new Set()
    this.responses.set(key, texts.add(text))
  }
}

interface LinkEnds {
  open(socket: ConstructorParameters<typeof Connection>[0]['socket']): Connection
  heard(text: string, connection: Connection): void
  over(): void
}

/** Both ends of a socket: frames arrive a turn of the event loop later, in order, or never. */
class MemoryLink implements WebSocketLike {
  readonly bufferedAmount = 0
  binaryType = 'arraybuffer'
  readyState = 0
  readonly #ends: LinkEnds
  readonly #connection: Connection
  readonly #listeners: { readonly type: string; readonly listener: (event: never) => void }[] = []

  constructor(ends: LinkEnds) {
    this.#ends = ends
    this.#connection = ends.open({
      send: (text, done) =>
        this.#later(() => {
          ends.heard(text, this.#connection)
          this.#emit('message', { data: text })
        }, done),
      sendBinary: (frame, done) => this.#later(() => this.#emit('message', { data: new Uint8Array(frame).buffer }), done),
      together: write => write(),
      ping: () => undefined,
      close: () => this.#end(1001),
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
    this.#later(() => {
      if (typeof data === 'string') this.#connection.receive(data)
      else this.#connection.receiveBinary(Buffer.from(data))
    })
  }

  close(code = 1000): void {
    this.#end(code)
  }

  cut(): void {
    this.#end(1006)
  }

  #end(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.#ends.over()
    this.#connection.closed(code)
    setImmediate(() => this.#emit('close', { code, reason: '' }))
  }

  #later(arrive: () => void, done: () => void = () => undefined): void {
    setImmediate(() => {
      if (this.readyState === 1) arrive()
      done()
    })
  }

  #emit(type: string, event: object): void {
    for (const each of this.#listeners) if (each.type === type) each.listener(event as never)
  }
}
