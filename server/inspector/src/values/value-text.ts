import { parseExactJson } from '@halibut-gateway/schemas/collection'

/** A JSON value as a person writes it: a text that is no JSON stands as it is, all else as JSON. */
export function valueText(value: unknown): string {
  if (value === undefined) return ''
  return typeof value === 'string' && value !== '' && !isJson(value) ? value : JSON.stringify(value)
}

/** The value of such a text. */
export function readValueText(text: string): unknown {
  try {
    return parseExactJson(text)
  } catch {
    return text
  }
}

/** Reads JSON; gives why not, where it is none. */
export function readJsonText(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parseExactJson(text) }
  } catch (error) {
    return { problem: `This is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

function isJson(text: string): boolean {
  try {
    parseExactJson(text)
    return true
  } catch {
    return false
  }
}
