import { offAbort, onAbort } from '../base/abort-listeners.ts'
import { cancelledWhile } from '../base/cancelled.ts'
import type { HalibutError } from '../base/errors.ts'
import type { Limits } from '../base/limits.ts'
import { timerMs } from '../base/timer.ts'
import type { AgentConversation } from '../exchange/call-agent.ts'
import { type AgentConnection, connectionOf, timeOf } from './agent-connection.ts'
import { deadlineError } from './call-deadline.ts'
import { activityOf, type WaitingCalls } from './waiting-calls.ts'

interface Idle {
  readonly conversation: AgentConversation
  readonly since: number
}

/**
 * Connections to one listening agent (spec §8.3): at most `poolMaxIdleConnections` idle ones, an expired one is ended when it is met, and
 * as many live ones as calls unless `maxConnectionsPerAgent` says less.
 */
export class ConnectionPool {
  readonly #limits: Limits
  readonly #maxAgeMs: number
  readonly #onEmpty: ((pool: ConnectionPool) => void) | undefined
  #idle: Idle[] = []
  readonly #live = new Set<AgentConversation>()
  /** Those that are ended when they come back. */
  #leaving: WeakSet<AgentConversation> | undefined
  #reserved = 0
  #waiting: { readonly turn: () => void; readonly requestId: string }[] = []

  /** `onEmpty`: it holds no connection any more, and no call uses it. */
  constructor(limits: Limits, onEmpty?: (pool: ConnectionPool) => void) {
    this.#limits = limits
    this.#onEmpty = onEmpty
    this.#maxAgeMs = safePooledTimeoutMs(limits)
  }

  get idleCount(): number {
    return this.#idle.length
  }

  /** Who waits for a connection, and how many are in use. */
  look(): WaitingCalls {
    const { maxConnectionsPerAgent: limit } = this.#limits
    return {
      calls: this.#waiting.map(({ requestId }) => activityOf(requestId)),
      busy: this.#reserved,
      idle: 0,
      limit: limit > 0 ? limit : undefined,
    }
  }

  /** All of them, in the order in which they were opened. */
  connections(): AgentConnection[] {
    return Array.from(this.#live, ({ transfer, own, openedMs }) =>
      connectionOf(transfer, { direction: 'outgoing', own, sinceMs: timeOf(openedMs) }),
    )
  }

  /** The most recently used idle connection, if one may still be used. */
  take(): AgentConversation | undefined {
    for (let entry = this.#idle.pop(); entry; entry = this.#idle.pop()) {
      if (entry.conversation.idle && performance.now() - entry.since <= this.#maxAgeMs) return entry.conversation
      void this.drop(entry.conversation)
    }
    return undefined
  }

  /**
   * Gives the right to one call; a promise, to be waited for, where all connections are in use, at most `waitMs`. `release` gives it back.
   */
  reserve(signal: AbortSignal | undefined, endpoint: string, waitMs: number | undefined, requestId = ''): Promise<void> | undefined {
    const max = this.#limits.maxConnectionsPerAgent
    if (max <= 0 || this.#reserved < max) {
      this.#reserved++
      return undefined
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer)
        if (signal) offAbort(signal, cancel)
      }
      const turn = (): void => {
        leave()
        resolve()
      }
      const giveUp = (): HalibutError => {
        leave()
        this.#waiting = this.#waiting.filter(each => each.turn !== turn)
        return cancelledWhile('Connecting', { phase: 'queue', endpoint, reason: `all ${max} connections to it are in use` })
      }
      const cancel = (): void => reject(giveUp())
      const expire = (ms: number): void => reject(deadlineError({ name: 'connectWaitMs', ms }, giveUp()))
      const timer = waitMs === undefined ? undefined : setTimeout(expire, timerMs(waitMs), waitMs)
      if (signal) onAbort(signal, cancel)
      this.#waiting.push({ turn, requestId })
    })
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next.turn()
    else this.#reserved--
    this.#tellEmpty()
  }

  /** A connection that has just been dialled. */
  add(conversation: AgentConversation): void {
    this.#live.add(conversation)
    // The agent may end an idle connection; it then leaves the pool at once instead of at the next call.
    void conversation.transfer.channel.closed.then(() => this.#forget(conversation))
  }

  /** After a successful exchange. Beyond the maximum, the one that has been idle longest is ended. */
  giveBack(conversation: AgentConversation): void {
    if (!this.#live.has(conversation) || this.#idle.some(entry => entry.conversation === conversation)) return
    if (this.#leaving?.has(conversation)) {
      void this.drop(conversation)
      return
    }
    this.#idle.push({ conversation, since: performance.now() })
    if (this.#idle.length > this.#limits.poolMaxIdleConnections) {
      const oldest = this.#idle.shift()
      if (oldest) void this.drop(oldest.conversation)
    }
  }

  /** Ends one connection. */
  drop(conversation: AgentConversation): Promise<void> {
    this.#forget(conversation)
    return conversation.end()
  }

  /** Ends the idle ones. */
  async clear(): Promise<void> {
    const idle = this.#idle
    this.#idle = []
    await Promise.all(idle.map(entry => this.drop(entry.conversation)))
  }

  /** Ends those that `which` says, each when what runs on it has come to its end. */
  leave(which: (conversation: AgentConversation) => boolean = () => true): void {
    const idle = new Set(this.#idle.map(entry => entry.conversation))
    for (const conversation of [...this.#live]) {
      if (!which(conversation)) continue
      if (idle.has(conversation)) void this.drop(conversation)
      else {
        this.#leaving ??= new WeakSet()
        this.#leaving.add(conversation)
      }
    }
  }

  /** Ends all of them; those in the middle of an exchange are cut off with `why`. */
  async close(why: HalibutError): Promise<void> {
    const idle = new Set(this.#idle.map(entry => entry.conversation))
    for (const conversation of this.#live) if (!idle.has(conversation)) conversation.transfer.channel.destroy(why)
    await this.clear()
  }

  #forget(conversation: AgentConversation): void {
    this.#live.delete(conversation)
    const index = this.#idle.findIndex(entry => entry.conversation === conversation)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#tellEmpty()
  }

  #tellEmpty(): void {
    if (this.#live.size === 0 && this.#reserved === 0) this.#onEmpty?.(this)
  }
}

/** How long a pooled connection stays usable, kept below the time after which its service gives it up (spec §8.3). */
function safePooledTimeoutMs(limits: Limits): number {
  const { tcpClientPooledConnectionTimeoutMs: pooled, tcpListeningNextRequestIdleTimeoutMs: idle } = limits
  if (pooled < idle) return pooled
  return idle - 10_000 > 0 ? idle - 10_000 : idle
}
