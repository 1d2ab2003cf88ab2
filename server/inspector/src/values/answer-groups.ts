import type { ErrorKind } from '@halibut-gateway/schemas/wire'

/** What came of a call at one of many agents. */
export type AgentOutcome =
  | { readonly at: 'answered'; readonly value: unknown }
  | { readonly at: 'failed'; readonly kind: ErrorKind; readonly message: string }

/** Agents at which the same came of a call. */
export interface AnswerGroup {
  readonly key: string
  readonly at: 'answered' | 'failed'
  /** Of the first of them; `undefined` where it was too long to keep. */
  readonly value: unknown
  readonly isKept: boolean
  /** Of those that failed. */
  readonly kind: ErrorKind | undefined
  readonly message: string | undefined
  readonly agents: readonly string[]
}

/** Characters that are kept of one answer, and of all that differ. */
const answerChars = 65_536
const allChars = 8_388_608

/** Equal answers together, as they come: of each that differs one is kept, as long as there is room. */
export interface AnswerGroups {
  /** Gives the key of the group that it belongs to. */
  add(agent: string, outcome: AgentOutcome): string
  /** Those that answered first, each kind by how many agents there are in it, and those that came first before others. */
  all(): readonly AnswerGroup[]
  get(key: string): AnswerGroup | undefined
  /** Those that failed are called again. */
  forgetFailures(): void
}

/** Begins without any. */
export function createAnswerGroups(): AnswerGroups {
  const groups = new Map<string, AnswerGroup & { readonly agents: string[] }>()
  let room = allChars
  return {
    add: (agent, outcome) => {
      const text = outcome.at === 'answered' ? canonical(outcome.value) : `${outcome.kind} ${withoutWhereabouts(outcome.message, agent)}`
      const key = `${outcome.at} ${text.length} ${digest(text)}`
      const known = groups.get(key)
      if (known) {
        known.agents.push(agent)
        return key
      }
      const isKept = text.length <= Math.min(answerChars, room)
      if (isKept) room -= text.length
      const failed = outcome.at === 'failed' ? outcome : undefined
      groups.set(key, {
        key,
        at: outcome.at,
        value: outcome.at === 'answered' && isKept ? outcome.value : undefined,
        isKept,
        kind: failed?.kind,
        message: failed?.message.slice(0, 1_000),
        agents: [agent],
      })
      return key
    },
    all: () =>
      [...groups.values()].toSorted(
        (one, other) => Number(one.at === 'failed') - Number(other.at === 'failed') || other.agents.length - one.agents.length,
      ),
    get: key => groups.get(key),
    forgetFailures: () => {
      for (const { key, at } of groups.values()) if (at === 'failed') groups.delete(key)
    },
  }
}

/** What most agents answered; `undefined` where none did. */
export function majorityOf(groups: readonly AnswerGroup[]): AnswerGroup | undefined {
  return groups.find(({ at }) => at === 'answered')
}

/** A JSON value as a text that is the same for equal values: members in the order of their names. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const names = Object.keys(value).sort()
  return `{${names.map(name => `${JSON.stringify(name)}:${canonical((value as Record<string, unknown>)[name])}`).join()}}`
}

/** The same failure names another agent, another time and other numbers at each of them. */
function withoutWhereabouts(message: string, agent: string): string {
  return message.replaceAll(agent, '…').replaceAll(/[0-9A-Fa-f]{32,}|\d+/g, '#')
}

/** A checksum of 106 bits: texts of the same length that have it are equal. */
function digest(text: string): string {
  return `${checksum(text, 0)}${checksum(text, 0x9e3779b9)}`
}

/** 53 bits, after the public-domain function cyrb53. */
function checksum(text: string, seed: number): string {
  let one = 0xdeadbeef ^ seed
  let two = 0x41c6ce57 ^ seed
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    one = Math.imul(one ^ code, 2_654_435_761)
    two = Math.imul(two ^ code, 1_597_334_677)
  }
  one = Math.imul(one ^ (one >>> 16), 2_246_822_507) ^ Math.imul(two ^ (two >>> 13), 3_266_489_909)
  two = Math.imul(two ^ (two >>> 16), 2_246_822_507) ^ Math.imul(one ^ (one >>> 13), 3_266_489_909)
  return (4_294_967_296 * (2_097_151 & two) + (one >>> 0)).toString(36).padStart(11, '0')
}

/** Whether more have answered so than in any other way: of two who differ neither is most. */
export function isMost(group: AnswerGroup, groups: readonly AnswerGroup[]): boolean {
  return groups.every(each => each === group || each.at === 'failed' || each.agents.length < group.agents.length)
}
