import { deserialize, serialize } from 'node:v8'
import { HalibutError } from '../../server/src/base/errors.ts'
import type { ByteSink, ByteSource, DataStream } from '../../server/src/codec/data-stream.ts'

/** An error as it travels. */
export interface SentError {
  readonly kind: HalibutError['kind']
  readonly message: string
  readonly context: Pick<HalibutError, 'phase' | 'delivery' | 'endpoint' | 'reason' | 'advice' | 'dotnetType' | 'dotnetMessage'>
}

export function sentError(why: unknown): SentError {
  if (!(why instanceof HalibutError)) return sentError(new HalibutError('internal_error', String(why)))
  const { kind, message, phase, delivery, endpoint, reason, advice, dotnetType, dotnetMessage } = why
  return { kind, message, context: { phase, delivery, endpoint, reason, advice, dotnetType, dotnetMessage } }
}

export function receivedError({ kind, message, context }: SentError): HalibutError {
  return new HalibutError(kind, message, context)
}

/** What travels for a data stream: its receiver asks for it, and takes one chunk after the other. */
type StreamFrame =
  | { readonly what: 'want'; readonly stream: string }
  | { readonly what: 'unwanted'; readonly stream: string }
  | { readonly what: 'taken'; readonly stream: string }
  | { readonly what: 'chunk'; readonly stream: string; readonly bytes: Uint8Array }
  | { readonly what: 'end'; readonly stream: string; readonly why: SentError | undefined }

const streamFrames: readonly string[] = ['want', 'unwanted', 'taken', 'chunk', 'end'] satisfies StreamFrame['what'][]

interface Receiving {
  readonly sink: ByteSink
  readonly resolve: () => void
  readonly reject: (why: unknown) => void
}

/** One end of a link between two parts of a process that share nothing: what goes over it are bytes. It carries frames, and data streams. */
export class LinkEnd<F extends { readonly what: string }> {
  /** Gets the frames that come, but for those of data streams. */
  onFrame: (frame: F) => void = () => undefined
  /** Bytes that have been sent. */
  sentBytes = 0
  #other: LinkEnd<F> | undefined
  readonly #offered = new Map<string, DataStream>()
  readonly #taken = new Map<string, () => void>()
  readonly #receiving = new Map<string, Receiving>()

  static pair<F extends { readonly what: string }>(): [LinkEnd<F>, LinkEnd<F>] {
    const [one, other] = [new LinkEnd<F>(), new LinkEnd<F>()]
    one.#other = other
    other.#other = one
    return [one, other]
  }

  send(frame: F): void {
    this.#write(frame)
  }

  /** The other end may have the content of a stream, under this name. */
  offer(name: string, stream: DataStream): void {
    this.#offered.set(name, stream)
  }

  /** The content that the other end offers under this name. */
  accept(stream: string): ByteSource {
    return {
      pump: sink =>
        new Promise((resolve, reject) => {
          this.#receiving.set(stream, { sink, resolve, reject })
          this.#write({ what: 'want', stream })
        }),
      discard: () => this.#write({ what: 'unwanted', stream }),
    }
  }

  #write(frame: F | StreamFrame): void {
    const bytes = serialize(frame)
    this.sentBytes += bytes.length
    setImmediate(() => this.#deliver(bytes))
  }

  #deliver(bytes: Buffer): void {
    const other = this.#other
    if (other) other.#read(bytes)
  }

  #read(bytes: Buffer): void {
    const frame = deserialize(bytes) as F | StreamFrame
    if (isStreamFrame(frame)) this.#onStream(frame)
    else this.onFrame(frame)
  }

  #onStream(frame: StreamFrame): void {
    const { stream } = frame
    if (frame.what === 'want') this.#pump(stream)
    else if (frame.what === 'unwanted') this.#offered.get(stream)?.discard()
    else if (frame.what === 'taken') this.#taken.get(stream)?.()
    else if (frame.what === 'chunk') this.#take(stream, frame.bytes)
    else {
      const receiving = this.#receiving.get(stream)
      this.#receiving.delete(stream)
      if (frame.why) receiving?.reject(receivedError(frame.why))
      else receiving?.resolve()
    }
  }

  #pump(stream: string): void {
    const pumped = this.#offered.get(stream)?.pump(bytes => {
      const taken = new Promise<void>(resolve => this.#taken.set(stream, resolve))
      this.#write({ what: 'chunk', stream, bytes })
      return taken
    })
    pumped?.then(
      () => this.#write({ what: 'end', stream, why: undefined }),
      why => this.#write({ what: 'end', stream, why: sentError(why) }),
    )
  }

  #take(stream: string, bytes: Uint8Array): void {
    const receiving = this.#receiving.get(stream)
    const taken = (): void => this.#write({ what: 'taken', stream })
    const wait = receiving?.sink(bytes)
    if (wait) wait.then(taken, why => receiving?.reject(why))
    else taken()
  }
}

function isStreamFrame(frame: { readonly what: string }): frame is StreamFrame {
  return streamFrames.includes(frame.what)
}
