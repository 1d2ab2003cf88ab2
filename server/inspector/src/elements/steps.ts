/** Where a key leads in a list of `count` rows from the one at `at` (-1: none); `undefined` where it leads nowhere. */
export function stepOf(key: string, at: number, count: number, pageRows: number): number | undefined {
  if (count === 0) return undefined
  const within = (index: number): number => Math.min(count - 1, Math.max(0, index))
  switch (key) {
    case 'ArrowDown':
      return within(at + 1)
    case 'ArrowUp':
      return within(at - 1)
    case 'PageDown':
      return within(at + pageRows)
    case 'PageUp':
      return within(at - pageRows)
    case 'Home':
      return 0
    case 'End':
      return count - 1
    default:
      return undefined
  }
}
