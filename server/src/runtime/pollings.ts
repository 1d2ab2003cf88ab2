import { setMaxListeners } from 'node:events'
import { argumentText } from '../base/argument.ts'
import { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import type { ServiceSide } from '../exchange/serve-requests.ts'
import type { Transfer } from '../exchange/transfer.ts'
import type { Drainable } from './drain.ts'
import { type Endpoint, printSubscription, requirePin } from './endpoint.ts'
import type { LogWriter } from './event-log.ts'
import type { PollOptions } from './options.ts'
import { runPollingLoop } from './polling-loop.ts'

const maxPollingConnections = 1_000

/** A polling service that is kept connected. */
export interface Polling {
  /** Ends its connections; what runs is cut off. */
  close(): Promise<void>
}

/** What {@link Pollings} need. */
export interface PollingsOptions {
  readonly limits: Limits
  readonly service: ServiceSide
  readonly dial: (endpoint: Endpoint, signal: AbortSignal) => Promise<Transfer>
  readonly ownThumbprint: string
  readonly log: LogWriter
}

/** The clients that a runtime polls for requests to its services. */
export class Pollings implements Drainable {
  readonly #options: PollingsOptions
  readonly #all = new Set<Polling & Drainable>()

  constructor(options: PollingsOptions) {
    this.#options = options
  }

  /** Keeps connections up until closed. */
  start(endpoint: Endpoint, options: Omit<PollOptions, 'endpoint'>): Polling {
    const { limits, service, dial, log } = this.#options
    const own = this.#options
    if (endpoint.scheme !== 'https')
      throw new HalibutError('invalid_argument', `a client is polled at an https:// address, not at ${endpoint.uri}`)
    requirePin(endpoint)
    const subscription = printSubscription(options.subscription)
    const { connections = 1 } = options
    if (!(Number.isInteger(connections) && connections >= 1 && connections <= maxPollingConnections)) {
      throw new HalibutError(
        'invalid_argument',
        `connections must be a whole number from 1 to ${maxPollingConnections}, not ${argumentText(connections)}`,
      )
    }
    const ending = new AbortController()
    const draining = new AbortController()
    setMaxListeners(0, ending.signal, draining.signal)
    const loops = Array.from({ length: connections }, () =>
      runPollingLoop({
        endpoint,
        subscription,
        service,
        limits,
        dial: signal => dial(endpoint, signal),
        signal: ending.signal,
        draining: draining.signal,
        get ownThumbprint() {
          return own.ownThumbprint
        },
        onIdentified: () => log(endpoint.uri, 'Diagnostic', `Polling as ${subscription}`),
        log: (message, error) => log(endpoint.uri, 'Error', message, error),
      }),
    )
    const polling: Polling & Drainable = {
      drain: () => {
        draining.abort()
        return Promise.all(loops)
      },
      close: async () => {
        this.#all.delete(polling)
        draining.abort()
        ending.abort()
        await Promise.all(loops)
      },
    }
    this.#all.add(polling)
    return polling
  }

  drain(): Promise<unknown> {
    return Promise.all([...this.#all].map(polling => polling.drain()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map(polling => polling.close()))
  }
}
