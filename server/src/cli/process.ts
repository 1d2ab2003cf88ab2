import { once } from 'node:events'
import { exitOfSignal } from './exit-codes.ts'
import type { CliIo } from './io.ts'
import { runProgram } from './program.ts'

/** Runs the command line as this process, and ends it. */
export async function runAsProcess(args: readonly string[]): Promise<void> {
  const stop = new AbortController()
  let onSignal = (signal: NodeJS.Signals): void => {
    // Who gave up once has a moment to say so; who does it twice has none.
    if (stop.signal.aborted) process.exit(exitOfSignal(signal))
    stop.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal))
  // A reader that goes, such as head, ends us as it would any other program.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const io: CliIo = {
    environment: process.env,
    out: text => void process.stdout.write(text),
    bytes: async chunk => {
      if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
    },
    err: text => void process.stderr.write(text),
    get terminal() {
      const { stderr, stdout } = process
      return stderr.isTTY ? { columns: stderr.columns, hasOut: stdout.isTTY } : undefined
    },
    signal: stop.signal,
    takeSignals: listener => {
      onSignal = listener
      if (stop.signal.aborted) listener('SIGINT')
    },
    exit: code => process.exit(code),
  }
  const code = await runProgram(args, io)
  process.stdout.write('', () => process.exit(code))
}
