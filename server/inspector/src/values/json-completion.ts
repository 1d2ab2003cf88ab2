import { describeType, type MarkedType, type MethodNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { constructible, definitionOf, firstOf, firstValue } from './form-values.ts'
import { innerType, type JsonType, withoutNull } from './typed-json.ts'

/** What can be written at a place of a JSON text. */
export interface JsonChoice {
  readonly label: string
  /** What takes the place of what is written already. */
  readonly insert: string
  /** Its type, in a few words. */
  readonly detail: string
  readonly about?: string | undefined
  readonly kind: 'member' | 'value' | 'template'
}

/** The choices at a place, and which characters they take the place of. */
export interface JsonChoices {
  readonly from: number
  readonly to: number
  readonly choices: readonly JsonChoice[]
}

interface Level {
  readonly kind: 'object' | 'list'
  /** The names that are there, and those texts that were their values. */
  readonly members: Map<string, string | undefined>
  index: number
  /** The name whose value is written. */
  name: string | undefined
  /** What comes next. */
  wants: 'name' | 'colon' | 'value' | 'comma'
}

/** Where a text is at a place: on the way to what, and what is written of it. */
interface Spot {
  readonly levels: readonly Level[]
  readonly from: number
  readonly to: number
  readonly written: string
}

const token = /"(?:[^"\\\n]|\\.)*"?|[{}[\]:,]|[^\s{}[\]:,"]+/g
/** Longer texts are not looked through at each key. */
const mostChars = 500_000
const mostChoices = 200

/** What fits at a place of the text of a method’s arguments; the text need not be JSON yet. */
export function jsonChoices(json: ContractJson, method: MethodNode, text: string, at: number): JsonChoices | undefined {
  if (text.length > mostChars) return undefined
  const spot = spotOf(text, at)
  if (!spot) return undefined
  const { levels, from, to } = spot
  const level = levels.at(-1)
  const choices =
    level?.wants === 'name'
      ? memberChoices(json, typeAt(json, method, levels.slice(0, -1)), level, hasColon(text, to))
      : level?.wants === 'value' || !level
        ? valueChoices(json, method, levels)
        : []
  const written = spot.written
    .slice(0, at - from)
    .replaceAll('"', '')
    .toLowerCase()
  const fitting = choices.filter(({ label }) => label.toLowerCase().includes(written))
  return fitting.length === 0 ? undefined : { from, to, choices: fitting.slice(0, mostChoices) }
}

/** Reads a text up to a place, whatever is wrong with it. `undefined` where nothing can be chosen there. */
function spotOf(text: string, at: number): Spot | undefined {
  const levels: Level[] = []
  let from = at
  let to = at
  let written = ''
  for (const match of text.matchAll(token)) {
    const [each] = match
    const end = match.index + each.length
    if (match.index >= at) break
    if (end >= at && !/^[{}[\]:,]$/.test(each)) {
      // It is this one that is being written.
      from = match.index
      to = end
      written = each
      break
    }
    take(levels, each)
  }
  const level = levels.at(-1)
  if (level) completeNames(level, text.slice(to))
  return { levels, from, to, written }
}

function take(levels: Level[], each: string): void {
  const level = levels.at(-1)
  switch (each) {
    case '{':
    case '[': {
      const kind = each === '{' ? 'object' : 'list'
      levels.push({ kind, members: new Map(), index: 0, name: undefined, wants: kind === 'object' ? 'name' : 'value' })
      return
    }
    case '}':
    case ']':
      levels.pop()
      valueIsThere(levels.at(-1), undefined)
      return
    case ':':
      if (level?.wants === 'colon') level.wants = 'value'
      return
    case ',':
      if (!level) return
      level.wants = level.kind === 'object' ? 'name' : 'value'
      level.index++
      level.name = undefined
      return
    default:
      if (level?.wants === 'name') {
        level.name = unquoted(each)
        level.members.set(level.name, undefined)
        level.wants = 'colon'
      } else valueIsThere(level, each)
  }
}

function valueIsThere(level: Level | undefined, written: string | undefined): void {
  if (level?.wants !== 'value') return
  if (level.name !== undefined && written?.startsWith('"')) level.members.set(level.name, unquoted(written))
  level.wants = 'comma'
}

function unquoted(written: string): string {
  try {
    return String(JSON.parse(written))
  } catch {
    return written.replaceAll('"', '')
  }
}

/** Names that stand behind the place in the same object are there too. */
function completeNames(level: Level, rest: string): void {
  if (level.kind !== 'object') return
  let depth = 0
  let last: string | undefined
  for (const [each] of rest.matchAll(token)) {
    if (each === '{' || each === '[') depth++
    else if (each === '}' || each === ']') {
      if (--depth < 0) return
    } else if (depth === 0 && each === ':' && last !== undefined) level.members.set(last, level.members.get(last))
    last = depth === 0 && each.startsWith('"') ? unquoted(each) : undefined
  }
}

