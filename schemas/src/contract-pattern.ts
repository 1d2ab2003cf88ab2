import { contractLimits } from './contract-findings.ts'
import { type CharacterSet, type PatternNode, parsePattern } from './contract-pattern-parser.ts'

/**
 * What is wrong with a pattern; `undefined` for one that every engine matches in a time that grows with the text alone. Such a pattern
 * stands for the whole text (`^…$`), and no text leads to one place in it in two ways: then an engine that tries one way after the other
 * comes to each place at each character once at most. Refused are `(a+)+`, `a*a*`, `.*x.*`; what looks back or around is not known at all.
 */
export function checkPattern(pattern: string): string | undefined {
  try {
    if (pattern.length > contractLimits.patternLength) return `has more than ${contractLimits.patternLength} characters`
    const graph = new Graph()
    graph.build(parsePattern(pattern))
    void new RegExp(pattern, 'u')
    return graph.isUnambiguous() ? undefined : 'can match the same text in more than one way, which may take an engine for ever'
  } catch (why) {
    if (why instanceof SyntaxError) return why.message
    throw why
  }
}

function meet(one: CharacterSet, other: CharacterSet): boolean {
  return one.some(([first, last]) => other.some(range => range[0] <= last && first <= range[1]))
}

/** A part of the graph: which places a match of it can begin and end at, and whether it can be empty. */
interface Part {
  readonly first: readonly number[]
  readonly last: readonly number[]
  readonly empty: boolean
}

/** The places of a pattern, one for each character that it names, and which may follow which: its position automaton. */
class Graph {
  readonly #sets: CharacterSet[] = []
  readonly #next: number[][] = []
  #first: readonly number[] = []

  /** Throws a SyntaxError for what can be empty in two ways, and beyond the limit. */
  build(node: PatternNode): void {
    this.#first = this.#part(node).first
  }

  #part(node: PatternNode): Part {
    if ('set' in node) return this.#place(node.set)
    if ('all' in node) {
      let whole = nothing
      for (const each of node.all) whole = this.#then(whole, this.#part(each))
      return whole
    }
    if ('any' in node) {
      const parts = node.any.map(each => this.#part(each))
      if (parts.filter(part => part.empty).length > 1) throw new SyntaxError('has alternatives of which several may be empty')
      return { first: parts.flatMap(part => part.first), last: parts.flatMap(part => part.last), empty: parts.some(part => part.empty) }
    }
    return this.#repeat(node.of, node.least, node.most)
  }

  #place(set: CharacterSet): Part {
    const place = this.#sets.length
    if (place >= contractLimits.patternPlaces) throw new SyntaxError(`names more than ${contractLimits.patternPlaces} characters in all`)
    this.#sets.push(set)
    this.#next.push([])
    return { first: [place], last: [place], empty: false }
  }

  #then(one: Part, two: Part): Part {
    this.#join(one.last, two.first)
    return {
      first: one.empty ? [...one.first, ...two.first] : one.first,
      last: two.empty ? [...one.last, ...two.last] : two.last,
      empty: one.empty && two.empty,
    }
  }

  #join(last: readonly number[], first: readonly number[]): void {
    for (const place of last) this.#next[place]?.push(...first)
  }

  #repeat(of: PatternNode, least: number, most: number): Part {
    if (most === 0) return nothing
    const endless = most === Number.POSITIVE_INFINITY
    const copies = endless ? Math.max(1, least) : most
    let first: readonly number[] = []
    let copy = nothing
    // Copies beyond the least may be missing, each only with all behind it.
    const last: number[] = []
    for (let i = 1; i <= copies; i++) {
      const before = copy.last
      copy = this.#part(of)
      if (copy.empty) throw new SyntaxError('repeats something that may be empty')
      if (i === 1) first = copy.first
      this.#join(before, copy.first)
      if (i >= least) last.push(...copy.last)
    }
    if (endless) this.#join(copy.last, copy.first)
    return { first, last, empty: least === 0 }
  }

  /** Whether no text leads to one place in two ways. Throws a SyntaxError beyond the limit. */
  isUnambiguous(): boolean {
    const seen = new Set<number>()
    const open: [number, number][] = []
    const count = this.#sets.length
    let steps = 0
    /** Two ways part, or go on, to two places by one character; false where they meet. */
    const part = (some: readonly number[], others: readonly number[], same: boolean): boolean => {
      for (const [i, one] of some.entries()) {
        steps += others.length
        if (steps > contractLimits.patternSteps) throw new SyntaxError('has too many ways to be checked')
        for (const other of same ? others.slice(i + 1) : others) {
          if (!meet(this.#sets[one] as CharacterSet, this.#sets[other] as CharacterSet)) continue
          if (one === other) return false
          const key = Math.min(one, other) * count + Math.max(one, other)
          if (seen.has(key)) continue
          seen.add(key)
          open.push([one, other])
        }
      }
      return true
    }
    for (const next of [this.#first, ...this.#next]) if (!part(next, next, true)) return false
    for (let pair = open.pop(); pair; pair = open.pop()) {
      if (!part(this.#next[pair[0]] ?? [], this.#next[pair[1]] ?? [], false)) return false
    }
    return true
  }
}

const nothing: Part = { first: [], last: [], empty: true }
