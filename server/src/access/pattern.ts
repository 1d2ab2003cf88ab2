/** A text in which `*` stands for any characters, none included. Matching takes a time that grows with the text alone: nothing is tried twice. */
export interface Pattern {
  readonly text: string
  /** It has no `*`: only {@link prefix} itself matches. */
  readonly isExact: boolean
  /** What is before the first `*`. */
  readonly prefix: string
  /** What is behind the last `*`. */
  readonly suffix: string
  matches(text: string): boolean
}

export function createPattern(text: string): Pattern {
  const [prefix = '', ...rest] = text.split('*')
  const suffix = rest.pop()
  if (suffix === undefined) return { text, isExact: true, prefix, suffix: '', matches: given => given === text }
  const between = rest.filter(part => part !== '')
  const least = prefix.length + suffix.length
  return {
    text,
    isExact: false,
    prefix,
    suffix,
    matches: given => {
      if (given.length < least || !given.startsWith(prefix) || !given.endsWith(suffix)) return false
      // The first place where a part is leaves the most for those behind it.
      let at = prefix.length
      for (const part of between) {
        const found = given.indexOf(part, at)
        if (found < 0) return false
        at = found + part.length
      }
      return at <= given.length - suffix.length
    },
  }
}
