import {
  controlNotifications,
  frameHeaderBytes,
  type RpcError,
  readFrameHeader,
  type StreamCredit,
  type StreamHandle,
  type StreamPosition,
  sharedWindowBytes,
  streams,
} from '@halibut-gateway/schemas/wire'
import type { Connection } from '../connection.ts'
import { GatewayError, tell } from '../errors.ts'
import type { CallHooks, Downloads } from '../pending-calls.ts'
import { type Digests, Download } from './download.ts'
import { Upload, type UploadProgress } from './upload.ts'
import { openSource } from './upload-source.ts'

/** What the table needs of its link. */
export interface StreamLink {
  /** The connection, where there is one. */
  socket(): Pick<Connection, 'bufferedAmount' | 'send'> | undefined
  notify(method: string, params: object): void
}

/** The data streams of one call. */
export interface CallStreams extends CallHooks {
  /** The request was sent: content may follow. */
  readonly onSent: () => void
  readonly onAnswer: (downloads: Downloads) => void
  /** The handle of a value that can go up, the same one each time; `undefined` for any other. */
  readonly write: (value: unknown) => StreamHandle | undefined
  /** The download of a handle in its result, also where it has failed before anybody could read it. */
  readonly read: (handle: StreamHandle) => Download | undefined
  /** The call is over: what has not gone up is not wanted any more. */
  cancel(reason: string): void
}

/** Beyond this nothing more is put into the socket, so that a request never waits behind more. */
const socketBytes = 1024 * 1024
/** A browser does not say when its socket has drained. */
const drainMs = 10

/** The data streams of a session by id: routes frames, credits, ends and cancels. What it does not know is ignored: it may be over. */
export class StreamTable {
  readonly #link: StreamLink
  readonly #windows = { free: sharedWindowBytes }
  readonly #uploads = new Map<number, Upload>()
  readonly #downloads = new Map<number, Download>()
  #lastUpload = -1
  #drainTimer: ReturnType<typeof setTimeout> | undefined

  constructor(link: StreamLink) {
    this.#link = link
  }

  /** Data streams that are open, of both directions. */
  get open(): number {
    return this.#uploads.size + this.#downloads.size
  }

  /** The data streams of a call that is about to be made. */
  ofCall(onProgress: ((progress: UploadProgress) => void) | undefined): CallStreams {
    const known = new Map<unknown, StreamHandle>()
    const uploads: Upload[] = []
    let downloads: Downloads | undefined
    return {
      write: value => {
        const existing = known.get(value)
        const source = existing ? undefined : openSource(value)
        if (!source) return existing
        this.#lastUpload += 2
        const id = this.#lastUpload
        const upload = new Upload(id, source, {
          send: frame => this.#send(frame),
          ended: length => this.#link.notify(controlNotifications.streamEnd, { stream: id, length }),
          cancel: reason => this.#link.notify(controlNotifications.streamCancel, { stream: id, reason }),
          progress: progress => tell(() => onProgress?.(progress)),
          over: () => void this.#uploads.delete(id),
        })
        uploads.push(upload)
        const handle = { $stream: id, length: source.length }
        known.set(value, handle)
        return handle
      },
      read: handle => downloads?.get(handle.$stream),
      onAnswer: announced => {
        downloads = announced
      },
      onSent: () => {
        // Not before: a call that is never sent leaves nothing behind.
        let free: number = streams
        for (const { unasked } of this.#uploads.values()) if (unasked) free--
        for (const upload of uploads) {
          this.#uploads.set(upload.id, upload)
          upload.begin(free-- > 0)
        }
      },
      cancel: reason => {
        for (const upload of uploads) upload.cancel(reason)
      },
    }
  }

  /** The downloads of the handles that came with an answer, by id. */
  announced(handles: readonly StreamHandle[]): Downloads {
    const announced = new Map<number, Download>()
    for (const { $stream: stream, length = 0 } of handles) {
      if (announced.has(stream)) continue
      const download = new Download(length, this.#windows, {
        credit: (offset, acknowledged) =>
          this.#link.notify(controlNotifications.streamCredit, { stream, offset, acknowledged } satisfies StreamCredit),
        cancel: reason => this.#link.notify(controlNotifications.streamCancel, { stream, reason }),
        over: () => void this.#downloads.delete(stream),
      })
      announced.set(stream, download)
      this.#downloads.set(stream, download)
    }
    return announced
  }

  /** A binary frame came. */
  receive(frame: Uint8Array<ArrayBuffer>): void {
    const header = readFrameHeader(frame)
    if (header) this.#downloads.get(header.stream)?.receive(header, frame.subarray(frameHeaderBytes))
  }

  ended(params: { readonly stream: number; readonly length: number } & Digests): void {
    this.#downloads.get(params.stream)?.ended(params)
  }

  cancelled(params: { readonly stream: number; readonly error?: RpcError }): void {
    if (params.error) this.#downloads.get(params.stream)?.finish(GatewayError.fromResponse(params.error))
    this.#uploads.get(params.stream)?.stop('not wanted')
  }

  credit(credit: StreamCredit): void {
    this.#uploads.get(credit.stream)?.credit(credit)
  }

  /** How far the downloads have come. */
  positions(): StreamPosition[] {
    // Of those that have not begun there is nothing to tell.
    return [...this.#downloads].flatMap(([stream, { received }]) => (received ? { stream, received } : []))
  }

  /** The session goes on; the gateway has this much of our uploads. */
  resumed(received: readonly StreamPosition[]): void {
    for (const download of this.#downloads.values()) download.repeatCredit()
    for (const upload of this.#uploads.values()) upload.resume(received.find(each => each.stream === upload.id)?.received)
  }

  /** The session is over. Uploads whose requests were not sent are for the next one. */
  lost(error: GatewayError): void {
    for (const download of this.#downloads.values()) download.finish(error)
    for (const upload of this.#uploads.values()) upload.stop(error.message)
  }

  #send(frame: Uint8Array): boolean {
    const socket = this.#link.socket()
    if (!socket) return false
    if (socket.bufferedAmount > socketBytes) {
      this.#drainTimer ??= setTimeout(() => {
        this.#drainTimer = undefined
        for (const upload of this.#uploads.values()) upload.flush()
      }, drainMs)
      return false
    }
    socket.send(frame)
    return true
  }
}
