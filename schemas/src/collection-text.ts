import { Value, type ValueError } from '@sinclair/typebox/value'
import { type Collection, CollectionSchema, collectionLimits, collectionVersion } from './collection.ts'
import { checkCalls } from './collection-check.ts'
import type { FileProblem } from './collection-problems.ts'
import { parseExactJson } from './exact-json.ts'
import { expectedBy } from './expectation.ts'

/** A file that was read, or why it was not. */
export type ReadCollection = { readonly collection: Collection } | { readonly problems: readonly FileProblem[] }

/** Reads a file of saved calls. It may come from anybody: nothing is taken that is not known here, and each problem has its place. */
export function readCollection(text: string): ReadCollection {
  const { chars, depth, problems: most } = collectionLimits
  if (text.length > chars) {
    return {
      problems: [{ place: '', reason: `it has ${text.length.toLocaleString('en')} characters; at most ${chars.toLocaleString('en')}` }],
    }
  }
  if (isDeeperThan(text, depth))
    return { problems: [{ place: '', reason: `it has more than ${depth} objects and lists within each other` }] }
  let value: unknown
  try {
    value = parseExactJson(text)
  } catch {
    return { problems: [syntaxProblem(text)] }
  }
  const stranger = otherFile(value)
  if (stranger) return { problems: [stranger] }
  const misfits = [...Value.Errors(CollectionSchema, value)].flatMap(problemsOf)
  // A member that is missing is told twice, and so is what stands in a place that is not known.
  const places = new Set<string>()
  const told = misfits.filter(({ place }) => !places.has(place) && places.add(place))
  if (told.length > 0) return { problems: told.slice(0, most) }
  const collection = value as Collection
  const found = checkCalls(collection)
  return found.length === 0 ? { collection } : { problems: found.slice(0, most) }
}

/** The text of a file of saved calls. The values of secret variables are not in it, whoever has put them there. */
export function writeCollection({ variables, ...collection }: Collection): string {
  const told = Object.entries(variables ?? {}).map(([name, { value, ...variable }]) => [
    name,
    value === undefined || variable.secret ? variable : { value, ...variable },
  ])
  const { format, version, name, description, calls } = collection
  const written = {
    format,
    version,
    name,
    ...(description === undefined ? {} : { description }),
    ...(told.length === 0 ? {} : { variables: Object.fromEntries(told) as unknown }),
    calls,
  }
  return `${JSON.stringify(written, null, 2)}\n`
}

/** Begins a collection. */
export function emptyCollection(name: string): Collection {
  return { format: 'halibut-gateway-collection', version: collectionVersion, name, calls: [] }
}

/** What is none of ours, or of a newer program, is not taken apart any further. */
function otherFile(value: unknown): FileProblem | undefined {
  const { format, version } = (typeof value === 'object' && value !== null ? value : {}) as { format?: unknown; version?: unknown }
  if (format !== CollectionSchema.properties.format.const) {
    return {
      place: '/format',
      reason: `it is no file of saved calls: expected "format": ${JSON.stringify(CollectionSchema.properties.format.const)}`,
    }
  }
  if (typeof version === 'number' && version > collectionVersion) {
    return {
      place: '/version',
      reason: `it is of version ${version}, and the newest that is read here is ${collectionVersion}: it needs a newer gateway`,
    }
  }
  return undefined
}

function problemsOf(error: ValueError): readonly FileProblem[] {
  // Of an assertion that is none of the kinds, what is wrong is told of the kind that it was to be.
  const { path: place, value, schema } = error
  if (/\/assertions\/\d+$/.test(place) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const kinds = ['equals', 'matches', 'exists', 'error', 'fasterThanMs'].filter(kind => Object.hasOwn(value, kind))
    if (kinds.length !== 1) {
      return [
        {
          place,
          reason: `an assertion has one of equals, matches, exists, error and fasterThanMs; here ${kinds.length === 0 ? 'is none' : `are ${kinds.join(' and ')}`}`,
        },
      ]
    }
    const [kind = ''] = kinds
    const index = (schema['anyOf'] as { properties: object }[]).findIndex(({ properties }) => Object.hasOwn(properties, kind))
    return [...(error.errors[index] ?? [])].flatMap(problemsOf)
  }
  if (/^\/variables\/[^/]*$/.test(place) && error.message === 'Unexpected property') {
    return [{ place, reason: 'the name of a variable is a letter, then letters, digits, _ and -, at most 64' }]
  }
  if (error.message === 'Unexpected property') return [{ place, reason: 'is not known here' }]
  return [{ place, reason: value === undefined ? `is missing: ${expected(error)}` : expected(error) }]
}

function expected(error: ValueError): string {
  return `expected ${/\/error$/.test(error.path) ? 'a kind of error, such as deadline_exceeded' : expectedBy(error)}`
}

function syntaxProblem(text: string): FileProblem {
  let message = 'it is no JSON'
  try {
    JSON.parse(text)
  } catch (error) {
    message = error instanceof Error ? error.message : message
  }
  const [, offset] = /position (\d+)/.exec(message) ?? []
  const before = text.slice(0, offset === undefined ? text.length : Number(offset)).split('\n')
  const reason = message.replace(/ in JSON at position.*| at position.*/s, '').replace(/^./, first => first.toLowerCase())
  return { place: `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`, reason: `it is no JSON: ${reason}` }
}

/** Reading what lies deep within each other takes a stack. */
function isDeeperThan(text: string, most: number): boolean {
  let depth = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) at += character === '\\' ? 1 : 0
    else if (character === '[' || character === '{') depth++
    else if (character === ']' || character === '}') depth--
    if (depth > most) return true
  }
  return false
}
