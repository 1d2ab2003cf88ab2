import { frameHeaderBytes, uploadFrameBytes } from '@halibut-gateway/schemas/wire'

/**
 * What can go up as a data stream. Without a length (a bare `ReadableStream`) the gateway keeps the content until its end, up to
 * `limits.unsizedUploadBytes`, before the call begins.
 */
export type UploadSource =
  | Blob
  | Uint8Array
  | ArrayBuffer
  | ReadableStream<Uint8Array>
  | { readonly stream: ReadableStream<Uint8Array>; readonly length: number }

/** The content of an upload, piece by piece. */
export interface SourceReader {
  /** In bytes; `undefined` where nobody knows. */
  readonly length: number | undefined
  /** The next piece, `undefined` at the end. */
  read(): Promise<Uint8Array | undefined>
  cancel(reason: string): void
}

/** The content of whole frames. */
const pieceBytes = 16 * (uploadFrameBytes - frameHeaderBytes)

/** Opens an {@link UploadSource} for reading; `undefined` for any other value. Nothing is read or locked before the first piece is. */
export function openSource(value: unknown): SourceReader | undefined {
  // So does a browser call a file that is gone, or was emptied: only reading it tells, and the call must not begin before.
  if (value instanceof Blob && value.size === 0) return fromStream(value.stream())
  if (value instanceof Blob) return piecewise(value.size, async (from, to) => new Uint8Array(await value.slice(from, to).arrayBuffer()))
  if (value instanceof ArrayBuffer) return openSource(new Uint8Array(value))
  if (value instanceof Uint8Array) return piecewise(value.byteLength, async (from, to) => value.subarray(from, to))
  if (value instanceof ReadableStream) return fromStream(value)
  const { stream, length } = (value ?? {}) as { stream?: unknown; length?: unknown }
  return stream instanceof ReadableStream && Number.isSafeInteger(length) && (length as number) >= 0
    ? fromStream(stream, length as number)
    : undefined
}

function fromStream(stream: ReadableStream<Uint8Array>, length?: number): SourceReader | undefined {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  if (stream.locked) return undefined
  return {
    length,
    read: async () => {
      reader ??= stream.getReader()
      return (await reader.read()).value
    },
    cancel: reason => void (reader ?? stream).cancel(reason).catch(() => undefined),
  }
}

function piecewise(length: number, piece: (from: number, to: number) => Promise<Uint8Array>): SourceReader {
  let at = 0
  let next: Promise<Uint8Array | undefined> | undefined
  const begin = async (): Promise<Uint8Array | undefined> => {
    if (at >= length) return undefined
    const from = at
    at = Math.min(length, at + pieceBytes)
    return piece(from, at)
  }
  return {
    length,
    read: async () => {
      const now = await (next ?? begin())
      // While this one is sent; where it fails, whoever reads it hears of that.
      next = begin()
      next.catch(() => undefined)
      return now
    },
    cancel: () => undefined,
  }
}
