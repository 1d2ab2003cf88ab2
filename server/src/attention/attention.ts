import { type AttentionCode, type AttentionItem, attentionCodes, attentionTable } from '@halibut-gateway/schemas'
import { gatewayLimits } from '../base/limits.ts'
import type { LogSink } from '../base/log.ts'
import { steadyTime } from '../base/steady-time.ts'
import { warnings } from './warnings.ts'

/** Something that a check has found. */
export interface Finding {
  readonly code: AttentionCode
  /** Tells it from others of its code. */
  readonly subject: string
  readonly about?: AttentionItem['about']
  /** Since when it is so; default: since it was found first. UTC milliseconds since 1970. */
  readonly sinceMs?: number | undefined
  /** Default: that of its code. */
  readonly severity?: AttentionItem['severity']
  /** Changes with what there is to tell. */
  readonly version: unknown
  /** What is wrong and what to do. Asked for only where the version is new. */
  tell(): Pick<AttentionItem, 'text' | 'action'>
}

/** Looks for one kind of trouble. It is asked again and again, and takes no time worth mentioning. */
export interface Check {
  readonly name: string
  look(nowMs: number): Iterable<Finding>
}

interface Found {
  readonly finding: Finding
  readonly sinceMs: number
}

/** What {@link Attention} works with. */
export interface AttentionOptions {
  readonly checks: readonly Check[]
  readonly log: LogSink
  readonly now?: () => number
}

/**
 * What needs a person, as it was found at the last look. Something is shown when it has lasted as long as its kind has to, and as long as nothing
 * is shown that explains it ({@link warnings}).
 */
export class Attention {
  readonly #checks: readonly Check[]
  readonly #log: LogSink
  readonly #now: () => number
  #found = new Map<string, Found>()
  #shown = new Map<string, { readonly item: AttentionItem; readonly version: unknown }>()
  readonly #listeners = new Set<(id: string) => void>()
  /** Checks that failed at the last look. */
  #failed = new Set<string>()
  #lookedMs = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setInterval> | undefined

  constructor({ checks, log, now = steadyTime }: AttentionOptions) {
    this.#checks = checks
    this.#log = log
    this.#now = now
  }

  /** Looks now, and again and again. */
  start(): void {
    this.look()
    this.#timer = setInterval(() => this.look(), gatewayLimits.attentionLookMs)
    this.#timer.unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  ids(): string[] {
    return [...this.#shown.keys()]
  }

  get(id: string): AttentionItem | undefined {
    return this.#shown.get(id)?.item
  }

  /** How many there are of each code. */
  counts(): Map<AttentionCode, number> {
    const counts = new Map<AttentionCode, number>(attentionCodes.map(code => [code, 0]))
    for (const { item } of this.#shown.values()) counts.set(item.code as AttentionCode, (counts.get(item.code as AttentionCode) ?? 0) + 1)
    return counts
  }

  /** Calls `listener` with the id of each that came, changed or is gone; gives a function that ends this. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Looks for whoever asks, unless that was done just now. */
  refresh(): void {
    if (this.#now() - this.#lookedMs >= gatewayLimits.agentChangesMs) this.look()
  }

  /** Looks now, and tells what has changed. */
  look(): void {
    const now = this.#now()
    this.#lookedMs = now
    this.#found = this.#findings(now)
    const lasting = new Map([...this.#found].filter(([, { finding, sinceMs }]) => now - sinceMs >= warnings[finding.code].lastsMs))
    const explained = explanations(lasting.values())
    const before = this.#shown
    const changed: string[] = []
    this.#shown = new Map()
    for (const [id, { finding, sinceMs }] of lasting) {
      if (isExplained(finding, explained)) continue
      const was = before.get(id)
      if (was && was.version === finding.version && was.item.severity === severityOf(finding)) this.#shown.set(id, was)
      else {
        this.#shown.set(id, { item: itemOf(id, finding, sinceMs), version: finding.version })
        changed.push(id)
      }
    }
    for (const id of before.keys()) if (!this.#shown.has(id)) changed.push(id)
    for (const id of changed) for (const listener of this.#listeners) listener(id)
  }

  #findings(now: number): Map<string, Found> {
    const found = new Map<string, Found>()
    const failed = new Set<string>()
    for (const check of this.#checks) {
      try {
        for (const finding of check.look(now)) {
          const id = `${finding.code} ${finding.subject}`
          found.set(id, { finding, sinceMs: finding.sinceMs ?? this.#found.get(id)?.sinceMs ?? now })
        }
      } catch (cause) {
        failed.add(check.name)
        if (!this.#failed.has(check.name)) this.#log('error', `${check.name}: what needs a person there is not known`, { cause })
      }
    }
    this.#failed = failed
    return found
  }
}

/** What each code is found about: agents, tokens, and `''` for what is about neither. */
type Explanations = ReadonlyMap<AttentionCode, ReadonlySet<string>>

function explanations(found: Iterable<Found>): Explanations {
  const about = new Map<AttentionCode, Set<string>>()
  for (const { finding } of found) {
    const subjects = about.get(finding.code) ?? new Set()
    about.set(finding.code, subjects.add(subjectOf(finding)))
  }
  return about
}

function isExplained(finding: Finding, explained: Explanations): boolean {
  return warnings[finding.code].behind.some(other => explained.get(other)?.has(subjectOf(finding)) === true)
}

function subjectOf({ about }: Finding): string {
  return about?.agent ?? about?.token ?? ''
}

function severityOf({ code, severity }: Finding): AttentionItem['severity'] {
  return severity ?? attentionTable[code].severity
}

function itemOf(id: string, finding: Finding, sinceMs: number): AttentionItem {
  const { code, about = {} } = finding
  return {
    id,
    code,
    severity: severityOf(finding),
    title: attentionTable[code].title,
    ...finding.tell(),
    since: new Date(sinceMs).toISOString(),
    about,
  }
}
