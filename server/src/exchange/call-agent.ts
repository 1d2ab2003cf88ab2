import type { EncodedMessage } from '../codec/envelope.ts'
import type { AnswerReader, AnswerStreams } from './answer.ts'
import { identifyAsDialler } from './identify.ts'
import type { Transfer } from './transfer.ts'

/**
 * Our side of one connection to a listening agent (spec §3.2): identify once, then a request and a response at a time, NEXT and PROCEED
 * between them. NEXT, PROCEED, request is kept in strict order: towards services with Nagle’s algorithm on it is the fast one (§3.5), and
 * it proves that the connection lives before anything is sent that could run twice.
 */
export class AgentConversation {
  readonly transfer: Transfer
  /** The certificate of ours that was presented on it: its thumbprint. */
  readonly own: string
  /** When it was opened, by `performance.now()`. */
  readonly openedMs = performance.now()
  readonly #onIdentified: (() => void) | undefined
  #state: 'new' | 'identified' | 'idle' | 'busy' = 'new'

  /** `onIdentified`: the agent has said who it is, so that it trusts us. */
  constructor(transfer: Transfer, own = '', onIdentified?: () => void) {
    this.transfer = transfer
    this.own = own
    this.#onIdentified = onIdentified
  }

  /** The opening alone, for whoever wants to know whether the agent trusts us. Once, and first. */
  async identify(): Promise<void> {
    await identifyAsDialler(this.transfer, { type: 'client' })
    this.#state = 'identified'
    this.#onIdentified?.()
  }

  /** Makes the connection ready for a request. Any failure here is one of initialisation: nothing was sent that could have run. */
  initialise(): Promise<void> | undefined {
    const { transfer } = this
    const { tcpClientHeartbeatReceiveTimeoutMs } = transfer.options.limits
    const before = this.#state
    this.#state = 'busy'
    if (before === 'identified') return undefined
    if (before === 'new') {
      const identified = identifyAsDialler(transfer, { type: 'client' })
      return this.#onIdentified ? identified.then(this.#onIdentified) : identified
    }
    const sent = transfer.sendNext()
    return sent
      ? sent.then(() => transfer.expectProceed(tcpClientHeartbeatReceiveTimeoutMs))
      : transfer.expectProceed(tcpClientHeartbeatReceiveTimeoutMs)
  }

  /**
   * Sends a request, receives its response and has it read; gives the data streams that follow it. `endpoint` is for their errors.
   */
  async exchange(request: EncodedMessage, requestId: string, reader: AnswerReader, endpoint: string): Promise<AnswerStreams | undefined> {
    const { transfer } = this
    const { limits, budget } = transfer.options
    transfer.begin()
    const sent = transfer.send(request, undefined, undefined, requestId)
    if (sent) await sent
    reader.requestSent?.()
    const received = transfer.receive(limits.tcpClientReceiveResponseTimeoutMs)
    const read = reader.readAnswer(received instanceof Promise ? await received : received, budget)
    const announced = read instanceof Promise ? await read : read
    if (announced.length === 0) {
      this.#rest()
      return undefined
    }
    const streams = transfer.receiveStreams(requestId, announced, { delivery: 'executed', endpoint })
    streams.done.then(
      () => this.#rest(),
      () => {},
    )
    return streams
  }

  #rest(): void {
    this.#state = 'idle'
    this.transfer.done()
  }

  /** Between two exchanges: it may be used again. */
  get idle(): boolean {
    return this.#state === 'idle' && this.transfer.channel.failure === undefined
  }

  /** END, then an orderly close. */
  end(): Promise<void> {
    return this.transfer.end()
  }
}
