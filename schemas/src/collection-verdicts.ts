import type { Assertion } from './collection.ts'
import { type Found, isSingular, memberText, parsePath, type Step, select } from './collection-path.ts'
import { type Search, type SearchRoom, search, searchRoom } from './collection-pattern.ts'
import type { ErrorKind } from './wire/errors.ts'

/** What came of a call, as far as assertions look at it. */
export type Seen =
  | {
      readonly at: 'answered'
      readonly value: unknown
      /** From the gateway to the agent and back. */
      readonly durationMs: number
    }
  | { readonly at: 'failed'; readonly kind: ErrorKind; readonly message: string; readonly elapsedMs: number }
  /** It could not be made as it stands. */
  | { readonly at: 'not_made'; readonly reason: string }

/** Whether an assertion holds, and why. */
export interface Verdict {
  readonly passed: boolean
  /** What was asserted, in words. */
  readonly assertion: string
  /** The first place that is not as it should be, as a JSON path; absent for what is about no place. */
  readonly path?: string
  readonly expected: string
  readonly seen: string
}

/** Characters of a value that are told. */
const toldChars = 200

/**
 * What each assertion says to what came of a call, in their order. Where none is about an error, the first verdict is whether the call was
 * answered. Their variables have been filled in.
 */
export function verdictsOn(assertions: readonly Assertion[], seen: Seen): readonly Verdict[] {
  const room = searchRoom()
  const verdicts = assertions.map(assertion => verdictOn(assertion, seen, room))
  if (seen.at === 'answered' || assertions.some(assertion => 'error' in assertion)) return verdicts
  return [{ passed: false, assertion: 'it is answered', expected: 'an answer', seen: told(seen) }, ...verdicts]
}

/** An assertion in words. */
export function assertionText(assertion: Assertion): string {
  if ('equals' in assertion) return `${assertion.path} equals ${shortJson(assertion.equals)}`
  if ('matches' in assertion) return `${assertion.path} matches ${assertion.matches}`
  if ('exists' in assertion) return `${assertion.path} ${assertion.exists ? 'exists' : 'is absent'}`
  return 'error' in assertion ? `it fails with ${assertion.error}` : `it takes less than ${assertion.fasterThanMs} ms`
}

/** `room`: for the patterns of all assertions on one answer, since both may come from anybody. */
function verdictOn(assertion: Assertion, seen: Seen, room: SearchRoom): Verdict {
  const about = { assertion: assertionText(assertion) }
  if ('error' in assertion) {
    const passed = seen.at === 'failed' && seen.kind === assertion.error
    return { passed, ...about, expected: assertion.error, seen: told(seen) }
  }
  if ('fasterThanMs' in assertion) {
    const expected = `less than ${assertion.fasterThanMs} ms`
    if (seen.at === 'not_made') return { passed: false, ...about, expected, seen: told(seen) }
    const ms = seen.at === 'answered' ? seen.durationMs : seen.elapsedMs
    return { passed: ms < assertion.fasterThanMs, ...about, expected, seen: `${Math.round(ms * 10) / 10} ms` }
  }
  const expected = expectedOf(assertion)
  if (seen.at !== 'answered') return { passed: false, ...about, path: assertion.path, expected, seen: told(seen) }
  try {
    return { ...about, expected, ...looked(assertion, parsePath(assertion.path), seen.value, room) }
  } catch (why) {
    if (!(why instanceof SyntaxError || why instanceof RangeError)) throw why
    return { passed: false, ...about, path: assertion.path, expected, seen: why.message }
  }
}

type OfPlace = Extract<Assertion, { path: string }>

function expectedOf(assertion: OfPlace): string {
  if ('equals' in assertion) return shortJson(assertion.equals)
  if ('matches' in assertion) return `a text in which ${assertion.matches} is found`
  return assertion.exists ? 'anything' : 'nothing'
}

/** It holds where it holds at every place that the path leads to, and there is one. */
function looked(assertion: OfPlace, steps: readonly Step[], answer: unknown, room: SearchRoom): Pick<Verdict, 'passed' | 'path' | 'seen'> {
  const found = select(answer, steps)
  const [first] = found
  if ('exists' in assertion && !assertion.exists) {
    return first
      ? { passed: false, path: first.path, seen: shortJson(first.value) }
      : { passed: true, path: assertion.path, seen: 'nothing' }
  }
  if (!first) return { passed: false, path: assertion.path, seen: nothingAt(steps, answer) }
  const holds = checkOf(assertion, room)
  const off = found.find(({ value }) => !holds(value))
  return { passed: off === undefined, path: (off ?? first).path, seen: shortJson((off ?? first).value) }
}

