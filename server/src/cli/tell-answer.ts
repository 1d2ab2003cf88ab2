import type { CliIo } from './io.ts'

/** Tells what was asked for: as one line of JSON where that is wanted, else as text. */
export function tellAnswer(io: CliIo, { json }: { readonly json?: boolean | undefined }, value: unknown, text: string): 'done' {
  io.out(`${json ? JSON.stringify(value) : text}\n`)
  return 'done'
}
