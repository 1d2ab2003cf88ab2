import { type DestinationStream, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import type { LogLevel, LogSink } from '../base/log.ts'
import { factsWithoutSecrets, messageWithoutSecrets } from './redact.ts'

/** How the log is written. */
export interface LogOptions {
  /** Takes a line with its end. */
  readonly write: (line: string) => void
  /** `text`: for a person, with the time of day in UTC. `json`: one object a line, with the full time. */
  readonly format: 'text' | 'json'
  /** What matters less is left out. Default `info`. */
  readonly level?: LogLevel | undefined
  /** Colours in `text`. Default: none. */
  readonly colours?: boolean | undefined
}

/** Facts whose names are others’ in a log: OpenTelemetry’s, and that of the activity id on every span. */
const namesInLog: Readonly<Record<string, string>> = { traceId: 'trace_id', activityId: 'halibut.activity_id' }

/** The log of the process. Secrets in messages and facts are not written, whoever put them there. */
export function createLog({ write: writeLine, format, level = 'info', colours = false }: LogOptions): LogSink {
  const destination: DestinationStream = { write: format === 'json' ? writeLine : prettyWriter(writeLine, colours) }
  const log = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
    },
    destination,
  )
  const write: LogSink = (at, message, facts = {}) => {
    if (!log.isLevelEnabled(at)) return
    const named = Object.entries(facts).map(([name, value]) => [namesInLog[name] ?? name, value] as const)
    log[at](factsWithoutSecrets(Object.fromEntries(named)), messageWithoutSecrets(message))
  }
  return Object.assign(write, { writes: (at: LogLevel) => log.isLevelEnabled(at) })
}

/** The log on standard error: text on a terminal, JSON elsewhere. */
export function createProcessLog(level: LogLevel): LogSink {
  const { stderr } = process
  return createLog({ write: line => stderr.write(line), format: stderr.isTTY ? 'text' : 'json', colours: stderr.isTTY, level })
}

function prettyWriter(write: (line: string) => void, colorize: boolean): (line: string) => void {
  const pretty = prettyFactory({ colorize, singleLine: true, translateTime: 'UTC:HH:MM:ss.l' })
  return line => write(pretty(line))
}
