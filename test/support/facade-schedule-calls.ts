import { type Download, type GatewayClient, GatewayError } from '../../client-sdk/src/index.ts'
import { type Plan, planOf, type ScheduleAgent, scheduleService } from './facade-schedule-agent.ts'
import { Reading, Source } from './facade-schedule-streams.ts'
import type { SocketRecord } from './facade-socket-record.ts'

type Outcome = { readonly value: unknown } | { readonly error: GatewayError }

/** One call of an entry: the first one, or one more under its key. */
interface Made {
  readonly entry: number
  readonly plan: Plan
  readonly keyed: boolean
  readonly mode: 'kill' | 'skip'
  readonly stop: AbortController
  readonly source: Source | undefined
  /** Sessions that had been lost before it was made. */
  readonly lostBefore: number
  /** Whether it left at once: else what was said after it may come to the gateway before it. */
  readonly sentAtOnce: boolean
  cancelled: boolean
  outcome: Outcome | undefined
  reading: Reading | undefined
}

/** What the calls of a schedule act on. */
export interface CalledWorld {
  readonly client: GatewayClient
  readonly agent: ScheduleAgent
  readonly record: SocketRecord
}

/** The calls of a schedule, with what may come of them. */
export class ScheduledCalls {
  readonly faults: string[] = []
  readonly tally = { calls: 0, 'killed while they ran': 0, 'skipped while they ran': 0, downloads: 0, uploads: 0 }
  readonly #world: CalledWorld
  readonly #made: Made[] = []
  /** Entries whose agent may notice that nobody waits: for a moment everybody who did had killed the call. */
  readonly #mayBeAbandoned = new Set<number>()

  constructor(world: CalledWorld) {
    this.#world = world
  }

