import {
  controlNotifications,
  facadeLimits,
  frameHeaderBytes,
  type RpcError,
  readFrameHeader,
  type StreamCredit,
  type StreamHandle,
  type StreamPosition,
} from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../../base/errors.ts'
import { gatewayLimits } from '../../base/limits.ts'
import type { MemoryShare } from '../../base/memory-budget.ts'
import { placeOf } from '../../rpc/announced-streams.ts'
import type { CallStreams, DigestName, UploadDigest } from '../../rpc/call-streams.ts'
import { ParamsError } from '../../rpc/params-error.ts'
import type { DataStream, Spool } from '../../runtime/data-streams.ts'
import { Download } from './download.ts'
import { SessionWindows } from './session-windows.ts'
import { Upload } from './upload.ts'

/** What the table needs of its session. */
export interface StreamWire {
  /** Sends a binary frame; `done` when it has left or never will. False: the socket is away, nothing was taken. */
  sendBinary(frame: Buffer, done: () => void): boolean
  /** Lets what `write` sends leave as one. */
  together(write: () => void): void
  notify(method: string, params: object): void
  /** The browser broke a rule: the session ends with this reason. */
  violated(reason: 'binary_refused' | 'credit_exceeded'): void
  /** An error as `$/stream/cancel` tells it. */
  toRpcError(error: unknown): RpcError
  /** Where an upload without a length is kept until its end. */
  createSpool(): Spool
  /** What the session may keep of data streams. */
  readonly memory: MemoryShare
  /** A data stream has come to its end. */
  over(): void
}

/** What one download keeps at most as long as its window has not grown, but for a part of a frame. */
const downloadBytes = facadeLimits.streamCreditBytes + gatewayLimits.readAheadBytes

