import type { Variables } from './collection.ts'

/** `{{name}}`, and `\{{name}}`, which stands for that text itself. */
const places = /(\\?)\{\{\s*([A-Za-z][A-Za-z0-9_-]{0,63})\s*\}\}/g
const alone = /^\{\{\s*([A-Za-z][A-Za-z0-9_-]{0,63})\s*\}\}$/

/** Values of variables, by their names. */
export type Values = Readonly<Record<string, unknown>>

/** The values of a run: those of the file, and before them those that the run has said. */
export function valuesOf(variables: Variables = {}, said: Values = {}): Values {
  const values: Record<string, unknown> = Object.create(null)
  for (const [name, { value, secret }] of Object.entries(variables)) {
    if (Object.hasOwn(said, name)) values[name] = said[name]
    else if (value !== undefined && !secret) values[name] = value
  }
  return values
}

/**
 * A JSON value with variables filled in. A text that is nothing but `{{name}}` becomes the variable’s value with its type; within a longer
 * text a text, a number or a bool is written out. What cannot be filled in is told to `onProblem`, and stays as it is.
 */
export function fill(template: unknown, values: Values, onProblem: (reason: string) => void): unknown {
  return mapTexts(template, text => {
    const [, name] = alone.exec(text) ?? []
    if (name !== undefined && name in values) return values[name]
    return text.replaceAll(places, (whole, escaped: string, each: string) => {
      if (escaped !== '') return whole.slice(1)
      if (!(each in values)) {
        onProblem(`the variable ${each} has no value`)
        return whole
      }
      const value = values[each]
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
      onProblem(`the variable ${each} is ${kindOf(value)}, which cannot stand within a longer text`)
      return whole
    })
  })
}

/** The same for a text that stays one. */
export function fillText(template: string, values: Values, onProblem: (reason: string) => void): string {
  const filled = fill(template, values, onProblem)
  if (typeof filled === 'string') return filled
  if (typeof filled === 'number' || typeof filled === 'boolean') return String(filled)
  onProblem(`${template} is ${kindOf(filled)}, and has to be a text`)
  return template
}

/** The variables that a JSON value names, each once. */
export function namesIn(template: unknown): ReadonlySet<string> {
  const names = new Set<string>()
  mapTexts(template, text => {
    for (const [, escaped, name = ''] of text.matchAll(places)) if (escaped === '') names.add(name)
    return text
  })
  return names
}

/** A JSON value as a template that gives it back: what looks like a variable in it is none. */
export function asTemplate(value: unknown): unknown {
  return mapTexts(value, text => text.replaceAll(places, whole => `\\${whole}`))
}

/** A JSON value in which each text but the names of members is another value. */
function mapTexts(value: unknown, map: (text: string) => unknown): unknown {
  if (typeof value === 'string') return map(value)
  if (Array.isArray(value)) return value.map(each => mapTexts(each, map))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapTexts(each, map)]))
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object'
}
