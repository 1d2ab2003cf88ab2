import { constants } from 'node:zlib'

/** What one step did: went well, met bytes that are not DEFLATE, or (`finish` only) wants more input. */
export type StepStatus = 'ok' | 'corrupt' | 'incomplete'

/** How a step treats its input: as a part, as a part that is to be written out entirely, as the last part. */
export const flushMode = { none: constants.Z_NO_FLUSH, sync: constants.Z_SYNC_FLUSH, finish: constants.Z_FINISH } as const

/** A compressor or decompressor of raw DEFLATE, one synchronous step at a time. `step`, then read the two counters; they hold only after `'ok'`. */
export interface ZlibSteps {
  /** Input bytes that the last step left unused. */
  readonly unusedInput: number
  /** Output room that the last step left unused; 0: there may be more output. */
  readonly unusedOutput: number
  step(flush: number, input: Uint8Array, at: number, length: number, output: Uint8Array, outputAt: number, room: number): StepStatus
  /** Ready for another stream, whatever happened to the last. */
  reset(): void
  close(): void
}
