import { createHash } from 'node:crypto'
import { steadyTime } from '../base/steady-time.ts'
import { timerMs } from '../base/timer.ts'
import type { Principal } from './principal.ts'

interface TimedSignIn {
  readonly principal: Principal
  readonly untilMs: number
}

/** What they are kept with. */
export interface TimedSignInsOptions {
  /** Beyond it those are over sooner that would be next, of whoever has most of them. */
  readonly max: number
  /** UTC milliseconds since 1970. Default: as a clock tells it that nobody sets. */
  readonly now?: (() => number) | undefined
}

/** Sign-ins by their credentials, each until its time is over or somebody ends it. A credential itself is not kept. */
export class TimedSignIns {
  readonly #max: number
  readonly #now: () => number
  /** By the digests of their credentials. */
  readonly #signIns = new Map<string, TimedSignIn>()
  /** How many each name has. */
  readonly #perName = new Map<string, number>()
  readonly #listeners = new Set<(principal: Principal) => void>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerMs = Number.POSITIVE_INFINITY

  constructor({ max, now = steadyTime }: TimedSignInsOptions) {
    this.#max = max
    this.#now = now
  }

  /** `undefined` where there is none, or its time is over. */
  get(credential: string): Principal | undefined {
    const found = this.#signIns.get(digest(credential))
    return found && found.untilMs > this.#now() ? found.principal : undefined
  }

  /** All that are not over. */
  principals(): Principal[] {
    return [...this.#signIns.values()].map(({ principal }) => principal)
  }

  /** For so long from now. There must be none with this credential. */
  add(credential: string, principal: Principal, forMs: number): void {
    if (this.#signIns.size >= this.#max) this.#endNext()
    const untilMs = this.#now() + forMs
    this.#signIns.set(digest(credential), { principal, untilMs })
    this.#perName.set(principal.name, (this.#perName.get(principal.name) ?? 0) + 1)
    if (untilMs < this.#timerMs) this.#await(untilMs)
  }

  /** Gives whether there was one. */
  end(credential: string): boolean {
    return this.#end(digest(credential))
  }

  /** Calls `listener` with each that is over; gives a function that ends this. */
  onEnded(listener: (principal: Principal) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** No end is waited for any more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  #end(key: string): boolean {
    const found = this.#signIns.get(key)
    if (!found) return false
    this.#signIns.delete(key)
    const { name } = found.principal
    const left = (this.#perName.get(name) ?? 1) - 1
    if (left > 0) this.#perName.set(name, left)
    else this.#perName.delete(name)
    for (const listener of this.#listeners) listener(found.principal)
    return true
  }

  #await(untilMs: number): void {
    clearTimeout(this.#timer)
    this.#timerMs = untilMs
    if (untilMs === Number.POSITIVE_INFINITY) return
    this.#timer = setTimeout(() => this.#endPast(), timerMs(untilMs - this.#now()))
    this.#timer.unref()
  }

  #endPast(): void {
    const nowMs = this.#now()
    for (const [key, { untilMs }] of [...this.#signIns]) if (untilMs <= nowMs) this.#end(key)
    this.#await(Math.min(Number.POSITIVE_INFINITY, ...[...this.#signIns.values()].map(({ untilMs }) => untilMs)))
  }

  /** Whoever signs in again and again takes no room but its own. */
  #endNext(): void {
    const most = Math.max(...this.#perName.values())
    let next: readonly [key: string, untilMs: number] | undefined
    for (const [key, { principal, untilMs }] of this.#signIns) {
      if (this.#perName.get(principal.name) === most && (!next || untilMs < next[1])) next = [key, untilMs]
    }
    if (next) this.#end(next[0])
  }
}

function digest(credential: string): string {
  return createHash('sha256').update(credential).digest('base64')
}
