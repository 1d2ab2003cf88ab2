import {
  controlNotifications,
  facadeLimits,
  frameHeaderBytes,
  type InvokeParams,
  readFrameHeader,
  type StreamCredit,
  type StreamHandle,
  type StreamPosition,
  writeFrameHeader,
} from '@halibut-gateway/schemas/wire'
import { handlesIn } from '../stream-handles.ts'
import { TestError } from './test-error.ts'

/** What the data streams of a session are sent with. */
interface StreamEvents {
  notify(method: string, params: object): void
  sendBinary(frame: Uint8Array<ArrayBuffer>): void
}

interface Upload {
  readonly chunks: Uint8Array[]
  received: number
  /** Once all is there. */
  length: number | undefined
  failed: boolean
  wake: () => void
}

/** A digest that a call asked for. */
export type Digest = InvokeParams['digest']

interface Download {
  readonly bytes: Uint8Array
  readonly digest: Digest
}

/** The data streams of a session: uploads are kept until they are there whole, downloads are sent whole. */
export class TestStreams {
  readonly #events: StreamEvents
  readonly #uploads = new Map<number, Upload>()
  readonly #downloads = new Map<number, Download>()
  #lastDownload = 0

  constructor(events: StreamEvents) {
    this.#events = events
  }

  /** How far the uploads have come. */
  get positions(): StreamPosition[] {
    return [...this.#uploads].map(([stream, { received }]) => ({ stream, received }))
  }

  receive(frame: Uint8Array): void {
    const header = readFrameHeader(frame)
    if (!header) return
    const upload = this.#upload(header.stream)
    if (header.offset !== upload.received) return
    upload.chunks.push(frame.slice(frameHeaderBytes))
    upload.received += frame.byteLength - frameHeaderBytes
    const { received } = upload
    this.#events.notify(controlNotifications.streamCredit, {
      stream: header.stream,
      offset: received + facadeLimits.streamCreditBytes,
      acknowledged: received,
    } satisfies StreamCredit)
    upload.wake()
  }

  ended(stream: number, length: number): void {
    const upload = this.#upload(stream)
    upload.length = length
    upload.wake()
  }

  /** The client gives one up: uploads have odd numbers. */
  cancelled(stream: number): void {
    if (stream % 2 === 0) {
      this.#downloads.delete(stream)
      return
    }
    const upload = this.#upload(stream)
    upload.failed = true
    upload.wake()
  }

  /** The uploads of a request, each once it is there whole. */
  async uploads(args: unknown): Promise<Map<number, Uint8Array>> {
    const contents = new Map<number, Uint8Array>()
    for (const { $stream } of handlesIn(args)) {
      const upload = this.#upload($stream)
      while (upload.length === undefined || upload.received < upload.length) {
        if (upload.failed) throw new TestError('stream_failed', 'an upload broke off', 'unknown')
        await new Promise<void>(resolve => {
          upload.wake = resolve
        })
      }
      contents.set($stream, joined(upload))
      this.#uploads.delete($stream)
    }
    return contents
  }

  /** Offers bytes as a download, to be sent once its handle was. */
  download(bytes: Uint8Array, digest: Digest): StreamHandle {
    this.#lastDownload += 2
    const id = this.#lastDownload
    this.#downloads.set(id, { bytes, digest })
    return { $stream: id, length: bytes.byteLength }
  }

  /** Sends the downloads from where the client is: from their beginning where it tells nothing of them. It ignores those that are over. */
  resume(positions: readonly StreamPosition[]): void {
    const received = new Map(positions.map(position => [position.stream, position.received]))
    for (const stream of this.#downloads.keys()) this.send(stream, received.get(stream) ?? 0)
  }

  /** Sends a download from an offset on. */
  send(stream: number, from: number): void {
    const download = this.#downloads.get(stream)
    if (!download) return
    const { bytes } = download
    for (let at = from; at < bytes.byteLength; at += facadeLimits.chunkBytes) {
      const content = bytes.subarray(at, at + facadeLimits.chunkBytes)
      const frame = new Uint8Array(frameHeaderBytes + content.byteLength)
      writeFrameHeader(frame, stream, at)
      frame.set(content, frameHeaderBytes)
      this.#events.sendBinary(frame)
    }
    if (from === 0) void this.#end(stream, download)
  }

  async #end(stream: number, { bytes, digest }: Download): Promise<void> {
    const length = bytes.byteLength
    this.#events.notify(controlNotifications.streamEnd, { stream, length, ...(await digestOf(bytes, digest)) })
  }

  #upload(stream: number): Upload {
    let upload = this.#uploads.get(stream)
    if (!upload) {
      upload = { chunks: [], received: 0, length: undefined, failed: false, wake: () => undefined }
      this.#uploads.set(stream, upload)
    }
    return upload
  }
}

/** The digest that was asked for under its name, lower-case hexadecimal. */
export async function digestOf(bytes: Uint8Array, wanted: Digest): Promise<{ sha256?: string; sha1?: string }> {
  if (!wanted) return {}
  const digest = new Uint8Array(await crypto.subtle.digest(wanted === 'sha1' ? 'SHA-1' : 'SHA-256', bytes.slice()))
  return { [wanted === 'sha1' ? 'sha1' : 'sha256']: Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('') }
}

function joined({ chunks, received }: Upload): Uint8Array {
  const all = new Uint8Array(received)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}
