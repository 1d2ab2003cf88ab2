import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { pause } from '../base/pause.ts'

/** Where signed heads go. */
export interface HeadOutlet {
  readonly name: 'webhook' | 'syslog'
  /** Rejects where it cannot be said that the other side has taken it. */
  send(head: string, signal: AbortSignal): Promise<void>
}

/** What {@link HeadSender} works with. */
export interface HeadSenderOptions {
  readonly outlets: readonly HeadOutlet[]
  /** The newest head; `undefined`: there is none yet. */
  readonly head: () => string | undefined
  readonly everyMs: number
  readonly log: LogSink
  /** Hears of each that was sent, or could not be. */
  readonly onSent?: ((outlet: HeadOutlet['name'], isTaken: boolean) => void) | undefined
}

/**
 * Sends the signed head of the audit log away: at the start, at regular times where there is another one, and when asked. An outlet that does not take it gets
 * the newest one again, after pauses that grow; the others do not wait for it.
 */
export class HeadSender {
  readonly #options: HeadSenderOptions
  readonly #stop = new AbortController()
  readonly #lines: readonly OutletLine[]
  readonly #timer: NodeJS.Timeout

  constructor(options: HeadSenderOptions) {
    this.#options = options
    this.#lines = options.outlets.map(outlet => new OutletLine(outlet, options, this.#stop.signal))
    this.#timer = setInterval(() => this.send(), options.everyMs)
    this.send()
  }

  /** Sends the newest head now, where it is another one than was sent last. */
  send(): void {
    // To sign takes a millisecond.
    const head = this.#lines.length > 0 ? this.#options.head() : undefined
    if (head !== undefined) for (const line of this.#lines) line.send(head)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await Promise.all(this.#lines.map(line => line.idle()))
  }
}

/** What goes to one outlet, one head after another. */
class OutletLine {
  readonly #outlet: HeadOutlet
  readonly #options: HeadSenderOptions
  readonly #signal: AbortSignal
  #newest: string | undefined
  #sent: string | undefined
  #working: Promise<void> | undefined

  constructor(outlet: HeadOutlet, options: HeadSenderOptions, signal: AbortSignal) {
    this.#outlet = outlet
    this.#options = options
    this.#signal = signal
  }

  send(head: string): void {
    this.#newest = head
    this.#working ??= this.#work()
  }

  async idle(): Promise<void> {
    await this.#working
  }

  async #work(): Promise<void> {
    let failures = 0
    while (!this.#signal.aborted && this.#newest !== undefined && contentOf(this.#newest) !== contentOf(this.#sent)) {
      const head = this.#newest
      try {
        await this.#outlet.send(head, AbortSignal.any([this.#signal, AbortSignal.timeout(gatewayLimits.headSendMs)]))
        this.#sent = head
        this.#told(failures)
        failures = 0
      } catch (why) {
        if (this.#signal.aborted) break
        failures++
        this.#failed(failures, why)
        await pause(delayMs(failures), this.#signal)
      }
    }
    this.#working = undefined
  }

  #told(failures: number): void {
    const { log, onSent } = this.#options
    onSent?.(this.#outlet.name, true)
    if (failures > 0) log('info', `the ${this.#outlet.name} takes signed heads of the audit log again`, { failures })
  }

  /** A line for the first failure, the second, the fourth and so on. */
  #failed(failures: number, why: unknown): void {
    const { log, onSent } = this.#options
    onSent?.(this.#outlet.name, false)
    if ((failures & (failures - 1)) !== 0) return
    const cause = messageOf(why)
    log('warn', `the ${this.#outlet.name} does not take the signed head of the audit log; it is tried again`, { failures, cause })
  }
}

/** Two signatures of one head are two texts. */
function contentOf(head: string | undefined): string | undefined {
  return head?.split('\n\n')[0]
}

function delayMs(failures: number): number {
  const { headRetryMinMs, headRetryMaxMs } = gatewayLimits
  return Math.min(headRetryMaxMs, headRetryMinMs * 2 ** Math.min(failures - 1, 30)) * (0.75 + Math.random() / 2)
}
