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

/** Opens an {@link UploadSource} for reading; `undefined` for any other value. Nothing is read or locked before the first piece is. */
export function openSource(value: unknown): SourceReader | undefined {
  // A browser says size 0 of a file that is gone, or was emptied: only reading it tells, and the call must not begin before.
  if (value instanceof Blob) return fromStream(value.stream(), value.size || undefined)
  if (value instanceof ArrayBuffer) return openSource(new Uint8Array(value))
  if (value instanceof Uint8Array) return fromBytes(value)
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

function fromBytes(bytes: Uint8Array): SourceReader {
  const pieces = [bytes]
  return { length: bytes.byteLength, read: async () => pieces.pop(), cancel: () => undefined }
}