  /** Makes a call. An entry is one request: it is made once, or under its key, or by its contract, as often as one likes. */
  call(entry: number, keyed: boolean, mode: 'kill' | 'skip'): void {
    const plan = planOf(entry)
    const others = this.#of(entry)
    if (plan.method !== 'Read' && others.length > 0 && !(keyed && others.every(each => each.keyed))) return
    const stop = new AbortController()
    const source = plan.method === 'Upload' ? new Source(entry) : undefined
    const lostBefore = this.#world.record.lost
    const sentAtOnce = this.#world.client.state.at === 'connected'
    const fresh = { cancelled: false, outcome: undefined, reading: undefined }
    const made: Made = { entry, plan, keyed, mode, stop, source, lostBefore, sentAtOnce, ...fresh }
    this.#made.push(made)
    this.tally.calls++
    this.#answer(made).then(
      value => {
        if (plan.method === 'Download') made.reading = new Reading(entry, value as Download)
        this.#settle(made, { value })
      },
      (error: unknown) => this.#settle(made, { error: error as GatewayError }),
    )
  }

  /** Cancels one of the calls that have not ended. */
  cancel(which: number): void {
    const one = pick(
      this.#made.filter(each => !each.cancelled && !each.outcome),
      which,
    )
    if (!one) return
    const { entry } = one
    one.cancelled = true
    if (this.#world.agent.isRunning(entry)) this.tally[one.mode === 'kill' ? 'killed while they ran' : 'skipped while they ran']++
    const waiting = this.#of(entry).filter(
      each => each.sentAtOnce && each.keyed && !each.outcome && !(each.cancelled && each.mode === 'kill'),
    )
    if (!one.keyed || waiting.length === 0) this.#mayBeAbandoned.add(entry)
    one.stop.abort()
  }

  /** Reads so many chunks of a download that is open, or lets an upload have so many. */
  move(which: number, chunks: number): void {
    const one = pick(this.#moving(), which)
    one?.reading?.take(chunks)
    one?.source?.give(chunks)
  }

  /** Gives a data stream up, from the browser’s side. */
  drop(which: number): void {
    const one = pick(this.#moving(), which)
    one?.reading?.drop()
    one?.source?.drop()
  }

  /** Lets all data streams move to their ends. */
  moveAll(): void {
    for (const { reading, source } of this.#made) {
      reading?.take(Number.POSITIVE_INFINITY)
      source?.give(Number.POSITIVE_INFINITY)
    }
  }

  /** Calls and data streams that have not ended. */
  open(): string[] {
    return this.#made.flatMap(({ entry, outcome, reading, source }) => [
      ...(outcome ? [] : [`call ${entry}`]),
      ...(reading && !reading.end ? [`download ${entry}`] : []),
      ...(source && !source.isOver ? [`upload ${entry}`] : []),
    ])
  }

  /**
   * Entries that everybody has killed, and that run. An agent that does not take an upload looks at its connection again only after some
   * seconds, so that those may.
   */
  stillRunning(): number[] {
    return this.#entries().filter(entry => {
      if (planOf(entry).method === 'Upload') return false
      const all = this.#of(entry)
      return all.every(each => each.cancelled && each.mode === 'kill' && !this.#lostSince(each)) && this.#world.agent.isRunning(entry)
    })
  }

  /** Holds what came of the calls against what may. */
  check(): void {
    const { agent } = this.#world
    for (const entry of this.#entries()) {
      const ran = agent.journal.get(entry) ?? 0
      if (ran > 1 && planOf(entry).method !== 'Read') this.faults.push(`entry ${entry} ran ${ran} times`)
      const all = this.#of(entry)
      // Content that the browser gave up, or did not give any more once its call had ended, breaks the call off.
      const isBlameless = !all.some(each => this.#lostSince(each) || (each.source && (each.source.isDropped || each.cancelled)))
      if (isBlameless && agent.abandoned.has(entry) && !this.#mayBeAbandoned.has(entry))
        this.faults.push(`the agent was told that nobody waits for entry ${entry}, and somebody did`)
      for (const made of all) this.#checkOutcome(made, ran)
    }
  }

  #checkOutcome(made: Made, ran: number): void {
    const { entry, plan, outcome, reading } = made
    if (!outcome) this.faults.push(`call ${entry} has no outcome`)
    else if ('error' in outcome) this.#checkError(made, outcome.error, ran)
    else {
      if (ran === 0) this.faults.push(`entry ${entry} was answered and never ran`)
      const expected = plan.method === 'Upload' ? BigInt(plan.length) : BigInt(entry)
      if (plan.method !== 'Download' && outcome.value !== expected) this.faults.push(`entry ${entry} was answered ${outcome.value}`)
      if (plan.method === 'Upload') this.tally.uploads++
    }
    const end = reading?.end
    if (!end) return
    if (end.fault) this.faults.push(end.fault)
    else if (end.error === undefined) this.tally.downloads++
    else if (!(reading.isDropped && isKind(end.error, 'cancelled')) && !(this.#lostSince(made) && isKind(end.error, 'connection_lost')))
      this.faults.push(`the download of entry ${entry} broke off without cause: ${end.error}`)
  }

  #checkError({ entry, ...made }: Made, error: unknown, ran: number): void {
    if (!(error instanceof GatewayError)) {
      this.faults.push(`call ${entry} ended with ${error}`)
      return
    }
    const { kind, delivery } = error
    const all = this.#of(entry)
    if (!this.#mayEnd(made, kind, all)) this.faults.push(`call ${entry} ended without cause: ${error.kind}: ${error.message}`)
    // Another call of the entry may have run it.
    if (delivery === 'not_sent' && all.length === 1 && ran > 0)
      this.faults.push(`entry ${entry} ran, and its error says not_sent (${kind})`)
    if (delivery === 'executed' && ran === 0) this.faults.push(`entry ${entry} did not run, and its error says executed (${kind})`)
  }

  #mayEnd({ plan, keyed }: Omit<Made, 'entry'>, kind: string, all: readonly Made[]): boolean {
    const entry = all[0]?.entry ?? -1
    switch (kind) {
      case 'cancelled':
        return all.some(each => each.cancelled)
      case 'connection_lost':
        return all.some(each => this.#lostSince(each))
      case 'service_failed':
        return this.#world.agent.failed.has(entry)
      case 'outcome_unknown':
        return keyed && all.some(each => this.#lostSince(each))
      case 'stream_consumed':
        return keyed && plan.method === 'Download'
      case 'stream_failed':
        return plan.method === 'Upload' && all.some(each => each.source?.isDropped || each.cancelled || this.#lostSince(each))
      default:
        return false
    }
  }

  #settle(made: Made, outcome: Outcome): void {
    if (made.outcome) this.faults.push(`call ${made.entry} ended twice`)
    made.outcome = outcome
  }

  #answer({ entry, plan, keyed, mode, stop, source }: Made): Promise<unknown> {
    const service = this.#world.client.agent('a').service(scheduleService)
    const options = { signal: stop.signal, cancel: mode, ...(keyed ? { idempotencyKey: `entry ${entry}` } : {}) }
    const argument = BigInt(entry)
    switch (plan.method) {
      case 'Upload':
        return service.Upload(argument, source?.upload ?? new Uint8Array(), options)
      default:
        return service[plan.method](argument, options)
    }
  }

  /** Those with a data stream that is open. */
  #moving(): Made[] {
    return this.#made.filter(({ reading, source }) => (reading && !reading.end) || (source && !source.isOver))
  }

  #of(entry: number): Made[] {
    return this.#made.filter(each => each.entry === entry)
  }

  #entries(): number[] {
    return [...new Set(this.#made.map(each => each.entry))]
  }

  #lostSince(made: Pick<Made, 'lostBefore'>): boolean {
    return this.#world.record.lost > made.lostBefore
  }
}

function isKind(error: unknown, kind: string): boolean {
  return error instanceof GatewayError && error.kind === kind
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)]
}
