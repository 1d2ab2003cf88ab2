import { facadeLimits, type StreamCredit, type StreamPosition, uncountedNotifications } from '@halibut-gateway/schemas/wire'
import { StreamTable as ClientTable } from '../../client-sdk/src/streams/stream-table.ts'
import type { MemoryBudget } from '../../server/src/base/memory-budget.ts'
import { StreamTable } from '../../server/src/gateway/streams/stream-table.ts'
import { DataStream } from '../../server/src/runtime/data-streams.ts'

const pattern = Buffer.alloc(1024 * 1024, 'So far away, and yet every byte of it comes in its place. ')
const pieceBytes = 50_000

/** How a data stream is read: a piece, then a pause. 0: at once. */
export interface Reading {
  readonly pauseMs: number
}

/** What was granted beyond what was acknowledged, at most. */
export interface Granted {
  /** All data streams of one direction together. */
  readonly mostBytes: number
  /** A data stream whose reader is slow. */
  readonly mostToSlow: number
}

/** The streams of a gateway’s session and of its client, joined by two lanes that delay; both can be cut. */
export class FarSession {
  readonly client: ClientTable
  readonly gateway: StreamTable
  readonly faults: string[] = []
  readonly #delayMs: number
  readonly #windows = new Map<number, number>()
  readonly #slow = new Set<number>()
  #epoch = 0
  #isOpen = true
  #unheard: (() => void)[] = []
  #mostBytes = 0
  #mostToSlow = 0
  #ended = 0

  constructor(name: string, memory: MemoryBudget, delayMs: number) {
    this.#delayMs = delayMs
    const unused = (): never => {
      throw new Error('not used here')
    }
    this.gateway = new StreamTable({
      sendBinary: (frame, done) => {
        const bytes = new Uint8Array(frame)
        this.#carry(() => this.client.receive(bytes), done)
        return this.#isOpen
      },
      together: write => write(),
      notify: (method, params) => this.#tell(method, params, () => this.#toClient(method, params)),
      violated: reason => this.faults.push(reason),
      toRpcError: unused,
      createSpool: unused,
      memory: memory.share(name),
      over: () => undefined,
    })
    this.client = new ClientTable({
      socket: () => (this.#isOpen ? { bufferedAmount: 0, send: frame => this.#sendUp(frame) } : undefined),
      notify: (method, params) => this.#tell(method, params, () => this.#toGateway(method, params)),
    })
  }

  get granted(): Granted {
    return { mostBytes: this.#mostBytes, mostToSlow: this.#mostToSlow }
  }

  /** Data streams that came to their ends. */
  get ended(): number {
    return this.#ended
  }

  download(length: number, reading: Reading): void {
    const source = new DataStream(length, {
      pump: async sink => {
        for (let at = 0; at < length; at += pieceBytes) await sink(contentOf(at, Math.min(length, at + pieceBytes)))
      },
    })
    const streams = this.gateway.announce([])
    const handle = streams.offer(source)
    if (reading.pauseMs > 0) this.#slow.add(handle.$stream)
    this.#carryCounted(() => {
      const download = this.client.announced([handle]).get(handle.$stream)
      if (download) void this.#read(download, length, reading).catch((why: unknown) => this.faults.push(String(why)))
    })
    streams.begin()
  }

  upload(length: number, reading: Reading): void {
    const call = this.client.ofCall(undefined)
    const handle = call.write(contentOf(0, length))
    if (!handle) throw new Error('no upload')
    if (reading.pauseMs > 0) this.#slow.add(handle.$stream)
    this.#carryCounted(() => {
      const stream = this.gateway.announce([handle]).accept(handle)
      let at = 0
      const sink = (chunk: Uint8Array): Promise<void> | undefined => {
        at = this.#check(chunk, at)
        return reading.pauseMs > 0 ? pause(reading.pauseMs) : undefined
      }
      void stream.pump(sink).then(
        () => this.#end(at, length),
        (why: unknown) => this.faults.push(String(why)),
      )
    })
    call.onSent()
  }

  /** Loses what is under way; it goes on after a while. */
  async cut(awayMs: number): Promise<void> {
    this.#epoch++
    this.#isOpen = false
    this.gateway.detach()
    await pause(awayMs)
    const received = this.client.positions()
    const positions: StreamPosition[] = this.gateway.positions()
    this.#isOpen = true
    const unheard = this.#unheard
    this.#unheard = []
    for (const hear of unheard) this.#carryCounted(hear)
    this.#carry(() => this.client.resumed(positions))
    this.gateway.resume(received)
  }

  #sendUp(frame: string | Uint8Array): void {
    const bytes = Buffer.from(frame as Uint8Array)
    this.#carry(() => this.gateway.receive(bytes))
  }

  #tell(method: string, params: object, arrive: () => void): void {
    if (method === '$/stream/credit') this.#note(params as StreamCredit)
    if (uncountedNotifications.has(method)) this.#carry(arrive)
    else this.#carryCounted(arrive)
  }

  /** What must arrive, in the end. */
  #carryCounted(arrive: () => void): void {
    const hear = (): void => {
      this.#unheard.splice(this.#unheard.indexOf(hear), 1)
      arrive()
    }
    this.#unheard.push(hear)
    this.#carry(hear)
  }

  #carry(arrive: () => void, done?: () => void): void {
    const epoch = this.#epoch
    if (done) setImmediate(done)
    if (!this.#isOpen) return
    setTimeout(() => {
      if (epoch === this.#epoch) arrive()
    }, this.#delayMs)
  }

  #toClient(method: string, params: object): void {
    if (method === '$/stream/credit') this.client.credit(params as never)
    else if (method === '$/stream/end') this.client.ended(params as never)
    else this.client.cancelled(params as never)
  }

  #toGateway(method: string, params: object): void {
    if (method === '$/stream/credit') this.gateway.credit(params as never)
    else if (method === '$/stream/end') this.gateway.ended(params as never)
    else this.gateway.cancelled(params as never)
  }

  #note({ stream, offset, acknowledged }: StreamCredit): void {
    this.#windows.set(stream, Math.max(offset - acknowledged, facadeLimits.streamCreditBytes))
    if (this.#slow.has(stream)) this.#mostToSlow = Math.max(this.#mostToSlow, offset - acknowledged)
    let sum = 0
    for (const [id, bytes] of this.#windows) if (id % 2 === stream % 2) sum += bytes
    this.#mostBytes = Math.max(this.#mostBytes, sum)
  }

  async #read(download: AsyncIterable<Uint8Array>, length: number, { pauseMs }: Reading): Promise<void> {
    let at = 0
    for await (const chunk of download) {
      at = this.#check(chunk, at)
      if (pauseMs > 0) await pause(pauseMs)
    }
    this.#end(at, length)
  }

  #check(chunk: Uint8Array, at: number): number {
    const end = at + chunk.byteLength
    if (!contentOf(at, end).equals(chunk)) this.faults.push(`wrong at ${at}`)
    return end
  }

  #end(at: number, length: number): void {
    this.#ended++
    if (at !== length) this.faults.push(`${at} bytes instead of ${length}`)
  }
}

function contentOf(from: number, to: number): Buffer<ArrayBuffer> {
  const begin = from % pattern.byteLength
  if (begin + to - from <= pattern.byteLength) return pattern.subarray(begin, begin + to - from)
  return Buffer.alloc(to - from, Buffer.concat([pattern.subarray(begin), pattern.subarray(0, begin)]))
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, ms)
  })
}
