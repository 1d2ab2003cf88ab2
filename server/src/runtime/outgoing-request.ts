import { cancelledWhile } from '../base/cancelled.ts'
import { HalibutError } from '../base/errors.ts'
import { inTurns } from '../base/in-turns.ts'
import type { MemoryShare } from '../base/memory-budget.ts'
import { MemoryCharge } from '../base/memory-charge.ts'
import { UnfitResultError } from '../base/unfit-result.ts'
import { type CompiledMethod, refuseMisfit, toUntyped, toUntypedInParts } from '../codec/contract-values.ts'
import type { DataStream } from '../codec/data-stream.ts'
import { type DecodedResponse, type DecodeLimits, decodeResponse, type EncodedMessage } from '../codec/envelope.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import type { AnswerReader } from '../exchange/answer.ts'
import { decodeLargeResponse, inTurnsFromBytes } from '../exchange/decode-in-turns.ts'
import type { OnCallStep } from './call-deadline.ts'
import { translateRemoteError } from './remote-error.ts'

/** What an answer is read with. */
export interface AnswerForm {
  /** Resolves the `$type` names in it. */
  readonly types: TypeResolver
  /** `undefined`: untyped. */
  readonly method: CompiledMethod | undefined
  readonly limits: DecodeLimits
}

const noStreams: readonly DataStream[] = []

/** A request, encoded, on its way to an agent; and the answer to it, which nobody reads on that way but this. */
export class OutgoingRequest implements AnswerReader {
  readonly id: string
  readonly message: EncodedMessage
  readonly #form: AnswerForm
  /** Whoever asked has given up. */
  signal: AbortSignal | undefined
  /** Hears how far it is. */
  onStep: OnCallStep | undefined
  #response: DecodedResponse | null = null
  /** What the values of a large response are charged with. */
  #charge: MemoryCharge | undefined

  constructor(id: string, message: EncodedMessage, form: AnswerForm) {
    this.id = id
    this.message = message
    this.#form = form
  }

  requestSent(): void {
    this.onStep?.('execute')
  }

  readAnswer(document: Buffer, budget: MemoryShare): readonly DataStream[] | Promise<readonly DataStream[]> {
    const { types, limits } = this.#form
    this.onStep?.('response')
    if (document.length >= inTurnsFromBytes) return this.#readInTurns(document, budget)
    this.#response = decodeResponse(document, types, limits)
    return this.#response?.streams ?? noStreams
  }

  async #readInTurns(document: Buffer, budget: MemoryShare): Promise<readonly DataStream[]> {
    const { types, limits } = this.#form
    const charge = new MemoryCharge(budget)
    this.#charge = charge
    this.#response = await decodeLargeResponse(document, types, limits, charge, () => {
      if (this.signal?.aborted) throw cancelledWhile('Transferring', { delivery: 'unknown' })
    })
    return this.#response?.streams ?? noStreams
  }

  /** Throws where the answer is one to another request, or none. A connection that carries one at a time knows no better than this. */
  requireAnswer(endpoint: string): void {
    if (this.#response === null) throw noResponse(endpoint)
    if (this.#response.id !== this.id) throw notWhatWasAsked(this.#response.id, endpoint)
  }

  /** The error that the agent answered with. */
  remoteError(endpoint: string): HalibutError | undefined {
    const error = this.#response?.error
    return error ? translateRemoteError(error, { endpoint, phase: 'response' }) : undefined
  }

  /** The result that the agent answered with; a promise where it takes long. Throws `serialization_failed` where it does not fit. */
  result(endpoint: string): unknown {
    const response = this.#response
    const { method } = this.#form
    if (response === null) throw noResponse(endpoint)
    if (!method) return this.#charge ? inTurns(toUntypedInParts(response.result)) : toUntyped(response.result)
    try {
      const result = method.result.fromResult(response.result)
      refuseMisfit(method.marked.result?.(result), '/result', 'serialization_failed')
      return result
    } catch (why) {
      if (!(why instanceof HalibutError)) throw why
      const error = why.with({ phase: 'response', delivery: 'executed', endpoint })
      throw new UnfitResultError(error, response.result.value)
    }
  }

  /** The values have a keeper from now on, who releases what they are charged with. */
  handOver(onCharge: ((charge: MemoryCharge) => void) | undefined): void {
    if (!this.#charge) return
    if (onCharge) onCharge(this.#charge)
    else this.#charge.release()
  }

  /** Nobody wants its values, also those that are still being read. */
  release(): void {
    this.#charge?.release()
  }
}

/** The error of a response that is the null message: the agent had nothing to say (spec §7.2 step 4). */
function noResponse(endpoint: string): HalibutError {
  return new HalibutError('remote_error', 'the agent answered with an empty message, which holds neither a result nor an error', {
    phase: 'response',
    delivery: 'unknown',
    endpoint,
    advice: 'find out whether the request ran before calling again',
    dotnetType: 'Halibut.HalibutClientException',
    dotnetMessage: 'No response was received from the endpoint within the allowed time.',
  })
}

function notWhatWasAsked(id: string, endpoint: string): HalibutError {
  return new HalibutError('protocol_error', `the agent answered ${JSON.stringify(id)}, which is not what it was asked`, {
    phase: 'response',
    delivery: 'unknown',
    endpoint,
  })
}
