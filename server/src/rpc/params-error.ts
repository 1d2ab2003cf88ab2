import type { ParamError } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'

/** `invalid_params` with its places, and with the signatures to choose from where a method’s name fits several. */
export class ParamsError extends HalibutError {
  readonly errors: readonly ParamError[]
  readonly candidates: readonly string[]

  constructor(message: string, errors: readonly ParamError[], candidates: readonly string[] = []) {
    super('invalid_params', message)
    this.errors = errors
    this.candidates = candidates
  }
}
