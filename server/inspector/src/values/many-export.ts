/** What came of a call at one agent, as it is written into a file. */
export interface ExportedRow {
  readonly agent: string
  readonly state: string
  readonly durationMs: number | undefined
  /** The number of the group of equal answers, 1 the first; `undefined` where there is none. */
  readonly group: number | undefined
  readonly errorKind: string | undefined
  readonly errorMessage: string | undefined
  /** `undefined` where there is none, or it was too long to keep. */
  readonly value: unknown
}

const number = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/
/** What a spreadsheet takes for the beginning of a formula; that of a cell also behind a line break, and in the wide forms of the letters. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/** The rows as CSV of RFC 4180. A cell that a spreadsheet would run as a formula begins with an apostrophe. */
export function rowsAsCsv(rows: readonly ExportedRow[]): string {
  const names = ['agent', 'state', 'durationMs', 'group', 'errorKind', 'errorMessage', 'value'] as const
  const lines = rows.map(row =>
    names.map(name => cell(name === 'value' && row.value !== undefined ? JSON.stringify(row.value) : row[name])).join(','),
  )
  return [names.join(','), ...lines].map(line => `${line}\r\n`).join('')
}

function cell(value: unknown): string {
  const text = value === undefined ? '' : String(value)
  const harmless = formula.test(text) && !number.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
