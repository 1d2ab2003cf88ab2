import { HalibutError } from './errors.ts'

/** `serialization_failed` for a value that cannot be sent; nothing of the message has left. */
export class UnfitValueError extends HalibutError {
  /** Where it stands in its message: `params`, an argument’s number, then members, items and keys. */
  readonly place: readonly string[]
  /** What is wrong with it. */
  readonly problem: string

  constructor(error: HalibutError, place: readonly string[], pointer: string) {
    super(error.kind, `${pointer}: ${error.message}`, { phase: error.phase, dotnetType: error.dotnetType, cause: error })
    this.place = place
    this.problem = error.message
  }
}
