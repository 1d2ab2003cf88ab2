import { contractLimits } from './contract-findings.ts'
import { type CharacterSet, type PatternNode, parseSearch } from './contract-pattern-parser.ts'

/** Characters of a text that are looked through. */
const searchedChars = 100_000
/** Steps that searches may take together: about half a second. */
const mostSteps = 20_000_000
/** Places of a pattern, where its counts are written out. */
const mostPlaces = 4_000

/** Where a search may stand: at a character that it wants, at a fork, or at the end. */
type Place = { readonly set: CharacterSet } | { readonly to: readonly number[] } | 'end'

/** Steps that searches may take together: looks at one place of a pattern, or at one range of its characters. */
export interface SearchRoom {
  left: number
}

/** Room for searches that take about half a second. */
export function searchRoom(): SearchRoom {
  return { left: mostSteps }
}

/** A pattern that is ready to search with. */
export interface Search {
  /**
   * Whether the pattern is found in a text. Throws a RangeError where this and those before with the same `room` would take too long, or where it is not
   * known of a very long text.
   */
  isFoundIn(text: string): boolean
}

/**
 * A regular expression that is looked for in texts: characters, classes, groups, alternatives and greedy repeats; `^` at its begin and `$` at
 * its end are the ends of the text. All ways are followed at the same time, so that no pattern and no text can make it slow: the time is that
 * of the text times that of the pattern. Throws a SyntaxError for what is not known here. `room`: default some of its own.
 */
export function search(pattern: string, room: SearchRoom = searchRoom()): Search {
  if (pattern.length > contractLimits.patternLength) throw new SyntaxError(`has more than ${contractLimits.patternLength} characters`)
  const { node, fromBegin, toEnd } = parseSearch(pattern)
  const places: Place[] = ['end']
  const first = build(places, node, 0)
  return {
    isFoundIn: text => {
      const found = (end: boolean, part: string): boolean => isFound(places, first, { fromBegin, toEnd: end, room }, part)
      if (text.length <= searchedChars) return found(toEnd, text)
      // Where a long text ends nobody looks.
      if (!toEnd && found(false, text.slice(0, searchedChars))) return true
      throw new RangeError(`the text has ${text.length} characters, and is looked at to ${searchedChars} of them`)
    },
  }
}

/** Adds what comes before `next`, and gives where it begins. */
function build(places: Place[], node: PatternNode, next: number): number {
  const add = (place: Place): number => {
    if (places.length >= mostPlaces) throw new SyntaxError('is too long where its counts are written out')
    return places.push(place) - 1
  }
  if ('set' in node) {
    // Where a character leads stands just before it.
    add({ to: [next] })
    return add(node)
  }
  if ('all' in node) return node.all.reduceRight((to, each) => build(places, each, to), next)
  if ('any' in node) return add({ to: node.any.map(each => build(places, each, next)) })
  const { of, least, most } = node
  let begin = next
  if (most === Number.POSITIVE_INFINITY) {
    const again: number[] = [next]
    begin = add({ to: again })
    again.push(build(places, of, begin))
  } else for (let i = least; i < most; i++) begin = add({ to: [next, build(places, of, begin)] })
  for (let i = 0; i < least; i++) begin = build(places, of, begin)
  return begin
}

/** How a pattern is looked for. */
interface Way {
  readonly fromBegin: boolean
  readonly toEnd: boolean
  readonly room: SearchRoom
}

function isFound(places: readonly Place[], first: number, { fromBegin, toEnd, room }: Way, text: string): boolean {
  /** The number of the character for which a place was come to last: no place is come to twice for one. */
  const seenAt = new Int32Array(places.length).fill(-1)
  let now: number[] = []
  const comeTo = (to: number[], place: number, at: number): boolean => {
    const open = [place]
    for (let each = open.pop(); each !== undefined; each = open.pop()) {
      if (room.left-- <= 0) throw new RangeError('the search for the pattern takes too long')
      if (seenAt[each] === at) continue
      seenAt[each] = at
      const its = places[each]
      if (its === 'end') {
        if (!toEnd || at === characters.length) return true
      } else if (its && 'to' in its) open.push(...its.to)
      else to.push(each)
    }
    return false
  }
  const characters = Array.from(text, each => each.codePointAt(0) as number)
  if (comeTo(now, first, 0)) return true
  for (const [index, character] of characters.entries()) {
    const next: number[] = []
    for (const each of now) {
      const its = places[each]
      if (typeof its !== 'object' || !('set' in its)) continue
      room.left -= its.set.length
      if (!has(its.set, character)) continue
      if (comeTo(next, each - 1, index + 1)) return true
    }
    if (!fromBegin && comeTo(next, first, index + 1)) return true
    now = next
  }
  return false
}

function has(set: CharacterSet, character: number): boolean {
  return set.some(([from, to]) => character >= from && character <= to)
}
