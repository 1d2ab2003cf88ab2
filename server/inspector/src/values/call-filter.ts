import { beginningOfJson } from './beginning-of-json.ts'
import type { MadeCall } from './made-call.ts'

/** What calls are narrowed to; empty: all of them. */
export interface CallFilter {
  readonly search: string
  readonly agent: string
  readonly method: string
  readonly outcome: MadeCall['outcome']['at'] | ''
}

/** All calls. */
export const everyCall: CallFilter = { search: '', agent: '', method: '', outcome: '' }

const searchedChars = 4_096

/** The name of the method of a call, without the types of its signature. */
export function methodOf({ signature }: MadeCall): string {
  return signature.replace(/\(.*/s, '')
}

/** Those of the calls that a filter lets through. Words are looked for in where a call went, its arguments without secrets, and what came of it. */
export function filterCalls(calls: readonly MadeCall[], { search, agent, method, outcome }: CallFilter): readonly MadeCall[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return calls.filter(
    call =>
      (agent === '' || call.agent === agent) &&
      (method === '' || methodOf(call) === method) &&
      (outcome === '' || call.outcome.at === outcome) &&
      (words.length === 0 || hasAll(textOf(call), words)),
  )
}

function hasAll(text: string, words: readonly string[]): boolean {
  return words.every(word => text.includes(word))
}

/** The text that is searched of each call, made once: a change makes another object of it. */
const texts = new WeakMap<MadeCall, string>()

function textOf(call: MadeCall): string {
  let text = texts.get(call)
  if (text === undefined) {
    text = `${call.agent} ${call.service} ${call.signature} ${short(call.shownArgs)} ${cameOf(call)}`.toLowerCase()
    texts.set(call, text)
  }
  return text
}

function cameOf({ outcome, hidesResult }: MadeCall): string {
  switch (outcome.at) {
    case 'running':
      return 'running'
    case 'answered':
      return `answered ${hidesResult || outcome.dropped ? '' : short(outcome.result.value)}`
    case 'failed':
      return `failed ${outcome.error.kind} ${outcome.error.message}`
  }
}

function short(value: unknown): string {
  return beginningOfJson(value, searchedChars, '').text
}
