/** What the command line stands in: a process, or a test. */
export interface CliIo {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** What was asked for. */
  out(text: string): void
  /** The same for content; resolves when more may come. */
  bytes(chunk: Uint8Array): Promise<void>
  /** What is said beside it. */
  err(text: string): void
  /** Ends what runs, where it can be ended. */
  readonly signal: AbortSignal
  /** From now on the verb sees to signals itself: `signal` does not fire any more. */
  takeSignals(onSignal: (signal: NodeJS.Signals) => void): void
  /** Ends the process at once. */
  exit(code: number): never
}
