/** A table for a person and for `grep`: columns of spaces, a line a row, the last column as long as it is. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows].map(row => row.map(printable))
  const widths = header.map((_, i) => Math.max(...all.map(row => row[i]?.length ?? 0)))
  return all
    .map(row => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')}`.trimEnd())
    .join('\n')
}

/** What others have written must not move the cursor, or begin another line. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
}
