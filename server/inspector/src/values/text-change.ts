/** What is between two texts: the characters `from` to `to` of the old one give way to `insert`. */
export interface TextChange {
  readonly from: number
  readonly to: number
  readonly insert: string
}

/** The one change that makes the new text of the old one, as small as it may be; `undefined` where they are the same. */
export function changeBetween(old: string, next: string): TextChange | undefined {
  if (old === next) return undefined
  let from = 0
  const shorter = Math.min(old.length, next.length)
  while (from < shorter && old[from] === next[from]) from++
  let back = 0
  while (back < shorter - from && old[old.length - 1 - back] === next[next.length - 1 - back]) back++
  return { from, to: old.length - back, insert: next.slice(from, next.length - back) }
}
