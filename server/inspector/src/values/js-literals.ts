/** A value that JavaScript writes as a literal, read without running any. */
export class LiteralReader {
  readonly #text: string
  #at: number

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  /** Reads a value, and what follows it: whether that is a comma. Throws a `SyntaxError` where there is something else than a literal. */
  value(depth = 0): unknown {
    if (depth > maxDepth) throw new SyntaxError('too deep')
    this.#skip()
    const char = this.#text[this.#at] ?? ''
    if (char === '[') return this.#list(depth)
    if (char === '{') return this.#object(depth)
    if (char === '"' || char === "'" || char === '`') return this.#string(char)
    const [number] = this.#match(/-?(?:\d+n|(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w$])/y)
    if (number !== undefined) return exact(number)
    const [word] = this.#match(/(?:true|false|null|undefined)(?![\w$])/y)
    if (word !== undefined) return word === 'true' ? true : word === 'false' ? false : null
    return this.#content(depth)
  }

  /** Whether this stands here; it is read over. */
  takes(what: string): boolean {
    this.#skip()
    if (!this.#text.startsWith(what, this.#at)) return false
    this.#at += what.length
    return true
  }

  #list(depth: number): unknown[] {
    this.#at++
    const items: unknown[] = []
    while (!this.takes(']')) {
      items.push(this.value(depth + 1))
      if (!this.takes(',') && !this.#isAt(']')) throw new SyntaxError('a comma or ] is expected')
    }
    return items
  }

  #object(depth: number): unknown {
    this.#at++
    const members: [string, unknown][] = []
    while (!this.takes('}')) {
      this.#skip()
      const [bare] = this.#match(/[A-Za-z_$][\w$]*/y)
      const name = bare ?? this.#memberName()
      if (!this.takes(':')) throw new SyntaxError('a colon is expected')
      members.push([name, this.value(depth + 1)])
      if (!this.takes(',') && !this.#isAt('}')) throw new SyntaxError('a comma or } is expected')
    }
    return Object.fromEntries(members)
  }

  /** As a text, also one in brackets. */
  #memberName(): string {
    const isWorkedOut = this.takes('[')
    this.#skip()
    const name = this.#string(this.#text[this.#at] ?? '')
    if (isWorkedOut && !this.takes(']')) throw new SyntaxError('] is expected')
    return name
  }

  #string(quote: string): string {
    if (quote === '' || !'"\'`'.includes(quote)) throw new SyntaxError('a value is expected')
    const from = ++this.#at
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at]
      if (char === '\\') this.#at++
      else if (char === quote) return unescaped(this.#text.slice(from, this.#at++))
      else if (char === '\n' && quote !== '`') break
      else if (quote === '`' && char === '$' && this.#text[this.#at + 1] === '{') break
    }
    throw new SyntaxError('a text does not end')
  }

  /** What our own snippets make data streams of. */
  #content(depth: number): unknown {
    const [made] = this.#match(/await\s+openAsBlob\(|new\s+Blob\(\[|Buffer\.from\(/y)
    if (made === undefined) throw new SyntaxError('a value is expected')
    const content = this.value(depth + 1)
    if (typeof content !== 'string') throw new SyntaxError('a text is expected')
    if (made.startsWith('Buffer')) {
      if (!this.takes(',') || this.value(depth + 1) !== 'base64' || !this.takes(')')) throw new SyntaxError('base64 is expected')
      return { $base64: content }
    }
    if (made.startsWith('new') && !this.takes(']')) throw new SyntaxError('] is expected')
    if (!this.takes(')')) throw new SyntaxError(') is expected')
    return made.startsWith('new') ? { $text: content } : { $file: content }
  }

  #isAt(what: string): boolean {
    this.#skip()
    return this.#text.startsWith(what, this.#at)
  }

  #match(pattern: RegExp): readonly (string | undefined)[] {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (!found) return []
    this.#at += found[0].length
    return found
  }

  #skip(): void {
    this.#match(/(?:\s+|\/\/[^\n]*)*/y)
  }
}

const maxDepth = 64
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v', 0: '\0' }

function unescaped(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|u\{([0-9a-fA-F]{1,6})\}|([\s\S]))/g, (all, four, two, any, char) => {
    const code = Number.parseInt(four ?? two ?? any ?? '', 16)
    if (!Number.isNaN(code)) return code > 0x10_ff_ff ? all : any === undefined ? String.fromCharCode(code) : String.fromCodePoint(code)
    return char === '\n' ? '' : Object.hasOwn(escapes, char) ? (escapes[char] ?? '') : char
  })
}

/** Whole numbers that a JavaScript number would round stay as they are written. */
function exact(written: string): unknown {
  const digits = written.replace(/n$/, '')
  if (digits !== written) return digits
  return /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? digits : Number(digits)
}
