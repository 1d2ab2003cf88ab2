import type { CliIo } from './io.ts'

/** Tells what was asked for: as one line of JSON where that is wanted, else as text. */
export function tellAnswer(io: CliIo, { json }: { readonly json?: boolean | undefined }, value: unknown, text: string): 'done' {
  io.out(`${json ? JSON.stringify(value) : text}\n`)
  return 'done'
}

/** Tells a person at a terminal what to do next, each as a command to paste. */
export function tellNext(
  io: CliIo,
  { json }: { readonly json?: boolean | undefined },
  steps: readonly (readonly [what: string, command: string])[],
): 'done' {
  if (io.terminal && !json) for (const [what, command] of steps) io.err(`${what}: ${command}\n`)
  return 'done'
}
