/** How well a text fits what was typed, and which of its letters did. */
export interface Match {
  /** More is better. */
  readonly score: number
  /** Where the letters stand that were typed, in order. */
  readonly hits: readonly number[]
}

const wordStart = 8
const inRow = 4
const whole = 20

/**
 * Matches what was typed against a text: each word of it has to stand there, at best at the beginning of a word, else somewhere, else its
 * letters stand at the beginnings of words, as in `cal` for “Copy a link”. `undefined` where it does not fit.
 */
export function match(typed: string, text: string): Match | undefined {
  const words = typed
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')
  const lower = text.toLowerCase()
  let score = 0
  const hits = new Set<number>()
  for (const word of words) {
    const found = matchWord(word, lower)
    if (!found) return undefined
    score += found.score
    for (const hit of found.hits) hits.add(hit)
  }
  // Of two that fit alike the shorter is meant.
  return { score: score - text.length / 100, hits: [...hits].sort((one, other) => one - other) }
}

function matchWord(word: string, text: string): Match | undefined {
  let inside = -1
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (startsWord(text, at)) return { score: whole + word.length * inRow + (at === 0 ? wordStart : 0), hits: rowOf(at, word.length) }
    if (inside < 0) inside = at
  }
  if (inside >= 0) return { score: word.length * inRow, hits: rowOf(inside, word.length) }
  return matchLetters(word, text)
}

/** Each letter follows the one before, or begins a word. */
function matchLetters(word: string, text: string): Match | undefined {
  const hits: number[] = []
  let from = 0
  for (const letter of word) {
    let at = text.indexOf(letter, from)
    while (at >= 0 && !startsWord(text, at) && !(hits.length > 0 && at === from)) at = text.indexOf(letter, at + 1)
    if (at < 0) return undefined
    hits.push(at)
    from = at + 1
  }
  return { score: hits.length, hits }
}

function startsWord(text: string, at: number): boolean {
  return at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '')
}

function rowOf(at: number, length: number): number[] {
  return Array.from({ length }, (_, i) => at + i)
}
