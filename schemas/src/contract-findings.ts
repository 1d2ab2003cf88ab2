import type { ContractIssue } from './contract-types.ts'

/** How large a contract may be. */
export const contractLimits = {
  methods: 1_000,
  parameters: 64,
  types: 1_000,
  members: 1_000,
  enumValues: 4_096,
  /** Type nodes in the whole document. */
  nodes: 50_000,
  /** Types within one type. */
  depth: 24,
  nameLength: 256,
  textLength: 4_096,
  /** Reported, then the rest is left out. */
  issues: 50,
  /** Further names of one object, enumeration or service. */
  aliases: 16,
  patternLength: 512,
  /** Characters that a pattern names, where its counts are written out. */
  patternPlaces: 1_000,
  /** Comparisons that the check of one pattern takes. */
  patternSteps: 2_000_000,
  /** Values that stand for those of an object, or for arguments, where none comes. */
  missingValues: 4_096,
} as const

/** Any object of a document. */
export type Json = Record<string, unknown>

/** What is found in a document: the issues, each with its place, and the checks of the simple forms that add to them. */
export class Findings {
  readonly issues: ContractIssue[] = []

  issue(place: string, message: string): void {
    if (this.issues.length < contractLimits.issues) this.issues.push({ place, message })
  }

  name(value: unknown, place: string, pattern: RegExp): void {
    if (typeof value !== 'string' || value.length > contractLimits.nameLength || !pattern.test(value)) {
      this.issue(place, `must be a name of letters, digits and _ of at most ${contractLimits.nameLength} characters`)
    }
  }

  flag(value: unknown, place: string): void {
    if (value !== undefined && typeof value !== 'boolean') this.issue(place, 'must be true or false')
  }

  text(value: unknown, place: string): void {
    if (value !== undefined && (typeof value !== 'string' || value.length > contractLimits.textLength)) {
      this.issue(place, `must be a text of at most ${contractLimits.textLength} characters`)
    }
  }

  array(value: unknown, place: string, most: number): readonly unknown[] | undefined {
    if (!Array.isArray(value)) this.issue(place, 'must be an array')
    else if (value.length > most) this.issue(place, `has ${value.length} entries; at most ${most}`)
    else return value
    return undefined
  }

  object(value: unknown, place: string, allowed?: readonly string[]): Json | undefined {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.issue(place, 'must be an object')
      return undefined
    }
    for (const key of allowed ? Object.keys(value) : []) {
      if (!allowed?.includes(key)) this.issue(`${place}/${pointer(key)}`, 'is not known here')
    }
    return value as Json
  }
}

/** A key as a part of a place. */
export function pointer(key: string): string {
  return key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}
