import type { Marks, MethodNode } from '../contract-types.ts'

/** What the marks of a parameter or member want of a value, in words; `undefined` where it fits. Of a value of another type nothing is wanted. */
export function wantedByMarks(marks: Marks, value: unknown): string | undefined {
  if (value === null || value === undefined) return marks.required ? 'a value: it is required' : undefined
  const { maxLength, pattern } = marks
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return undefined
  if (maxLength !== undefined && value.length > maxLength)
    return `at most ${maxLength} ${typeof value === 'string' ? 'characters' : 'bytes'}`
  return pattern !== undefined && typeof value === 'string' && !new RegExp(pattern, 'u').test(value) ? `text like ${pattern}` : undefined
}

/** Whether a method can be called with so many arguments: the last ones may be missing where the contract has a default for each. */
export function takesCount({ params }: MethodNode, count: number): boolean {
  return count === params.length || (count < params.length && params.slice(count).every(param => param.default !== undefined))
}
