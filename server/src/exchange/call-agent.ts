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
  #state: 'new' | 'idle' | 'busy' = 'new'

  constructor(transfer: Transfer) {
    this.transfer = transfer
  }

  /** Makes the connection ready for a request. Any failure here is one of initialisation: nothing was sent that could have run. */
  initialise(): Promise<void> | undefined {
    const { transfer } = this
    const { tcpClientHeartbeatReceiveTimeoutMs } = transfer.options.limits
    const isNew = this.#state === 'new'
    this.#state = 'busy'
    if (isNew) return identifyAsDialler(transfer, { type: 'client' })
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
    const sent = transfer.send(request, undefined, undefined, requestId)
    if (sent) await sent
    const received = transfer.receive(limits.tcpClientReceiveResponseTimeoutMs)
    const read = reader.readAnswer(received instanceof Promise ? await received : received, budget)
    const announced = read instanceof Promise ? await read : read
    if (announced.length === 0) {
      this.#state = 'idle'
      return undefined
    }
    const streams = transfer.receiveStreams(requestId, announced, { delivery: 'executed', endpoint })
    streams.done.then(
      () => {
        this.#state = 'idle'
      },
      () => {},
    )
    return streams
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
