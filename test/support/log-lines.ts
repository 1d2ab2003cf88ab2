import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import ts from 'typescript'

/** A line that the code can write into the log. */
export interface LogLine {
  /** `info`; `…` where it depends. */
  readonly level: string
  /** With `…` for what is filled in. */
  readonly message: string
  /** Where it stands in the code. */
  readonly place: string
}

const sources = resolve(import.meta.dirname, '../../server/src')
const levels = new Set(['debug', 'info', 'warn', 'error'])
const filledIn = '…'

/** Every line that the gateway can write: the calls of a `LogSink` in its sources. What the runtime notes of connections is no log of the process. */
export function logLines(): LogLine[] {
  return readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.startsWith('runtime'))
    .sort()
    .flatMap(file => linesOf(file, readFileSync(join(sources, file), 'utf8')))
}

function linesOf(file: string, text: string): LogLine[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: LogLine[] = []
  const look = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /(^|[.#])log$/.test(node.expression.getText(source))) {
      const [level, message] = node.arguments
      const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}`
      if (level && message && isLevel(level)) {
        found.push({ level: ts.isStringLiteral(level) ? level.text : filledIn, message: patternOf(message, place), place })
      }
    }
    ts.forEachChild(node, look)
  }
  look(source)
  return found
}

function isLevel(node: ts.Expression): boolean {
  return ts.isStringLiteral(node) ? levels.has(node.text) : /level/i.test(node.getText())
}

/** A message that is no text would be a line of which nobody knows what it says. */
function patternOf(message: ts.Expression, place: string): string {
  if (ts.isStringLiteral(message) || ts.isNoSubstitutionTemplateLiteral(message)) return message.text
  if (ts.isTemplateExpression(message)) {
    return message.head.text + message.templateSpans.map(({ literal }) => filledIn + literal.text).join('')
  }
  throw new Error(`${place}: the message of a log line must be a text, and its facts beside it`)
}
