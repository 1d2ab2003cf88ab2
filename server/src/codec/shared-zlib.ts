import { nativeDeflater, nativeInflater } from './native-zlib.ts'
import type { ZlibSteps } from './zlib-steps.ts'

/** Loaded only where Node’s own zlib has changed inside. */
const portable = await portableWhereNeeded()

async function portableWhereNeeded(): Promise<typeof import('./portable-zlib.ts') | undefined> {
  const native = nativeInflater()
  native?.close()
  return native ? undefined : import('./portable-zlib.ts')
}

function createInflater(): ZlibSteps {
  return (portable?.portableInflater ?? nativeInflater)() as ZlibSteps
}

/**
 * Idle inflaters kept for the next message; each holds about 45 KiB. More are made when more messages arrive in parts, and closed after. For the
 * calls to and from .NET, which deflates every message: reading one of a few hundred bytes takes three times as long with a new inflater.
 */
const maxIdleInflaters = 4
const idleInflaters: ZlibSteps[] = []

export function leaseInflater(): ZlibSteps {
  return idleInflaters.pop() ?? createInflater()
}

/** Gives a leased inflater back, in whatever state it is. */
export function returnInflater(inflater: ZlibSteps): void {
  if (idleInflaters.length >= maxIdleInflaters) {
    inflater.close()
    return
  }
  inflater.reset()
  idleInflaters.push(inflater)
}

let deflater: ZlibSteps | undefined

/** The one deflater. It holds 260 KiB, so it is never one for each connection; its user is done with it before anyone else can ask. */
export function sharedDeflater(): ZlibSteps {
  deflater ??= newDeflater()
  return deflater
}

/** A deflater for one message that takes several turns; its user closes it. */
export function newDeflater(): ZlibSteps {
  return (portable?.portableDeflater ?? nativeDeflater)() as ZlibSteps
}
