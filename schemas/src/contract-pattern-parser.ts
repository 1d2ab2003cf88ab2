/** Characters from the first to the last, as code points. */
type Range = readonly [first: number, last: number]
/** In order, without overlaps. */
export type CharacterSet = readonly Range[]

/** A pattern, taken apart. */
export type PatternNode =
  | { readonly set: CharacterSet }
  | { readonly all: readonly PatternNode[] }
  | { readonly any: readonly PatternNode[] }
  | { readonly of: PatternNode; readonly least: number; readonly most: number }

/**
 * Takes a pattern of the subset apart: characters, classes, groups, alternatives and greedy repeats between `^` and `$`. Throws a SyntaxError
 * for what is not known here.
 */
export function parsePattern(pattern: string): PatternNode {
  return new Parser(pattern).whole()
}

/** A pattern that is looked for within a text, and whether it stands at the ends of that. */
export interface SearchPattern {
  readonly node: PatternNode
  readonly fromBegin: boolean
  readonly toEnd: boolean
}

/** The same for a pattern that is looked for within a text: its `^` and its `$` may be missing. */
export function parseSearch(pattern: string): SearchPattern {
  const fromBegin = pattern.startsWith('^')
  const toEnd = /(?:^|[^\\])(?:\\\\)*\$$/.test(pattern)
  const whole = `${fromBegin ? '' : '^'}${pattern}${toEnd ? '' : '$'}`
  return { node: new Parser(whole, fromBegin ? 0 : 1).whole(fromBegin || toEnd), fromBegin, toEnd }
}

const allCharacters: Range = [0, 0x10ffff]
const digits: CharacterSet = [[48, 57]]
const words: CharacterSet = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
]
const spaces: CharacterSet = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]
const lineEnds: CharacterSet = [
  [10, 10],
  [13, 13],
  [0x2028, 0x2029],
]
const classes: Readonly<Record<string, CharacterSet>> = { d: digits, w: words, s: spaces, D: not(digits), W: not(words), S: not(spaces) }
const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 }

class Parser {
  readonly #characters: readonly string[]
  /** Characters before those that somebody has written. */
  readonly #before: number
  #at = 0

  constructor(pattern: string, before = 0) {
    this.#characters = [...pattern]
    this.#before = before
  }

  /** `isTied`: to an end of the text, which alternatives without parentheses would be only on one side. */
  whole(isTied = true): PatternNode {
    if (this.#characters[0] !== '^' || this.#characters.at(-1) !== '$') throw new SyntaxError('must begin with ^ and end with $')
    this.#at = 1
    const node = this.#alternatives()
    if (isTied && 'any' in node) throw new SyntaxError('must have parentheses around its alternatives')
    if (this.#at !== this.#characters.length - 1) throw this.#unexpected()
    return node
  }

  get #next(): string | undefined {
    return this.#at < this.#characters.length - 1 ? this.#characters[this.#at] : undefined
  }

  #take(): string {
    const next = this.#next
    if (next === undefined) throw new SyntaxError('ends too early')
    this.#at++
    return next
  }

  #takes(wanted: string): boolean {
    if (this.#next !== wanted) return false
    this.#at++
    return true
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`has ${JSON.stringify(this.#next ?? '')} at character ${this.#at + 1 - this.#before}, which is not known here`)
  }

  #alternatives(): PatternNode {
    const any = [this.#sequence()]
    while (this.#takes('|')) any.push(this.#sequence())
    return any.length === 1 ? (any[0] as PatternNode) : { any }
  }

  #sequence(): PatternNode {
    const all: PatternNode[] = []
    while (this.#next !== undefined && this.#next !== '|' && this.#next !== ')') all.push(this.#repeated())
    return { all }
  }

  #repeated(): PatternNode {
    const of = this.#atom()
    if (this.#takes('*')) return { of, least: 0, most: Number.POSITIVE_INFINITY }
    if (this.#takes('+')) return { of, least: 1, most: Number.POSITIVE_INFINITY }
    if (this.#takes('?')) return { of, least: 0, most: 1 }
    return this.#takes('{') ? this.#counted(of) : of
  }

  #counted(of: PatternNode): PatternNode {
    const least = this.#number()
    const most = this.#takes(',') ? (this.#next === '}' ? Number.POSITIVE_INFINITY : this.#number()) : least
    if (!this.#takes('}')) throw this.#unexpected()
    if (most < least) throw new SyntaxError(`has a count from ${least} to ${most}`)
    return { of, least, most }
  }

  #number(): number {
    let text = ''
    while (/^\d$/.test(this.#next ?? '') && text.length < 4) text += this.#take()
    if (text === '') throw this.#unexpected()
    return Number(text)
  }

  #atom(): PatternNode {
    if (/^[*+?{}\]^$]$/.test(this.#next ?? '')) throw this.#unexpected()
    const character = this.#take()
    if (character === '.') return { set: not(lineEnds) }
    if (character === '[') return { set: this.#class() }
    if (character === '\\') return { set: this.#escaped(false) }
    if (character !== '(') return { set: single(character) }
    if (this.#takes('?') && !this.#takes(':')) throw this.#unexpected()
    const group = this.#alternatives()
    if (!this.#takes(')')) throw new SyntaxError('has a parenthesis that is not closed')
    return group
  }

  #escaped(inClass: boolean): CharacterSet {
    const character = this.#take()
    const known = Object.hasOwn(classes, character) ? classes[character] : undefined
    if (known) return known
    const control = Object.hasOwn(controls, character) ? controls[character] : undefined
    if (control !== undefined) return [[control, control]]
    if (/^[\^$\\.*+?()[\]{}|/]$/.test(character) || (inClass && character === '-')) return single(character)
    this.#at--
    throw this.#unexpected()
  }

  #class(): CharacterSet {
    const negated = this.#takes('^')
    const ranges: Range[] = []
    while (!this.#takes(']')) {
      const from = this.#classCharacter()
      if (this.#next === '-' && this.#characters[this.#at + 1] !== ']' && isSingle(from)) {
        this.#take()
        const to = this.#classCharacter()
        if (!isSingle(to) || to[0][0] < from[0][0]) throw new SyntaxError('has a range of characters that is none')
        ranges.push([from[0][0], to[0][0]])
      } else ranges.push(...from)
    }
    const set = united(ranges)
    return negated ? not(set) : set
  }

  #classCharacter(): CharacterSet {
    const character = this.#take()
    return character === '\\' ? this.#escaped(true) : single(character)
  }
}

function single(character: string): CharacterSet {
  const point = character.codePointAt(0) as number
  return [[point, point]]
}

function isSingle(set: CharacterSet): set is readonly [Range] {
  const [range, ...others] = set
  return range !== undefined && others.length === 0 && range[0] === range[1]
}

function united(ranges: readonly Range[]): CharacterSet {
  const set: Range[] = []
  for (const range of [...ranges].sort(([a], [b]) => a - b)) {
    const last = set.at(-1)
    if (last && range[0] <= last[1] + 1) set[set.length - 1] = [last[0], Math.max(last[1], range[1])]
    else set.push(range)
  }
  return set
}

function not(set: CharacterSet): CharacterSet {
  const others: Range[] = []
  let from = allCharacters[0]
  for (const [first, last] of set) {
    if (first > from) others.push([from, first - 1])
    from = last + 1
  }
  if (from <= allCharacters[1]) others.push([from, allCharacters[1]])
  return others
}
