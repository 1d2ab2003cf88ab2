import { memberText } from '@halibut-gateway/schemas/collection'

/** A place at which two values differ. */
export interface Difference {
  /** As a JSON path. */
  readonly path: string
  /** The same as names and indexes. */
  readonly keys: readonly string[]
  /** `undefined` where there is nothing at this place. */
  readonly one: unknown
  readonly other: unknown
}

/** Differences that are told, then the rest is left out. */
const mostDifferences = 50

/** Where two JSON values differ, in the order of the first; no more than fifty places, the deepest that say it all. */
export function differencesOf(one: unknown, other: unknown, most = mostDifferences): readonly Difference[] {
  const found: Difference[] = []
  const compare = (left: unknown, right: unknown, path: string, keys: readonly string[]): void => {
    if (found.length >= most || left === right) return
    if (Array.isArray(left) && Array.isArray(right)) {
      for (let i = 0; i < Math.max(left.length, right.length) && found.length < most; i++)
        compare(left[i], right[i], `${path}[${i}]`, [...keys, `${i}`])
      return
    }
    if (isObject(left) && isObject(right)) {
      for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
        if (found.length >= most) return
        compare(own(left, name), own(right, name), `${path}${memberText(name)}`, [...keys, name])
      }
      return
    }
    found.push({ path, keys, one: left, other: right })
  }
  compare(one, other, '$', [])
  return found
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined
}
