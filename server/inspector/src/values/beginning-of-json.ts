import { shownAs } from './form-values.ts'
import { innerType, isNumeric, type JsonType } from './typed-json.ts'

/** Characters of a result that are shown. */
export const shownChars = 100_000

/** The beginning of a JSON value as text: no more of it is written than is shown. */
export interface Beginning {
  readonly text: string
  /** Whether that is all. */
  readonly isWhole: boolean
}

/**
 * The JSON text of a value as it is shown, indented by `indent`, or as much of it as `maxChars` characters take. `type`: that of its contract,
 * by which what is a number is shown as one.
 */
export function beginningOfJson(value: unknown, maxChars: number, indent = '  ', type?: JsonType): Beginning {
  let text = ''
  /** Gives false where there is no room for more. */
  const add = (more: string): boolean => {
    text += more
    return text.length <= maxChars
  }
  const write = (given: unknown, newLine: string, its: JsonType | undefined): boolean => {
    const each = shownAs(given) ?? given
    if (isNumeric(its, each)) return add(each)
    if (typeof each === 'string') return add(JSON.stringify(each.slice(0, maxChars)))
    if (typeof each !== 'object' || each === null) return add(JSON.stringify(each) ?? 'null')
    const isList = Array.isArray(each)
    const inner = `${newLine}${indent}`
    let first = true
    if (!add(isList ? '[' : '{')) return false
    for (const key in each) {
      if (!add(`${first ? '' : ','}${inner}${isList ? '' : `${JSON.stringify(key)}:${indent === '' ? '' : ' '}`}`)) return false
      first = false
      if (!write((each as Record<string, unknown>)[key], inner, innerType(its, key))) return false
    }
    return add(`${first ? '' : newLine}${isList ? ']' : '}'}`)
  }
  const isWhole = write(value, indent === '' ? '' : '\n', type)
  return { text: text.slice(0, maxChars), isWhole }
}
