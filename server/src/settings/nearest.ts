/** Which of `names` a person meant who wrote `wrong`: the one with the fewest slips of the finger, where those are few. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  const most = Math.max(2, Math.floor(wrong.length / 4))
  let best: { readonly name: string; readonly slips: number } | undefined
  for (const name of names) {
    const slips = slipsBetween(wrong.toLowerCase(), name.toLowerCase())
    if (slips <= most && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) best = { name, slips }
  }
  return best?.name
}

/** Letters to add, to take away, to replace, or neighbours to exchange (the optimal string alignment distance). */
function slipsBetween(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const slips = [at(next, j - 1) + 1, at(row, j) + 1, at(row, j - 1) + (isSame ? 0 : 1)]
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) slips.push(at(before, j - 2) + 1)
      next.push(Math.min(...slips))
    }
    before = row
    row = next
  }
  return at(row, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
