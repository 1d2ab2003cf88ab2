import { offAbort, onAbort } from './abort-listeners.ts'
import { timerMs } from './timer.ts'

/** Resolves after so many milliseconds, or as soon as `signal` is aborted. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) {
      resolve()
      return
    }
    const end = (): void => {
      clearTimeout(timer)
      offAbort(signal, end)
      resolve()
    }
    const timer = setTimeout(end, timerMs(ms))
    onAbort(signal, end)
  })
}