function hasColon(text: string, at: number): boolean {
  return /^\s*:/.test(text.slice(at, at + 200))
}

/** The type of the value that the levels lead to: the arguments are the first of them. */
function typeAt(json: ContractJson, method: MethodNode, levels: readonly Level[]): JsonType | undefined {
  const [args, ...inner] = levels
  if (args?.kind !== 'list') return undefined
  const param = method.params[args.index]
  let type: JsonType | undefined = param && { json, node: param.type }
  for (const level of inner) {
    const stated = level.members.get('$type')
    const key = level.kind === 'list' ? String(level.index) : (level.name ?? '')
    type = innerType(type, key, stated)
  }
  return type
}

function memberChoices(json: ContractJson, type: JsonType | undefined, level: Level, isFollowed: boolean): JsonChoice[] {
  if (!type) return []
  const node = withoutNull(type.node)
  const choices: JsonChoice[] = []
  const add = (name: string, detail: string, first: unknown, about?: string): void => {
    // The one that is being changed is there as well.
    if (level.members.has(name) && !isFollowed) return
    const value = isFollowed ? '' : `: ${JSON.stringify(first)}`
    choices.push({ label: name, insert: `${JSON.stringify(name)}${value}`, detail, about, kind: 'member' })
  }
  if (node === 'object') {
    for (const [name, first] of openForms) add(name, 'what it is', first)
    return choices
  }
  if (typeof node === 'string') {
    const definition = definitionOf(json, node)
    if (!definition || 'enum' in definition) return []
    const derived = constructible(json, node)
    if (derived.length > 1 || derived[0] !== node) add('$type', `one of ${derived.length}`, derived[0] ?? '')
    if (level.members.has('$type')) add('$value', 'its members', {})
    else {
      for (const member of definition.members) add(member.name, describeType(member.type), firstOf(json, member), aboutOf(member))
    }
    return choices
  }
  const key = 'dictionary' in node ? node.dictionary[0] : 'collection' in node ? node.of[0] : undefined
  const definition = typeof key === 'string' ? definitionOf(json, key) : undefined
  if (definition && 'enum' in definition) {
    const value = 'dictionary' in node ? node.dictionary[1] : 'collection' in node ? (node.of[1] ?? 'object') : 'object'
    for (const name of Object.keys(definition.values)) add(name, describeType(value), firstValue(json, value))
  }
  return choices
}

function aboutOf({ description, deprecated }: MarkedType): string | undefined {
  return [description, deprecated ? 'deprecated' : undefined].filter(each => each !== undefined).join(' · ') || undefined
}

/** What a value is tagged with where the contract leaves its type open. */
const openForms: readonly (readonly [string, unknown])[] = [
  ['$numberLong', '0'],
  ['$numberDouble', 'NaN'],
  ['$date', '2030-01-02T03:04:05Z'],
  ['$binary', ''],
  ['$uuid', '00000000-0000-0000-0000-000000000000'],
  ['$type', ''],
]

function valueChoices(json: ContractJson, method: MethodNode, levels: readonly Level[]): JsonChoice[] {
  const choices: JsonChoice[] = []
  const add = (value: unknown, detail: string, kind: JsonChoice['kind'] = 'value', about?: string): void => {
    const insert = JSON.stringify(value, null, kind === 'template' ? 2 : undefined)
    const label = JSON.stringify(value)
    choices.push({ label: label.length > 60 ? `${label.slice(0, 59)}…` : label, insert, detail, about, kind })
  }
  if (levels.length === 0) {
    add(
      method.params.map(param => firstOf(json, param)),
      `the arguments of ${method.name}`,
      'template',
    )
    return choices
  }
  const level = levels.at(-1)
  // Which type a value is said to have is a choice of its own.
  if (level?.kind === 'object' && level.name === '$type') {
    const declared = typeAt(json, method, levels.slice(0, -1))
    const node = declared && withoutNull(declared.node)
    const names = typeof node === 'string' && node !== 'object' ? constructible(json, node) : Object.keys(json.contract.types ?? {})
    for (const name of names) add(name, 'a type of the contract')
    return choices
  }
  const type = typeAt(json, method, levels)
  if (!type) return choices
  const { node } = type
  const inner = withoutNull(node)
  const detail = describeType(node)
  const definition = typeof inner === 'string' ? definitionOf(json, inner) : undefined
  if (definition && 'enum' in definition) for (const name of Object.keys(definition.values)) add(name, detail)
  else if (inner === 'bool') {
    add(true, detail)
    add(false, detail)
  } else if (inner === 'dataStream') {
    add({ $text: '' }, 'the content as text', 'template')
    add({ $base64: '' }, 'the content as bytes', 'template')
  } else if (typeof inner === 'string' && definition) {
    for (const name of constructible(json, inner)) {
      add(name === inner ? firstValue(json, name) : { $type: name, $value: firstValue(json, name) }, name, 'template')
    }
  } else if (inner !== 'object') add(firstValue(json, inner), detail, 'template')
  if (inner !== node) add(null, detail)
  return choices
}
