import { HalibutError } from '../base/errors.ts'
import { timerMs } from '../base/timer.ts'
import type { CallStreams } from './call-streams.ts'

/** The deadlines of a call: the whole of it, and the part that waits. Milliseconds; `undefined`: none. */
export interface Deadlines {
  readonly timeoutMs?: number | undefined
  readonly queueTimeoutMs?: number | undefined
}

/**
 * Waits for the uploads whose length is not known yet; `undefined` where there are none. That time counts towards both deadlines; resolves
 * with what is left of them. Rejects with `deadline_exceeded`, delivery `not_sent`.
 */
export function takeUploads(streams: CallStreams, deadlines: Deadlines): Promise<Deadlines> | undefined {
  const whole = streams.ready()
  return whole && within(whole, deadlines)
}

async function within(whole: Promise<void>, { timeoutMs, queueTimeoutMs }: Deadlines): Promise<Deadlines> {
  const limitMs = Math.min(queueTimeoutMs ?? Number.POSITIVE_INFINITY, timeoutMs ?? Number.POSITIVE_INFINITY)
  if (limitMs === Number.POSITIVE_INFINITY) {
    await whole
    return {}
  }
  const beganMs = performance.now()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const name = queueTimeoutMs === limitMs ? 'queueTimeoutMs' : 'timeoutMs'
    const message = `an upload without a length did not end within the call’s ${name} of ${limitMs} ms`
    timer = setTimeout(() => reject(new HalibutError('deadline_exceeded', message, { phase: 'stream' })), timerMs(limitMs))
  })
  try {
    await Promise.race([whole, late])
  } finally {
    clearTimeout(timer)
  }
  return timeLeft({ timeoutMs, queueTimeoutMs }, performance.now() - beganMs)
}

/** What is left of both after so many milliseconds; never nothing, so that whoever is late is told so in the same way. */
export function timeLeft({ timeoutMs, queueTimeoutMs }: Deadlines, goneMs: number): Deadlines {
  return { timeoutMs: left(timeoutMs, goneMs), queueTimeoutMs: left(queueTimeoutMs, goneMs) }
}

function left(ofMs: number | undefined, goneMs: number): number | undefined {
  return ofMs === undefined ? undefined : Math.max(1, Math.ceil(ofMs - goneMs))
}
