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

const maxEndpoints = 10_000

/**
 * The last events of each endpoint, in memory (spec §13). Bounded by events an endpoint, and by 10,000 endpoints: the one that was silent
 * for longest goes first.
 */
export class EventLog {
  readonly #perEndpoint: number
  readonly #byEndpoint = new Map<string, LogEvent[]>()
  #last: string | undefined
  readonly #onEvent: (event: LogEvent) => void

  constructor(perEndpoint: number, onEvent: (event: LogEvent) => void) {
    this.#perEndpoint = perEndpoint
    this.#onEvent = onEvent
  }

  write(endpoint: string, type: LogEventType, message: string, error?: unknown): void {
    const key = endpoint.toLowerCase()
    const event: LogEvent = { type, message, error, at: Date.now(), endpoint: key }
    const events = this.#byEndpoint.get(key) ?? []
    events.push(event)
    if (events.length > this.#perEndpoint) events.shift()
    if (this.#last !== key) {
      // Set anew, it stands last.
      this.#byEndpoint.delete(key)
      this.#byEndpoint.set(key, events)
      this.#last = key
    }
    if (this.#byEndpoint.size > maxEndpoints) {
      const silent = this.#byEndpoint.keys().next()
      if (!silent.done) this.#byEndpoint.delete(silent.value)
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
