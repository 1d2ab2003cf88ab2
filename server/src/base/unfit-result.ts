import { HalibutError } from './errors.ts'

/** `serialization_failed` of a result that came and is not what was declared: the call ran, so what came is told beside the error. */
export class UnfitResultError extends HalibutError {
  /** The result, in whatever form it could be read. */
  readonly result: unknown

  constructor(error: HalibutError, result: unknown) {
    super(error.kind, error.message, error)
    this.result = result
  }

  /** The same error without the result, for those that keep errors. */
  bare(): HalibutError {
    const { cause } = this
    return super.with({ cause: cause instanceof UnfitResultError ? cause.bare() : cause })
  }

  override with(...change: Parameters<HalibutError['with']>): HalibutError {
    return new UnfitResultError(super.with(...change), this.result)
  }
}
