import type { EndedCall } from '@halibut-gateway/schemas'
import { ownerOf, type Principal } from '../access/principal.ts'
import type { HalibutError } from '../base/errors.ts'
import { gatewayLimits } from '../base/limits.ts'
import { quotesValues } from '../base/quotes-values.ts'
import type { CallSubject } from './call-subject.ts'

/** A call that is over. */
export interface RecentCall {
  readonly subject: CallSubject
  /** Whose it was, as {@link ownerOf} says: another one may have the same name one day. */
  readonly owner: string | undefined
  /** By `performance.now()`. */
  readonly endedMs: number
  readonly queuedMs: number
  readonly durationMs: number
  readonly fault: CallFault | undefined
}

/** What came of a call that failed: its error, without what hangs on that. */
export type CallFault = Omit<NonNullable<EndedCall['error']>, 'message'> & {
  readonly message: string
  /** The message may hold what the agent has said, or an argument. */
  readonly isPrivate: boolean
}

/** What is remembered of one agent. */
interface AgentCalls {
  readonly calls: Ring<RecentCall>
  readonly failures: Ring<RecentCall>
  /** It was called since somebody looked for one to forget. */
  isFresh: boolean
}

/** Of each text, about as much as a person reads. */
const messageChars = 2_000

/** The last calls of the agents that were called last, and those that failed. Costs a call nothing but its place in a list. */
export class RecentCalls {
  readonly #agents = new Map<string, AgentCalls>()

  add(subject: CallSubject, durationMs: number, queuedMs: number, error: HalibutError | undefined, principal?: Principal): void {
    const its = this.#agents.get(subject.agent) ?? this.#make(subject.agent)
    its.isFresh = true
    const call: RecentCall = {
      subject,
      owner: principal && ownerOf(principal),
      endedMs: performance.now(),
      queuedMs,
      durationMs,
      fault: error && faultOf(error),
    }
    its.calls.push(call)
    if (error) its.failures.push(call)
  }

  /** The last ones first. */
  of(agent: string): { readonly calls: readonly RecentCall[]; readonly failures: readonly RecentCall[] } {
    const its = this.#agents.get(agent)
    return its ? { calls: its.calls.newestFirst(), failures: its.failures.newestFirst() } : { calls: [], failures: [] }
  }

  forget(agent: string): void {
    this.#agents.delete(agent)
  }

  #make(agent: string): AgentCalls {
    if (this.#agents.size >= gatewayLimits.recentCallAgents) this.#forgetOne()
    const its: AgentCalls = {
      calls: new Ring(gatewayLimits.recentCalls),
      failures: new Ring(gatewayLimits.recentFailures),
      isFresh: true,
    }
    this.#agents.set(agent, its)
    return its
  }

  /** One that was not called for about the longest: whoever was called since the last look is passed over once. */
  #forgetOne(): void {
    for (const [agent, its] of this.#agents) {
      this.#agents.delete(agent)
      if (!its.isFresh) return
      its.isFresh = false
      this.#agents.set(agent, its)
    }
  }
}

/** The last so many things. */
class Ring<T> {
  readonly #most: number
  readonly #items: T[] = []
  #next = 0

  constructor(most: number) {
    this.#most = most
  }

  push(item: T): void {
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#most
  }

  newestFirst(): T[] {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)].reverse()
  }
}

function faultOf(error: HalibutError): CallFault {
  const { kind, phase, delivery, message, advice, remote } = error
  return {
    kind,
    ...(phase && { phase }),
    delivery,
    message: cut(message),
    advice,
    ...(remote?.type !== undefined && { remoteType: cut(remote.type) }),
    isPrivate: quotesValues(error),
  }
}

/** A part of a text holds all of it in memory, and an agent may say very much: what is cut is a copy. */
function cut(text: string): string {
  return text.length > messageChars ? structuredClone(`${text.slice(0, messageChars)}…`) : text
}
