import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { steadyTime } from '../base/steady-time.ts'

/** Where it is kept. */
export interface UseRecords {
  get(id: string): { readonly text: string } | undefined
  put(record: { readonly id: string; readonly text: string }): Promise<void>
}

/** What {@link LastUse} works with. */
export interface LastUseOptions {
  readonly records: UseRecords
  /** The agents that there are. */
  readonly ids: () => readonly string[]
  readonly log: LogSink
  readonly now?: () => number
}

const recordId = 'last-use'
const dayMs = 86_400_000

/** On which day each agent was called last; where it never was, on which day it was noticed first. Kept now and then, since a day more or less is no loss. */
export class LastUse {
  readonly #options: LastUseOptions
  readonly #now: () => number
  readonly #days: Map<string, number>
  #today = 0
  #isNew = false
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: LastUseOptions) {
    this.#options = options
    this.#now = options.now ?? steadyTime
    this.#days = new Map(Object.entries(read(options.records.get(recordId)?.text)))
    this.#look()
  }

  /** Keeps it from time to time. */
  start(): void {
    this.#timer = setInterval(() => void this.keep(), gatewayLimits.lastUseMs)
    this.#timer.unref()
  }

  /** An agent was called. */
  readonly note = (agent: string): void => {
    if (this.#days.get(agent) === this.#today) return
    this.#days.set(agent, this.#today)
    this.#isNew = true
  }

  /** The beginning of that day, in UTC milliseconds since 1970; `undefined`: it was not noticed yet. */
  of(agent: string): number | undefined {
    const day = this.#days.get(agent)
    return day === undefined ? undefined : day * dayMs
  }

  /** Keeps what is new. Never rejects. */
  async keep(): Promise<void> {
    this.#look()
    if (!this.#isNew) return
    this.#isNew = false
    try {
      await this.#options.records.put({ id: recordId, text: JSON.stringify(Object.fromEntries(this.#days)) })
    } catch (cause) {
      this.#isNew = true
      this.#options.log('warn', 'when agents were called last could not be kept', { cause: messageOf(cause) })
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.keep()
  }

  /** Which day it is, and which agents there are. */
  #look(): void {
    this.#today = Math.floor(this.#now() / dayMs)
    const there = new Set(this.#options.ids())
    for (const id of this.#days.keys()) {
      if (there.has(id)) continue
      this.#days.delete(id)
      this.#isNew = true
    }
    for (const id of there) if (!this.#days.has(id)) this.note(id)
  }
}

/** What is no such record is forgotten: it costs a date. */
function read(text: string | undefined): Record<string, number> {
  try {
    const days = JSON.parse(text ?? '{}') as Record<string, unknown>
    return Object.fromEntries(Object.entries(days).filter((entry): entry is [string, number] => Number.isInteger(entry[1])))
  } catch {
    return {}
  }
}
