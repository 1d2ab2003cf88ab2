/** What the command line stands in: a process, or a test. */
export interface CliIo {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What was asked for. */
  out(text: string): void
  /** The same for content; resolves when more may come. */
  bytes(chunk: Uint8Array): Promise<void>
  /** What is said beside it. */
  err(text: string): void
  /** The terminal that `err` writes to, where it is one. `hasOut`: what was asked for goes there too. `patienceMs`: before a bar is shown; default 500. */
  readonly terminal: { readonly columns: number; readonly hasOut: boolean; readonly patienceMs?: number } | undefined
  /** Ends what runs, where it can be ended. */
  readonly signal: AbortSignal
  /** From now on the verb sees to signals itself: `signal` does not fire any more. */
  takeSignals(onSignal: (signal: NodeJS.Signals) => void): void
  /** Ends the process at once. */
  exit(code: number): never
}
