/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes one line. Fields are facts beside the message: ids, kinds, numbers; never a secret. */
export type LogSink = ((level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void) & {
  /** Whether lines of a level are written, for whoever would write many. Default: as if there were none. */
  readonly writes?: (level: LogLevel) => boolean
}

/** Keeps nothing. */
export const silentLog: LogSink = () => undefined