/** The data streams of one session by id: routes frames, credits, ends and cancels (`schemas/PROTOCOL.md`, Data streams). */
export class StreamTable {
  readonly #wire: StreamWire
  readonly #windows: SessionWindows
  readonly #uploads = new Map<number, Upload>()
  readonly #downloads = new Map<number, Download>()
  readonly #waiting = new Set<Download>()
  /** Downloads that have begun, each with the memory that was reserved for it, and those that wait for their turn. */
  readonly #begun = new Map<Download, number>()
  readonly #unbegun: (readonly [download: Download, digest: DigestName | undefined])[] = []
  readonly #events: CallStreamEvents = {
    open: (source, isFirst) => this.#openDownload(source, isFirst),
    begin: (download, digest) => {
      this.#unbegun.push([download, digest])
      this.#beginNext()
    },
    cancel: (id, error) => this.#wire.notify(controlNotifications.streamCancel, { stream: id, ...(error ? { error } : {}) }),
    createSpool: () => this.#wire.createSpool(),
  }
  #lastUpload = -1
  #announced = 0
  #lastDownload = 0
  #queuedBytes = 0

  constructor(wire: StreamWire) {
    this.#wire = wire
    this.#windows = new SessionWindows(wire.memory)
  }

  /** Whether no data stream is there that could still move. */
  get isEmpty(): boolean {
    return this.#uploads.size + this.#downloads.size === 0
  }

  /**
   * Opens the uploads that a request announces, before any of their frames can come: as many as may be under way, the others when somebody takes
   * them. Throws `invalid_params` for ids that are not fresh and `too_many_streams`; frames of a refused upload are ignored. `params`: in
   * which they stand.
   */
  announce(handles: readonly StreamHandle[], params?: unknown): CallStreamSet {
    if (handles.length === 0) return new CallStreamSet(noUploads, this.#events)
    const first = this.#lastUpload
    let refused: HalibutError | undefined
    for (const handle of handles) {
      const { $stream } = handle
      if ($stream % 2 === 0 || $stream <= first) {
        refused ??= new ParamsError(`the data stream ${$stream} is not a fresh one`, [
          { path: `${placeOf(handle, params)}/$stream`, expected: 'a fresh odd number, larger than all before', got: String($stream) },
        ])
      } else this.#lastUpload = Math.max(this.#lastUpload, $stream)
    }
    if (handles.length > facadeLimits.streamsPerCall) {
      refused ??= new HalibutError('too_many_streams', `a call may have ${facadeLimits.streamsPerCall} uploads, not ${handles.length}`, {
        advice: 'send fewer of them with each call',
      })
    }
    if (refused) throw refused
    let free = facadeLimits.streams
    for (const upload of this.#uploads.values()) if (upload.isUnderWay) free--
    const uploads = new Map<number, Upload>()
    for (const { $stream: id, length } of handles) {
      if (uploads.has(id)) continue
      const events = {
        credit: (offset: number, acknowledged: number) => {
          this.#wire.notify(controlNotifications.streamCredit, { stream: id, offset, acknowledged } satisfies StreamCredit)
        },
        over: () => {
          this.#uploads.delete(id)
          this.#wire.over()
        },
      }
      // The first of a session are under way for the browser too, whatever it knows.
      const upload = new Upload(id, length, this.#windows, events, free > 0, ++this.#announced > facadeLimits.streams)
      if (upload.isUnderWay) free--
      uploads.set(id, upload)
      this.#uploads.set(id, upload)
    }
    return new CallStreamSet(uploads, this.#events)
  }

  /** A binary frame came. */
  receive(frame: Buffer): void {
    const header = readFrameHeader(frame)
    if (!header || header.stream % 2 === 0 || header.stream > this.#lastUpload) {
      this.#wire.violated('binary_refused')
      return
    }
    const refused = this.#uploads.get(header.stream)?.receive(header, frame.subarray(frameHeaderBytes))
    if (refused) this.#wire.violated(refused)
  }

  /** The browser takes more of a download. */
  credit({ stream, offset, acknowledged }: StreamCredit): void {
    this.#downloads.get(stream)?.credit(offset, acknowledged)
    // Others may have left room meanwhile.
    if (this.#unbegun.length > 0) this.#beginNext()
  }

  /** The browser has sent the whole of an upload. */
  ended(params: { readonly stream: number; readonly length: number }): void {
    this.#uploads.get(params.stream)?.end(params.length)
  }

  /** The browser gives a stream up, of either direction. */
  cancelled(params: { readonly stream: number; readonly reason?: string }): void {
    this.#downloads.get(params.stream)?.discard()
    const reason = params.reason === undefined ? '' : `: ${params.reason}`
    this.#uploads
      .get(params.stream)
      ?.giveUp(new HalibutError('stream_failed', `the browser broke the upload off${reason}`, { phase: 'stream' }))
  }

  /** How far the uploads have come. */
  positions(): StreamPosition[] {
    return [...this.#uploads.values()].filter(({ received }) => received > 0).map(({ id, received }) => ({ stream: id, received }))
  }

  /** The socket is away: nothing can be sent. */
  detach(): void {
    this.#queuedBytes = 0
    this.#waiting.clear()
    for (const download of this.#downloads.values()) download.detach()
  }

  /** There is a socket again. Downloads go on from where the browser says that they are. */
  resume(received: readonly StreamPosition[]): void {
    const positions = new Map(received.map(position => [position.stream, position.received]))
    for (const upload of this.#uploads.values()) upload.repeatCredit()
    for (const download of [...this.#downloads.values()]) download.resume(positions.get(download.id))
  }

  /** Breaks all of them off: the browser and the agents hear why. */
  breakOff(why: HalibutError): void {
    this.#unbegun.length = 0
    for (const upload of [...this.#uploads.values()]) upload.fail(why)
    for (const download of [...this.#downloads.values()]) download.breakOff(why)
  }

  /** The session is over. */
  close(why: HalibutError): void {
    this.#unbegun.length = 0
    for (const upload of [...this.#uploads.values()]) upload.fail(why)
    for (const download of [...this.#downloads.values()]) download.discard()
  }

  #openDownload(source: DataStream, isFirst: boolean): Download {
    if (isFirst && this.#downloads.size >= facadeLimits.streams) {
      throw new HalibutError('too_many_streams', `${this.#downloads.size} downloads are open on this session`, { delivery: 'executed' })
    }
    this.#lastDownload += 2
    const id = this.#lastDownload
    const download: Download = new Download(id, source, this.#windows, {
      send: (frame, done) => this.#send(download, frame, done),
      together: write => this.#wire.together(write),
      ended: (length, digest) => this.#wire.notify(controlNotifications.streamEnd, { stream: id, length, ...digest }),
      failed: why => this.#wire.notify(controlNotifications.streamCancel, { stream: id, error: this.#wire.toRpcError(why) }),
      over: () => {
        this.#downloads.delete(id)
        this.#waiting.delete(download)
        this.#over(download)
        this.#wire.over()
      },
    })
    this.#downloads.set(id, download)
    return download
  }

  /** Lets downloads flow: as many as may be under way and there is memory for, one in any case. */
  #beginNext(): void {
    while (this.#begun.size < facadeLimits.streams) {
      const [next] = this.#unbegun
      if (!next) return
      const [download, digest] = next
      const bytes = download.isOver ? 0 : Math.min(download.length, downloadBytes)
      const hasRoom = this.#wire.memory.tryReserve(bytes)
      if (!hasRoom && this.#begun.size > 0) return
      this.#unbegun.shift()
      if (download.isOver) continue
      this.#begun.set(download, hasRoom ? bytes : 0)
      download.begin(digest)
    }
  }

  #over(download: Download): void {
    const reserved = this.#begun.get(download)
    if (reserved === undefined) return
    this.#begun.delete(download)
    this.#wire.memory.release(reserved)
    this.#beginNext()
  }

  /** Each download that finds the socket full waits for its turn. */
  #send(download: Download, frame: Buffer, done: () => void): boolean {
    if (this.#queuedBytes >= gatewayLimits.socketContentBytes) {
      this.#waiting.add(download)
      return false
    }
    const bytes = frame.byteLength
    const taken = this.#wire.sendBinary(frame, () => {
      this.#queuedBytes = Math.max(0, this.#queuedBytes - bytes)
      done()
      const [next] = this.#waiting
      if (!next || this.#queuedBytes >= gatewayLimits.socketContentBytes) return
      this.#waiting.delete(next)
      next.flush()
    })
    if (taken) this.#queuedBytes += bytes
    return taken
  }
}

const noUploads: ReadonlyMap<number, Upload> = new Map()

interface CallStreamEvents {
  /** `isFirst`: of its request. */
  open(source: DataStream, isFirst: boolean): Download
  /** Lets its content flow, now or in its turn. */
  begin(download: Download, digest: DigestName | undefined): void
  /** Tells the browser that an upload is not wanted (any more), or why it failed. */
  cancel(id: number, error: RpcError | undefined): void
  createSpool(): Spool
}

/** The data streams of one request: what its handler sees of them, and how they begin and end with it. */
export class CallStreamSet implements CallStreams {
  readonly #uploads: ReadonlyMap<number, Upload>
  readonly #events: CallStreamEvents
  /** Made with the first: most calls have none. */
  #downloads: Map<DataStream, Download> | undefined
  #json: DataStream | undefined
  #digest: DigestName | undefined

  constructor(uploads: ReadonlyMap<number, Upload>, events: CallStreamEvents) {
    this.#uploads = uploads
    this.#events = events
  }

  get isPossible(): boolean {
    return true
  }

  wantDigest(name: DigestName): void {
    this.#digest = name
    for (const upload of this.#uploads.values()) upload.wantDigest(name)
  }

  ready(): Promise<void> | undefined {
    if (this.#uploads.size === 0) return undefined
    const unsized = [...this.#uploads.values()].filter(upload => upload.length === undefined)
    if (unsized.length === 0) return undefined
    return this.#spool(unsized)
  }

  accept(handle: StreamHandle): DataStream {
    const upload = this.#uploads.get(handle.$stream)
    if (upload?.length === undefined) throw new ParamsError(`the data stream ${handle.$stream} was not announced by this request`, [])
    return upload.stream
  }

  readonly offer = (stream: DataStream): StreamHandle => {
    this.#downloads ??= new Map()
    let download = this.#downloads.get(stream)
    if (!download) {
      download = this.#events.open(stream, this.#downloads.size === 0)
      this.#downloads.set(stream, download)
    }
    return handleOf(download)
  }

  /** Offers the JSON of the result itself. It begins before all others: whoever waits for it reads none of them before it is whole. */
  offerJson(json: DataStream): StreamHandle {
    this.#json = json
    return this.offer(json)
  }

  /** The handles of the data streams in the result, so far. */
  get offered(): StreamHandle[] {
    return [...(this.#downloads?.values() ?? [])].map(handleOf)
  }

  /** For content that is to be offered once its length is known. */
  createSpool(): Spool {
    return this.#events.createSpool()
  }

  uploads(): UploadDigest[] {
    const digests: UploadDigest[] = []
    for (const { id, length, digest } of this.#uploads.values()) {
      if (length !== undefined && digest !== undefined && this.#digest) digests.push({ stream: id, length, [this.#digest]: digest })
    }
    return digests
  }

  /** One after another: those that wait are open only while they are taken. */
  async #spool(uploads: readonly Upload[]): Promise<void> {
    for (const upload of uploads) await upload.spool(this.#events.createSpool(), facadeLimits.unsizedUploadBytes)
  }

  /** The request was given up: uploads break off, so that nobody waits for them. */
  interrupt(why: HalibutError): void {
    for (const upload of this.#uploads.values()) upload.fail(why)
  }

  /** The response is on its way: downloads may flow, and uploads that nobody took are not wanted. */
  begin(): void {
    this.#endUploads(undefined)
    const json = this.#json && this.#downloads?.get(this.#json)
    if (json) this.#events.begin(json, this.#digest)
    for (const download of this.#downloads?.values() ?? []) if (download !== json) this.#events.begin(download, this.#digest)
  }

  /** The request failed, or was given up. The browser is told `error` where it still sends. */
  abandon(error?: RpcError): void {
    this.#endUploads(error)
    for (const download of this.#downloads?.values() ?? []) download.discard()
  }

  #endUploads(error: RpcError | undefined): void {
    for (const upload of this.#uploads.values()) {
      const { isWanted } = upload
      upload.close(new HalibutError('stream_failed', 'the call ended before it had taken the upload', { phase: 'stream' }))
      if (isWanted) this.#events.cancel(upload.id, error)
    }
  }
}

function handleOf({ id, length }: Download): StreamHandle {
  return { $stream: id, length }
}

/** For a request that cannot have data streams. */
export function noStreams(): CallStreamSet {
  const refuse = (): never => {
    throw new HalibutError('invalid_request', 'data streams belong to a session')
  }
  return new CallStreamSet(noUploads, { open: refuse, begin: refuse, cancel: refuse, createSpool: refuse })
}
