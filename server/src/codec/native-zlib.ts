import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'
import type { StepStatus, ZlibSteps } from './zlib-steps.ts'

/**
 * Node’s raw DEFLATE in one synchronous step at a time, on a handle that is used again and again. The public API has either a stream, whose
 * every write takes a turn of the event loop (100 to 600 µs) and which reports the end only when bytes follow it, or `…Sync` functions,
 * which make a handle each time and take only whole inputs. Both stand on this handle, whose shape is the same from Node 11 on.
 */
interface NativeHandle {
  onerror: (message: string, errno: number, code: string) => void
  writeSync(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): void
  reset(): void
}

/** Node’s compressor or decompressor. */
class NativeZlib implements ZlibSteps {
  readonly #engine: InflateRaw | DeflateRaw
  readonly #handle: NativeHandle
  readonly #counters: Uint32Array
  #status: StepStatus = 'ok'

  constructor(engine: InflateRaw | DeflateRaw, { handle, counters }: { handle: NativeHandle; counters: Uint32Array }) {
    this.#engine = engine
    this.#handle = handle
    this.#counters = counters
    handle.onerror = (_message, errno) => {
      this.#status = errno === constants.Z_BUF_ERROR ? 'incomplete' : 'corrupt'
    }
  }

  get unusedInput(): number {
    return this.#counters[1] as number
  }

  get unusedOutput(): number {
    return this.#counters[0] as number
  }

  step(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): StepStatus {
    this.#status = 'ok'
    this.#handle.writeSync(flush, input, at, length, output, outputAt, room)
    return this.#status
  }

  reset(): void {
    this.#handle.reset()
  }

  close(): void {
    this.#engine.close()
  }
}

/** The handle and its counters (unused output, unused input). They are not in the public types, so their shape is checked. */
function nativeParts(engine: InflateRaw | DeflateRaw): { handle: NativeHandle; counters: Uint32Array } | undefined {
  const { _handle: handle, _writeState: counters } = engine as unknown as { _handle?: Partial<NativeHandle>; _writeState?: unknown }
  if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function' || !(counters instanceof Uint32Array)) return undefined
  return { handle: handle as NativeHandle, counters }
}

/** `undefined` where this Node has no such handle. Level 1: a higher one gains nothing on messages of this kind and costs several times the processor time. */
export function nativeDeflater(): ZlibSteps | undefined {
  return nativeSteps(createDeflateRaw({ level: constants.Z_BEST_SPEED }))
}

/** `undefined` where this Node has no such handle. */
export function nativeInflater(): ZlibSteps | undefined {
  return nativeSteps(createInflateRaw())
}

function nativeSteps(engine: InflateRaw | DeflateRaw): ZlibSteps | undefined {
  const parts = nativeParts(engine)
  if (parts) return new NativeZlib(engine, parts)
  engine.close()
  return undefined
}
