import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib'

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

/** What one step did: went well, met bytes that are not DEFLATE, or (`finish` only) wants more input. */
export type StepStatus = 'ok' | 'corrupt' | 'incomplete'

/** How a step treats its input: as a part, as a part that is to be written out entirely, as the last part. */
export const flushMode = { none: constants.Z_NO_FLUSH, sync: constants.Z_SYNC_FLUSH, finish: constants.Z_FINISH } as const

/** One native compressor or decompressor. `step`, then read the two counters; they hold only after `'ok'`. */
export class NativeZlib {
  readonly #engine: InflateRaw | DeflateRaw
  readonly #handle: NativeHandle
  readonly #counters: Uint32Array
  #status: StepStatus = 'ok'

  constructor(engine: InflateRaw | DeflateRaw) {
    this.#engine = engine
    const { handle, counters } = nativeParts(engine)
    this.#handle = handle
    this.#counters = counters
    handle.onerror = (_message, errno) => {
      this.#status = errno === constants.Z_BUF_ERROR ? 'incomplete' : 'corrupt'
    }
  }

  /** Input bytes that the last step left unused. */
  get unusedInput(): number {
    return this.#counters[1] as number
  }

  /** Output room that the last step left unused; 0: there may be more output. */
  get unusedOutput(): number {
    return this.#counters[0] as number
  }

  step(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): StepStatus {
    this.#status = 'ok'
    this.#handle.writeSync(flush, input, at, length, output, outputAt, room)
    return this.#status
  }

  /** Ready for another stream, whatever happened to the last. */
  reset(): void {
    this.#handle.reset()
  }

  close(): void {
    this.#engine.close()
  }
}

/** The handle and its counters (unused output, unused input). They are not in the public types, so their shape is checked. */
function nativeParts(engine: InflateRaw | DeflateRaw): { handle: NativeHandle; counters: Uint32Array } {
  const { _handle: handle, _writeState: counters } = engine as unknown as { _handle?: Partial<NativeHandle>; _writeState?: unknown }
  if (typeof handle?.writeSync !== 'function' || typeof handle.reset !== 'function' || !(counters instanceof Uint32Array)) {
    throw new Error(`Node ${process.version} has no synchronous zlib handle; use Node 20, 22 or 24`)
  }
  return { handle: handle as NativeHandle, counters }
}

/** Idle inflaters kept for the next message; each holds about 45 KiB. More are made when more messages arrive in parts, and closed after. */
const maxIdleInflaters = 4
const idleInflaters: NativeZlib[] = []

export function leaseInflater(): NativeZlib {
  return idleInflaters.pop() ?? new NativeZlib(createInflateRaw())
}

/** Gives a leased inflater back, in whatever state it is. */
export function returnInflater(inflater: NativeZlib): void {
  if (idleInflaters.length >= maxIdleInflaters) {
    inflater.close()
    return
  }
  inflater.reset()
  idleInflaters.push(inflater)
}

let deflater: NativeZlib | undefined

/** The one deflater. It holds 260 KiB, so it is never one for each connection; its user is done with it before anyone else can ask. */
export function sharedDeflater(): NativeZlib {
  // A higher level gains nothing on messages of this kind and costs several times the processor time.
  deflater ??= new NativeZlib(createDeflateRaw({ level: constants.Z_BEST_SPEED }))
  return deflater
}
