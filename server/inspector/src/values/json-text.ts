/** Where something stands in a text: from the first character to behind the last. */
export interface TextRange {
  readonly from: number
  readonly to: number
}

/** A value of a JSON text, and where it stands. */
export interface JsonPlace extends TextRange {
  /** Of an object by their names, of a list in order. */
  readonly parts: ReadonlyMap<string, JsonPlace> | undefined
  /** Where the names of an object’s members stand. */
  readonly names: ReadonlyMap<string, TextRange> | undefined
}

/** What a text is that should be JSON. */
export type ParsedJson =
  | { readonly ok: true; readonly value: unknown; readonly place: JsonPlace }
  | { readonly ok: false; readonly at: number; readonly message: string }

/** Deeper than that no gateway takes it. */
const maxDepth = 64
const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const gap = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON wants them escaped
const stringChars = /[^"\\\u0000-\u001f]*/y
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const words: Readonly<Record<string, unknown>> = { true: true, false: false, null: null }

class JsonProblem extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/**
 * A JSON text with the places of its values, so that what is wrong with one can be shown where it stands. Whole numbers that a JavaScript
 * number would round stay as they are written: their JSON form is a text.
 */
export function parseJsonText(text: string): ParsedJson {
  try {
    const reader = new JsonReader(text)
    const { value, place } = reader.read(0)
    reader.end()
    return { ok: true, value, place }
  } catch (why) {
    if (why instanceof JsonProblem) return { ok: false, at: Math.min(why.at, text.length), message: why.message }
    throw why
  }
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(depth: number): { value: unknown; place: JsonPlace } {
    this.#skip()
    const from = this.#at
    if (depth > maxDepth) throw new JsonProblem(from, `more than ${maxDepth} values stand in each other`)
    const first = this.#text[from]
    if (first === '{') return this.#object(depth)
    if (first === '[') return this.#list(depth)
    const value = first === '"' ? this.#string() : this.#scalar()
    return { value, place: { from, to: this.#at, parts: undefined, names: undefined } }
  }

  end(): void {
    this.#skip()
    if (this.#at < this.#text.length) throw new JsonProblem(this.#at, 'more follows than one value')
  }

  #object(depth: number): { value: unknown; place: JsonPlace } {
    const from = this.#at++
    const members: [string, unknown][] = []
    const parts = new Map<string, JsonPlace>()
    const names = new Map<string, TextRange>()
    for (let isFirst = true; !this.#ends('}', isFirst); isFirst = false) {
      this.#skip()
      const at = this.#at
      if (this.#text[at] !== '"') throw new JsonProblem(at, 'the name of a member in double quotes is expected')
      const name = this.#string()
      if (parts.has(name)) throw new JsonProblem(at, `the name ${JSON.stringify(name.slice(0, 40))} is there twice`)
      names.set(name, { from: at, to: this.#at })
      this.#expect(':', 'a colon after the name')
      const { value, place } = this.read(depth + 1)
      members.push([name, value])
      parts.set(name, place)
    }
    return { value: Object.fromEntries(members), place: { from, to: this.#at, parts, names } }
  }

  #list(depth: number): { value: unknown; place: JsonPlace } {
    const from = this.#at++
    const items: unknown[] = []
    const parts = new Map<string, JsonPlace>()
    for (let isFirst = true; !this.#ends(']', isFirst); isFirst = false) {
      const { value, place } = this.read(depth + 1)
      parts.set(String(items.length), place)
      items.push(value)
    }
    return { value: items, place: { from, to: this.#at, parts, names: undefined } }
  }

  /** Whether a list or object ends here; else what stands between two of its parts is read over. */
  #ends(bracket: ']' | '}', isFirst: boolean): boolean {
    this.#skip()
    if (this.#text[this.#at] === bracket) {
      this.#at++
      return true
    }
    if (!isFirst) this.#expect(',', `a comma or ${bracket}`)
    this.#skip()
    if (!isFirst && this.#text[this.#at] === bracket)
      throw new JsonProblem(this.#at, `a ${bracket === '}' ? 'member' : 'value'} after the comma is expected, not ${bracket}`)
    return false
  }

  #expect(char: string, what: string): void {
    this.#skip()
    if (this.#text[this.#at] !== char) throw new JsonProblem(this.#at, `${what} is expected${this.#got()}`)
    this.#at++
  }

  #scalar(): unknown {
    const [token, fraction, exponent] = this.#match(number)
    if (token !== undefined && token !== '') {
      const value = Number(token)
      if (fraction === undefined && exponent === undefined && !Number.isSafeInteger(value)) return token
      return value
    }
    const word = Object.keys(words).find(each => this.#text.startsWith(each, this.#at))
    if (word === undefined) throw new JsonProblem(this.#at, `a value is expected${this.#got()}`)
    this.#at += word.length
    return words[word]
  }

  #string(): string {
    const from = this.#at++
    let value = ''
    for (;;) {
      value += this.#match(stringChars)[0] ?? ''
      const char = this.#text[this.#at]
      if (char === '"') {
        this.#at++
        return value
      }
      if (char !== '\\') {
        if (char === undefined) throw new JsonProblem(from, 'the text that begins here does not end')
        throw new JsonProblem(this.#at, 'a line break or control character in a text is written with a backslash')
      }
      value += this.#escape()
    }
  }

  #escape(): string {
    const at = this.#at
    const letter = this.#text[at + 1] ?? ''
    const digits = /^[0-9a-f]{4}$/i.exec(this.#text.slice(at + 2, at + 6))
    if (letter === 'u' && digits) {
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits[0], 16))
    }
    if (!Object.hasOwn(escapes, letter)) throw new JsonProblem(at, 'no such character is written with a backslash')
    this.#at += 2
    return escapes[letter] as string
  }

  #match(pattern: RegExp): readonly (string | undefined)[] {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return []
    this.#at += found[0].length
    return found
  }

  #skip(): void {
    this.#match(gap)
  }

  #got(): string {
    const char = this.#text[this.#at]
    return char === undefined ? ', and the text ends' : `, not ${JSON.stringify(char)}`
  }
}

/** The place that a JSON pointer names, or the deepest on the way to it that is there. */
export function placeOf(root: JsonPlace, pointer: string): TextRange {
  let place = root
  for (const step of pointer.split('/').slice(1)) {
    const part = place.parts?.get(step.replaceAll('~1', '/').replaceAll('~0', '~'))
    if (!part) break
    place = part
  }
  return { from: place.from, to: place.to }
}

/**
 * The text with as little changed as makes `value` of it: what is the same stays as somebody wrote it. `parsed`: what the text is. `indent`: of
 * what is written anew.
 */
export function patchJsonText(text: string, parsed: ParsedJson & { readonly ok: true }, value: unknown, indent = '  '): string {
  const changes: { range: TextRange; text: string }[] = []
  const compare = (place: JsonPlace, old: unknown, next: unknown, depth: number): void => {
    if (isSame(old, next)) return
    const both = bothPlain(old, next)
    if (both && place.parts) {
      for (const [name, part] of place.parts) compare(part, both.old[name], both.next[name], depth + 1)
      return
    }
    const written = JSON.stringify(next, null, indent) ?? 'null'
    changes.push({ range: place, text: written.replaceAll('\n', `\n${indent.repeat(depth)}`) })
  }
  compare(parsed.place, parsed.value, value, 0)
  let out = ''
  let end = 0
  for (const change of changes) {
    out += text.slice(end, change.range.from) + change.text
    end = change.range.to
  }
  return out + text.slice(end)
}

/** Two lists of one length, or two objects with the same names, as objects. */
function bothPlain(old: unknown, next: unknown): { old: Record<string, unknown>; next: Record<string, unknown> } | undefined {
  if (typeof old !== 'object' || typeof next !== 'object' || old === null || next === null) return undefined
  if (Array.isArray(old) !== Array.isArray(next)) return undefined
  const names = Object.keys(old)
  if (names.length !== Object.keys(next).length || !names.every(name => Object.hasOwn(next, name))) return undefined
  return { old: old as Record<string, unknown>, next: next as Record<string, unknown> }
}

/** Whether two JSON values are the same. */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  const both = bothPlain(one, other)
  return both !== undefined && Object.keys(both.old).every(name => isSame(both.old[name], both.next[name]))
}
