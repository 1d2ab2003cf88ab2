/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes one line. Fields are facts beside the message: ids, kinds, numbers; never a secret. */
export type LogSink = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void

/** Keeps nothing. */
export const silentLog: LogSink = () => undefined
