import type { CliIo } from '../../server/src/cli/io.ts'
import { runProgram } from '../../server/src/cli/program.ts'

/** How a command line ended. */
export interface CommandEnd {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A command line that runs in this process. */
export interface RunningCommand extends AsyncDisposable {
  readonly ended: Promise<CommandEnd>
  /** The first line with JSON on its output. Rejects where the command ends before. */
  readonly firstJson: Promise<Record<string, string>>
  /** What it has written so far. */
  written(): { readonly out: string; readonly err: string }
  /** Its output up to the first place that fits. Rejects where the command ends before. */
  printed(pattern: RegExp): Promise<string>
  /** Sends it a signal. */
  signal(name?: NodeJS.Signals): void
}

/** Starts a command line as a process would, but in this one. It is interrupted at the end of its scope. `terminal`: default none. */
export function startCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  terminal?: CliIo['terminal'],
): RunningCommand {
  const written = { out: '', err: '' }
  const content: Buffer[] = []
  const stop = new AbortController()
  let onSignal: (signal: NodeJS.Signals) => void = () => stop.abort()
  const listeners = new Set<() => void>()
  const write = (text: string): void => {
    written.out += text
    for (const listener of listeners) listener()
  }
  const io: CliIo = {
    environment,
    terminal,
    out: write,
    bytes: async chunk => void content.push(Buffer.from(chunk)),
    err: text => {
      written.err += text
    },
    signal: stop.signal,
    takeSignals: listener => {
      onSignal = listener
    },
    exit: code => {
      throw new Error(`the process would have ended with ${code}`)
    },
  }
  const ended = runProgram(args, io).then(code => ({
    code,
    out: written.out + Buffer.concat(content).toString(),
    err: written.err,
  }))
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  ended.then(over, over)
  const printed = <T>(look: (out: string) => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const listener = (): void => {
        const found = look(written.out)
        if (found !== undefined) resolve(found)
      }
      listeners.add(listener)
      listener()
      void ended.then(({ err }) => reject(new Error(`the command ended: ${err}`)), reject)
    })
  const firstJson = printed(out => {
    const [line] = /^\{.*\}$/m.exec(out) ?? []
    return line === undefined ? undefined : (JSON.parse(line) as Record<string, string>)
  })
  firstJson.catch(() => undefined)
  return {
    ended,
    firstJson,
    written: () => ({ ...written }),
    printed: pattern => printed(out => (pattern.test(out) ? out : undefined)),
    signal: (name = 'SIGTERM') => onSignal(name),
    async [Symbol.asyncDispose]() {
      // Of one that has ended it would be the second signal.
      if (!isOver) onSignal('SIGTERM')
      await ended
    },
  }
}

/** Runs a command line to its end. */
export function runCommand(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandEnd> {
  return startCommand(args, environment).ended
}
