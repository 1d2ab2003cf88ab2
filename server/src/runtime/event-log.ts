import { UnfitResultError } from '../base/unfit-result.ts'

/** The kinds of log events, in .NET’s numeric order (spec §13). */
export const logEventTypes = [
  'OpeningNewConnection',
  'Security',
  'MessageExchange',
  'Diagnostic',
  'ClientDenied',
  'Error',
  'ErrorInInitialisation',
  'ListenerStarted',
  'ListenerAcceptedClient',
  'ListenerStopped',
  'SecurityNegotiation',
  'ErrorInIdentify',
] as const

export type LogEventType = (typeof logEventTypes)[number]

/** One line of an endpoint’s log. */
export interface LogEvent {
  readonly type: LogEventType
  readonly message: string
  readonly error: unknown
  /** UTC milliseconds since 1970. */
  readonly at: number
  readonly endpoint: string
}

/** Takes a line of an endpoint’s log. */
export type LogWriter = (endpoint: string, type: LogEventType, message: string, error?: unknown) => void

/** The last events of each endpoint, in memory (spec §13). Beyond so many in all, the endpoint that was silent for longest is forgotten. */
export class EventLog {
  readonly #perEndpoint: number
  readonly #inAll: number
  readonly #byEndpoint = new Map<string, LogEvent[]>()
  #count = 0
  #last: string | undefined
  readonly #onEvent: (event: LogEvent) => void

  constructor(perEndpoint: number, inAll: number, onEvent: (event: LogEvent) => void) {
    this.#perEndpoint = perEndpoint
    this.#inAll = inAll
    this.#onEvent = onEvent
  }

  write(endpoint: string, type: LogEventType, message: string, error?: unknown): void {
    const key = endpoint.toLowerCase()
    // What an agent answered is not kept for as long as a line about it.
    const kept = error instanceof UnfitResultError ? error.bare() : error
    const event: LogEvent = { type, message, error: kept, at: Date.now(), endpoint: key }
    const events = this.#byEndpoint.get(key) ?? []
    events.push(event)
    if (events.length > this.#perEndpoint) events.shift()
    else this.#count++
    if (this.#last !== key) {
      // Set anew, it stands last.
      this.#byEndpoint.delete(key)
      this.#byEndpoint.set(key, events)
      this.#last = key
    }
    if (this.#count > this.#inAll) {
      const [silent = key] = this.#byEndpoint.keys()
      this.#count -= this.#byEndpoint.get(silent)?.length ?? 0
      this.#byEndpoint.delete(silent)
      this.#last = undefined
    }
    this.#onEvent(event)
  }

  /** Oldest first. */
  read(endpoint: string): readonly LogEvent[] {
    return [...(this.#byEndpoint.get(endpoint.toLowerCase()) ?? [])]
  }
}

/** How grave an event is, as .NET maps it. */
export function severityOf(type: LogEventType): 'error' | 'info' | 'debug' | 'trace' {
  switch (type) {
    case 'Error':
    case 'ErrorInInitialisation':
    case 'ErrorInIdentify':
      return 'error'
    case 'Diagnostic':
    case 'SecurityNegotiation':
    case 'MessageExchange':
      return 'trace'
    case 'OpeningNewConnection':
    case 'ClientDenied':
      return 'debug'
    case 'Security':
    case 'ListenerStarted':
    case 'ListenerAcceptedClient':
    case 'ListenerStopped':
      return 'info'
  }
}
