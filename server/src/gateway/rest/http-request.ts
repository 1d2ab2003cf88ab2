import type { CancelMode } from '@halibut-gateway/schemas/contract'
import type { Principal } from '../../access/principal.ts'
import { HalibutError } from '../../base/errors.ts'
import { placeOf } from '../../rpc/announced-streams.ts'
import type { RequestContext } from '../../rpc/call-context.ts'
import type { CallStreams } from '../../rpc/call-streams.ts'
import { ParamsError } from '../../rpc/params-error.ts'
import type { TraceHeaders } from '../trace.ts'

const elsewhere = 'call it over the WebSocket, as the SDK does'

/** A method that is asked for over HTTP, between its request and its answer. */
export class HttpRequest implements RequestContext {
  readonly principal: Principal
  readonly traceparent: string | undefined
  readonly tracestate: string | undefined
  readonly isHttp = true
  readonly receivedMs = performance.now()
  readonly streams: CallStreams
  readonly #stop = new AbortController()
  #begun: CancelMode | undefined

  constructor(principal: Principal, { traceparent, tracestate }: TraceHeaders, params: unknown) {
    this.principal = principal
    this.traceparent = traceparent
    this.tracestate = tracestate
    this.streams = noStreams(params)
  }

  /** All that somebody asks for over HTTP has one turn among sessions. */
  get caller(): string {
    return `http ${this.principal.name}`
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  begun(cancel: CancelMode): void {
    this.#begun = cancel
  }

  /** Who asked has gone. What has left for an agent that is to finish it goes on, for nobody. */
  leave(): void {
    if (this.#begun !== 'skip') this.stop(new HalibutError('cancelled', 'the caller closed the connection'))
  }

  /** Gives it up, at the agent too. */
  stop(why: HalibutError): void {
    this.#stop.abort(why)
  }

  /** What comes before a result is not told over HTTP. */
  sendItem(): void {}

  async writable(): Promise<void> {}
}

/** The data streams of a request that can have none. */
function noStreams(params: unknown): CallStreams {
  return {
    isPossible: false,
    wantDigest: () => undefined,
    ready: () => undefined,
    accept: handle => {
      throw new ParamsError(`a data stream cannot travel over HTTP; ${elsewhere}`, [
        { path: placeOf(handle, params), expected: 'no data stream', got: 'a data stream' },
      ])
    },
    offer: () => {
      throw new HalibutError('serialization_failed', 'the result holds a data stream, which cannot travel over HTTP', {
        phase: 'response',
        delivery: 'executed',
        advice: `${elsewhere}; this call did run`,
      })
    },
    uploads: () => [],
  }
}
