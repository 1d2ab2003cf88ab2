/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Takes one line. Fields are facts beside the message: ids, kinds, numbers; never a secret. */
export type LogSink = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void

/** Keeps nothing. */
export const silentLog: LogSink = () => undefined

/** Writes lines for a person, with the time in UTC: `12:34:56.789 warn  message key=value`. */
export function createTextLog(write: (line: string) => void, least: LogLevel = 'info'): LogSink {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']
  return (level, message, fields = {}) => {
    if (order.indexOf(level) < order.indexOf(least)) return
    const facts = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`)
    write(`${new Date().toISOString().slice(11, 23)} ${level.padEnd(5)} ${message}${facts.join('')}\n`)
  }
}
