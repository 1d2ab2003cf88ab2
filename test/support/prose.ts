/** Lines up to here may hold whatever they like; a longer one holds one sentence. */
const proseColumns = 100

/** A paragraph or an item of a list: where it begins, and its lines. */
interface Paragraph {
  readonly line: number
  readonly lines: readonly string[]
}

const listItem = /^\s*(?:[-*]|\d+\.) /
const notProse = /^\s*(?:\||#|<|\[[^\]]+\]: )/
// What ends a sentence, perhaps inside quotes or brackets, and what begins the next one.
const boundary = /(?<=[.!?][)”’"\]]*) +(?=[([“"*_]*[A-Z0-9§.−`-])/g

/** The prose of a document in Markdown: what stands in no table, no heading, no code and no comment. */
function paragraphsOf(markdown: string): Paragraph[] {
  const found: { line: number; lines: string[] }[] = []
  let current: string[] | undefined
  let fence: string | undefined
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, mark] = /^\s*(```+|~~~+)/.exec(line) ?? []
    if (mark !== undefined || fence !== undefined) {
      if (mark !== undefined) fence = fence === undefined ? mark : line.trim() === fence ? undefined : fence
      current = undefined
    } else if (line.trim() === '' || notProse.test(line)) {
      current = undefined
    } else if (current === undefined || listItem.test(line)) {
      current = [line]
      found.push({ line: index + 1, lines: current })
    } else current.push(line)
  }
  return found
}

/** The sentences of a line. Code is one word, whatever stands in it, and so is a name in bold that leads an item. */
export function sentencesOf(line: string): string[] {
  const [indent = ''] = /^\s*(?:(?:[-*]|\d+\.) )?/.exec(line) ?? []
  const words = line.slice(indent.length)
  const hidden = words.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, code => code.replaceAll(/[^`]/g, 'x'))
  const ends = [...hidden.matchAll(boundary)]
  const starts = [0, ...ends.map(({ index, 0: gap }) => index + gap.length)]
  const stops = [...ends.map(({ index }) => index), words.length]
  return starts.map((start, at) => (at === 0 ? indent : '') + words.slice(start, stops[at]))
}

/** What is wrong with a document: lines longer than {@link proseColumns} that are not exactly one sentence. */
export function longLinesOf(markdown: string): string[] {
  return paragraphsOf(markdown).flatMap(({ line, lines }) =>
    lines.flatMap((text, index) => {
      const isWhole = sentencesOf(text).length === 1 && endsHere(lines, index) && (index === 0 || endsHere(lines, index - 1))
      return [...text].length <= proseColumns || isWhole ? [] : [`${line + index}: ${text}`]
    }),
  )
}

/** Whether a sentence, or the part of it that leads to a list or to code, ends with this line. */
function endsHere(lines: readonly string[], index: number): boolean {
  return index === lines.length - 1 || /[.!?:][)”’"`*_\]]*$/.test(lines[index] ?? '')
}
