/**
 * The words of a command as a shell reads it: quotes, backslashes and lines that go on; comments are left out. Nothing is replaced and nothing
 * run: `$NAME` stays. `undefined` where a quote does not end, or where it does more than one simple command can.
 */
export function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    switch (char) {
      case "'": {
        const end = text.indexOf("'", at + 1)
        if (end < 0) return undefined
        word = (word ?? '') + text.slice(at + 1, end)
        at = end
        break
      }
      case '"': {
        const inner = inDoubleQuotes(text, at + 1)
        if (!inner) return undefined
        word = (word ?? '') + inner.text
        at = inner.end
        break
      }
      case '\\':
        if (text[at + 1] === '\r' && text[at + 2] === '\n') at += 2
        else if (text[at + 1] === '\n') at++
        else {
          if (at + 1 >= text.length) return undefined
          word = (word ?? '') + text[++at]
        }
        break
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        if (word !== undefined) words.push(word)
        word = undefined
        break
      case '#':
        if (word === undefined) at = endOfLine(text, at) - 1
        else word += char
        break
      case ';':
      case '|':
      case '&':
      case '<':
      case '>':
      case '`':
        return undefined
      default:
        word = (word ?? '') + char
    }
  }
  if (word !== undefined) words.push(word)
  return words
}

function inDoubleQuotes(text: string, from: number): { text: string; end: number } | undefined {
  let inner = ''
  for (let at = from; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"') return { text: inner, end: at }
    if (char === '\\' && /["\\$`\n]/.test(text[at + 1] ?? '')) {
      at++
      if (text[at] !== '\n') inner += text[at]
    } else inner += char
  }
  return undefined
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}
