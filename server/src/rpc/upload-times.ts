import { HalibutError } from '../base/errors.ts'
import type { CallStreams } from './call-streams.ts'

/** The deadlines of a call. Milliseconds; `undefined`: none. */
interface Deadlines {
  readonly timeoutMs?: number | undefined
  readonly queueTimeoutMs?: number | undefined
}

/**
 * Waits for the uploads whose length is not known yet; `undefined` where there are none. That time counts towards `queueTimeoutMs`, or
 * `timeoutMs` where that is not given; resolves with what is left of them. Rejects with `deadline_exceeded`, delivery `not_sent`.
 */
export function takeUploads(streams: CallStreams, deadlines: Deadlines): Promise<Deadlines> | undefined {
  const whole = streams.ready()
  return whole && within(whole, deadlines)
}

async function within(whole: Promise<void>, { timeoutMs, queueTimeoutMs }: Deadlines): Promise<Deadlines> {
  const limitMs = queueTimeoutMs ?? timeoutMs
  if (limitMs === undefined) {
    await whole
    return {}
  }
  const beganMs = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const name = queueTimeoutMs === undefined ? 'timeoutMs' : 'queueTimeoutMs'
    const message = `an upload without a length did not end within the call’s ${name} of ${limitMs} ms`
    timer = setTimeout(() => reject(new HalibutError('deadline_exceeded', message, { phase: 'stream' })), limitMs)
  })
  try {
    await Promise.race([whole, late])
  } finally {
    clearTimeout(timer)
  }
  const leftMs = Math.max(1, Math.ceil(limitMs - (performance.now() - beganMs)))
  return queueTimeoutMs === undefined ? { timeoutMs: leftMs } : { timeoutMs, queueTimeoutMs: leftMs }
}
