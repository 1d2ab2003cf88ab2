import type { CallPhase } from '@halibut-gateway/schemas/wire'
import type { HalibutError } from '../base/errors.ts'
import type { CallStep } from '../runtime/call-deadline.ts'

/** Attempts are few; a call that is made again has some more. */
const mostPhases = 32
/** Of why an attempt failed. */
const mostChars = 300

interface Part {
  readonly phase: CallPhase['phase']
  readonly atMs: number
  endMs: number | undefined
  failed: CallPhase['failed']
}

/** What a call does from its beginning to its end, one thing after another. Times are milliseconds since it began. */
export class CallPhases {
  readonly #parts: Part[] = [{ phase: 'queue', atMs: 0, endMs: undefined, failed: undefined }]

  /** It waits for a connection, or is about to leave on one. */
  enter(phase: CallPhase['phase'], atMs: number): void {
    const last = this.#parts.at(-1)
    if (last?.phase === phase && last.endMs === undefined) return
    this.end(atMs)
    if (this.#parts.length < mostPhases) this.#parts.push({ phase, atMs, endMs: undefined, failed: undefined })
  }

  /** A step of the call as the runtime tells it. */
  step(step: CallStep, why: HalibutError | undefined, atMs: number): void {
    if (step !== 'failed') {
      this.enter(step, atMs)
      return
    }
    const last = this.#parts.at(-1)
    if (last && why) last.failed = { kind: why.kind, message: why.message.slice(0, mostChars) }
    this.enter('queue', atMs)
  }

  /** Nothing more comes. */
  end(atMs: number): void {
    const last = this.#parts.at(-1)
    if (last) last.endMs ??= atMs
  }

  /** All of it so far; what took no time and did not fail is left out. */
  told(): CallPhase[] {
    return this.#parts
      .filter(({ atMs, endMs, failed }, i) => failed || endMs === undefined || endMs > atMs || i === this.#parts.length - 1)
      .map(({ phase, atMs, endMs, failed }) => ({
        phase,
        atMs: round(atMs),
        ...(endMs === undefined ? {} : { durationMs: round(endMs - atMs) }),
        ...(failed ? { failed } : {}),
      }))
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
