import { HalibutError } from '../base/errors.ts'
import type { MemoryCharge } from '../base/memory-charge.ts'
import type { EncodedMessage } from '../codec/envelope.ts'
import { type DecodedResponse, decodeResponse } from '../codec/envelope.ts'
import type { TypeResolver } from '../codec/type-registry.ts'
import { decodeLargeResponse, inTurnsFromBytes } from './decode-in-turns.ts'
import { identifyAsDialler } from './identify.ts'
import type { ReceivedStreams } from './received-streams.ts'
import type { Transfer } from './transfer.ts'

/** A response, and when its data streams have all arrived (`undefined`: it has none). */
export interface Exchanged {
  readonly response: DecodedResponse | null
  readonly streams: ReceivedStreams | undefined
  /** What the values of a large response are charged with; whoever lets them go releases it. */
  readonly charge?: MemoryCharge | undefined
}

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

  /** Sends a request and receives its response, whose `$type` names `types` resolves. `endpoint` is for errors of its data streams. */
  async exchange(request: EncodedMessage, requestId: string, types: TypeResolver, endpoint: string): Promise<Exchanged> {
    const { transfer } = this
    const sent = transfer.send(request, undefined, undefined, requestId)
    if (sent) await sent
    const { limits } = transfer.options
    const received = transfer.receive(limits.tcpClientReceiveResponseTimeoutMs)
    const document = received instanceof Promise ? await received : received
    const { response, charge } =
      document.length < inTurnsFromBytes
        ? { response: decodeResponse(document, types, limits), charge: undefined }
        : await decodeLargeResponse(transfer, document, types)
    if (response === null || response.streams.length === 0) {
      this.#state = 'idle'
      return { response, streams: undefined, charge }
    }
    const streams = transfer.receiveStreams(response.id, response.streams, { delivery: 'executed', endpoint })
    streams.done.then(
      () => {
        this.#state = 'idle'
      },
      () => {},
    )
    return { response, streams, charge }
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

/** The error of a response that is the null message: the agent had nothing to say. */
export function noResponse(): HalibutError {
  return new HalibutError('remote_error', 'the agent answered with an empty message, which holds neither a result nor an error', {
    phase: 'response',
    delivery: 'unknown',
    advice: 'find out whether the request ran before calling again',
    dotnetType: 'Halibut.HalibutClientException',
    dotnetMessage: 'No response was received from the endpoint within the allowed time.',
  })
}
