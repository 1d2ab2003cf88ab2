import { parseJsonText, placeOf, type TextRange } from './json-text.ts'

/** A problem of a text, where it is. */
export interface TextProblem {
  readonly place: TextRange
  readonly message: string
}

/** A JSON text as a value, with where each part of it stands; or why it is none. */
export type ReadJson =
  | { readonly ok: true; readonly value: unknown; placeOf(pointer: string): TextRange }
  | { readonly ok: false; readonly problem: TextProblem }

/** Reads a text as JSON. Never throws: a text may be anything. */
export function readJson(text: string): ReadJson {
  const parsed = parseJsonText(text)
  if (parsed.ok) return { ok: true, value: parsed.value, placeOf: pointer => placeOf(parsed.place, pointer) }
  const from = Math.min(parsed.at, Math.max(0, text.length - 1))
  return { ok: false, problem: { place: { from, to: Math.min(text.length, from + 1) }, message: parsed.message } }
}

/** Line and column of a place, both from 1. */
export function lineAndColumn(text: string, at: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  return { line, column: at - before.lastIndexOf('\n') }
}

/** A key as a part of a JSON pointer. */
export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
