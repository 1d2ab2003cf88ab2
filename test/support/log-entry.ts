/** The entry with this number of the log that the stream agent makes. */
export function logEntry(index: number, chars: number): { Source: string; Occurred: Date; Text: string } {
  return { Source: 'StdOut', Occurred: new Date(1_767_323_045_000 + index), Text: String(index).padEnd(chars, 'é""""') }
}
