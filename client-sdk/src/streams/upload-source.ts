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

const pieceBytes = 1024 * 1024

export function isUploadSource(value: unknown): value is UploadSource {
  if (value instanceof Blob || value instanceof Uint8Array || value instanceof ArrayBuffer || value instanceof ReadableStream) return true
  if (typeof value !== 'object' || value === null || !('stream' in value && 'length' in value)) return false
  return value.stream instanceof ReadableStream && Number.isSafeInteger(value.length) && (value.length as number) >= 0
}

/** Opens a source for reading. */
export function openSource(source: UploadSource): SourceReader {
  if (source instanceof Blob) return piecewise(source.size, async (from, to) => new Uint8Array(await source.slice(from, to).arrayBuffer()))
  if (source instanceof Uint8Array) return piecewise(source.byteLength, (from, to) => Promise.resolve(source.subarray(from, to)))
  if (source instanceof ArrayBuffer) return openSource(new Uint8Array(source))
  const [stream, length] = source instanceof ReadableStream ? [source, undefined] : [source.stream, source.length]
  const reader = stream.getReader()
  return {
    length,
    read: async () => (await reader.read()).value,
    cancel: reason => void reader.cancel(reason).catch(() => undefined),
  }
}

function piecewise(length: number, piece: (from: number, to: number) => Promise<Uint8Array>): SourceReader {
  let at = 0
  return {
    length,
    read: async () => {
      if (at >= length) return undefined
      const from = at
      at = Math.min(length, at + pieceBytes)
      return piece(from, at)
    },
    cancel: () => undefined,
  }
}
