/** A part of a text, in UTF-16 code units, half-open. */
export interface Place {
  readonly from: number
  readonly to: number
}

/** A problem of a text, where it is. */
export interface TextProblem {
  readonly place: Place
  readonly message: string
}

/** A JSON text as a value, with where each part of it stands; or why it is none. */
export type ReadJson =
  | { readonly ok: true; readonly value: unknown; placeOf(pointer: string): Place }
  | { readonly ok: false; readonly problem: TextProblem }

/** Nesting beyond this is refused, as the gateway does. */
const maxDepth = 64

/** Reads a text as JSON. Never throws: a text may be anything. */
export function readJson(text: string): ReadJson {
  const places = new Map<string, Place>()
  try {
    const value = new Reader(text, places).document()
    return {
      ok: true,
      value,
      // What is not there is missing in the nearest part that is.
      placeOf: pointer => {
        for (let at = pointer; ; at = at.slice(0, at.lastIndexOf('/'))) {
          const place = places.get(at)
          if (place) return place
          if (at === '' || !at.includes('/')) return places.get('') ?? { from: 0, to: text.length }
        }
      },
    }
  } catch (why) {
    if (!(why instanceof SyntaxProblem)) throw why
    return { ok: false, problem: { place: why.place, message: why.message } }
  }
}

/** Line and column of a place, both from 1. */
export function lineAndColumn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { line, column: at - before.lastIndexOf('\n') }
}

/** A key as a part of a JSON pointer. */
export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

class SyntaxProblem extends Error {
  readonly place: Place

  constructor(message: string, place: Place) {
    super(message)
    this.place = place
  }
}

class Reader {
  readonly #text: string
  readonly #places: Map<string, Place>
  #at = 0

  constructor(text: string, places: Map<string, Place>) {
    this.#text = text
    this.#places = places
  }

  document(): unknown {
    const value = this.#value('', 0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#problem('nothing more was expected here')
    return value
  }

  #value(pointer: string, depth: number): unknown {
    if (depth > maxDepth) throw this.#problem(`this is nested deeper than ${maxDepth}`)
    this.#space()
    const from = this.#at
    const value = this.#bare(pointer, depth)
    this.#places.set(pointer, { from, to: this.#at })
    return value
  }

  #bare(pointer: string, depth: number): unknown {
    const next = this.#text[this.#at]
    if (next === '{') return this.#object(pointer, depth)
    if (next === '[') return this.#array(pointer, depth)
    if (next === '"') return this.#string()
    const [word] = /^(-?\d[\d.eE+-]*|[A-Za-z_]+)/.exec(this.#text.slice(this.#at, this.#at + 400)) ?? []
    if (word === undefined)
      throw this.#problem(next === undefined ? 'the text ends where a value was expected' : 'a value was expected here')
    try {
      const value: unknown = JSON.parse(word)
      this.#at += word.length
      return value
    } catch {
      throw this.#problem(`${word} is no JSON value`, word.length)
    }
  }

  #object(pointer: string, depth: number): unknown {
    const found = new Map<string, unknown>()
    this.#at++
    for (let isFirst = true; !this.#closes('}'); isFirst = false) {
      if (!isFirst) this.#expect(',', 'a comma or } was expected here')
      this.#space()
      const from = this.#at
      if (this.#text[from] !== '"') throw this.#problem('a name in double quotes was expected here')
      const key = this.#string()
      if (found.has(key)) throw new SyntaxProblem(`${JSON.stringify(key)} stands here twice`, { from, to: this.#at })
      this.#expect(':', 'a colon was expected here')
      found.set(key, this.#value(`${pointer}/${pointerPart(key)}`, depth + 1))
    }
    return Object.fromEntries(found)
  }

  #array(pointer: string, depth: number): unknown {
    const items: unknown[] = []
    this.#at++
    for (let isFirst = true; !this.#closes(']'); isFirst = false) {
      if (!isFirst) this.#expect(',', 'a comma or ] was expected here')
      items.push(this.#value(`${pointer}/${items.length}`, depth + 1))
    }
    return items
  }

  #string(): string {
    const from = this.#at
    for (let at = from + 1; at < this.#text.length; at++) {
      const each = this.#text[at]
      if (each === '\\') at++
      else if (each === '"') {
        this.#at = at + 1
        try {
          return JSON.parse(this.#text.slice(from, at + 1)) as string
        } catch {
          throw new SyntaxProblem('this text has something in it that JSON does not allow', { from, to: at + 1 })
        }
      } else if (each === '\n') break
    }
    throw this.#problem('this text has no end: a double quote is missing')
  }

  #closes(bracket: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== bracket) return false
    this.#at++
    return true
  }

  #expect(mark: string, otherwise: string): void {
    this.#space()
    if (this.#text[this.#at] !== mark) throw this.#problem(otherwise)
    this.#at++
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #problem(message: string, length = 1): SyntaxProblem {
    const from = Math.min(this.#at, Math.max(0, this.#text.length - 1))
    return new SyntaxProblem(message, { from, to: Math.min(this.#text.length, from + length) })
  }
}