/** Whether an assertion holds of what stands at one place. */
function checkOf(assertion: OfPlace, room: SearchRoom): (value: unknown) => boolean {
  if ('equals' in assertion) return value => isEqual(assertion.equals, value)
  if (!('matches' in assertion)) return () => true
  const pattern = search(assertion.matches, room)
  return value => isFoundIn(value, pattern)
}

/** A pattern is looked for in a text, and in what is written as one. */
function isFoundIn(value: unknown, pattern: Search): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value) && pattern.isFoundIn(String(value))
}

/** How far a path led, and what there was instead of its next step. */
function nothingAt(steps: readonly Step[], answer: unknown): string {
  if (!isSingular(steps)) return 'nothing'
  let last: Found = { path: '$', value: answer }
  for (let count = 1; count <= steps.length; count++) {
    const [next] = select(answer, steps.slice(0, count))
    if (!next) break
    last = next
  }
  const { path, value } = last
  if (Array.isArray(value)) return `nothing: ${path} has ${value.length} items`
  if (typeof value !== 'object' || value === null) return `nothing: ${path} is ${shortJson(value)}`
  const names = Object.keys(value)
  return names.length === 0
    ? `nothing: ${path} is empty`
    : shortened(`nothing: ${path} has ${names.map(name => memberText(name).slice(1)).join(', ')}`)
}

/**
 * Whether a value is the one that was expected. The order of members does not count. Whole numbers of 64 bits and decimals are text in JSON:
 * a number is equal to the text of that number.
 */
export function isEqual(expected: unknown, value: unknown): boolean {
  if (typeof expected === 'number' && typeof value === 'string') return /^-?\d/.test(value) && plain(value) === plain(String(expected))
  if (typeof expected !== 'object' || expected === null || typeof value !== 'object' || value === null) return Object.is(expected, value)
  if (Array.isArray(expected) || Array.isArray(value)) {
    if (!Array.isArray(expected) || !Array.isArray(value) || expected.length !== value.length) return false
    return expected.every((each, index) => isEqual(each, value[index]))
  }
  const names = Object.keys(expected)
  return (
    names.length === Object.keys(value).length &&
    names.every(
      name => Object.hasOwn(value, name) && isEqual((expected as Record<string, unknown>)[name], (value as Record<string, unknown>)[name]),
    )
  )
}

/** A decimal number without what does not count: `1.50` is `1.5`. */
function plain(digits: string): string {
  return digits.includes('.') && !/e/i.test(digits) ? digits.replace(/\.?0+$/, '') : digits
}

function told(seen: Seen): string {
  switch (seen.at) {
    case 'answered':
      return `an answer, ${shortJson(seen.value)}`
    case 'failed':
      return shortened(`${seen.kind}: ${seen.message}`)
    case 'not_made':
      return shortened(`it was not made: ${seen.reason}`)
  }
}

/** The beginning of a value as JSON: a value may be very long, and no more of it is written than is told. */
export function shortJson(value: unknown): string {
  let room = toldChars + 1
  const write = (each: unknown): string => {
    if (room <= 0) return ''
    if (typeof each === 'string') return spent(JSON.stringify(each.slice(0, room)))
    if (typeof each !== 'object' || each === null) return spent(JSON.stringify(each) ?? 'null')
    const isList = Array.isArray(each)
    let text = spent(isList ? '[' : '{')
    let isFirst = true
    for (const key in each) {
      if (room <= 0) return text
      text += spent(`${isFirst ? '' : ','}${isList ? '' : `${JSON.stringify(key.slice(0, room))}:`}`)
      isFirst = false
      text += write((each as Record<string, unknown>)[key])
    }
    return text + spent(isList ? ']' : '}')
  }
  const spent = (text: string): string => {
    room -= text.length
    return text
  }
  return shortened(write(value))
}

function shortened(text: string): string {
  return text.length > toldChars ? `${text.slice(0, toldChars - 1)}…` : text
}
