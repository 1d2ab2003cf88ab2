import { escapePointer } from '@halibut-gateway/schemas/wire'
import { shownAs } from './form-values.ts'
import { innerType, isNumeric, type JsonType, statedBy } from './typed-json.ts'

/** Of a longer list the items stand in groups of so many, so that a million of them is as quick to look at as ten. */
const groupSize = 500
const previewChars = 200
/** Rows that are made at most: whoever opens more than that searches better. */
const mostRows = 100_000
const mostMatches = 1_000
const mostLooks = 300_000

/** A line of a value that is shown as a tree. */
export interface TreeRow {
  /** Names the row: a JSON pointer, with `|` and a number for a group of items. */
  readonly id: string
  /** Of the value; of a group, that of its list. */
  readonly pointer: string
  readonly depth: number
  /** The name or index under which it stands. */
  readonly name: string
  readonly kind: 'object' | 'list' | 'group' | 'text' | 'number' | 'word'
  /** In a line. */
  readonly text: string
  readonly value: unknown
  readonly isOpen: boolean
  /** Whether it has something to open. */
  readonly canOpen: boolean
  /** Its place among its siblings, from 1, and how many there are. */
  readonly place: number
  readonly siblings: number
}

/** A value to be shown, and its type where that is known. */
export interface TreeSource {
  readonly value: unknown
  readonly type?: JsonType | undefined
}

interface Part {
  readonly id: string
  readonly pointer: string
  readonly name: string
  readonly value: unknown
  readonly type: JsonType | undefined
  /** Of a group: which of the parts are in it, up to before `to`. */
  readonly group?: { readonly from: number; readonly to: number }
}

/** The rows of a value as far as it is open. `open`: the ids of the rows that are. */
export function treeRows({ value, type }: TreeSource, open: ReadonlySet<string>): readonly TreeRow[] {
  const rows: TreeRow[] = []
  const add = (part: Part, depth: number, place: number, siblings: number): void => {
    if (rows.length >= mostRows) return
    const canOpen = isParent(part)
    const isOpen = canOpen && open.has(part.id)
    rows.push({ ...rowOf(part), depth, isOpen, canOpen, place, siblings })
    if (!isOpen) return
    const inner = partsOf(part)
    for (const [i, each] of inner.entries()) add(each, depth + 1, i + 1, inner.length)
  }
  add({ id: '', pointer: '', name: '', value, type }, 0, 1, 1)
  return rows
}

/** What is open at first: the value itself, and what is in it while that is little. */
export function firstOpen(value: unknown): ReadonlySet<string> {
  const open = new Set([''])
  let left = 60
  const look = (part: Part, depth: number): void => {
    const count = sizeOf(part.value)
    if (depth > 3 || count > left) return
    left -= count
    open.add(part.id)
    for (const each of partsOf(part)) if (isParent(each)) look(each, depth + 1)
  }
  look({ id: '', pointer: '', name: '', value, type: undefined }, 0)
  return open
}

/** The ids of all rows that must be open for a place to be seen, itself not. */
export function waysTo(value: unknown, pointer: string): readonly string[] {
  const ids: string[] = ['']
  let part: Part = { id: '', pointer: '', name: '', value, type: undefined }
  for (const step of pointer.split('/').slice(1)) {
    let inner = partsOf(part)
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    const group = groupOf(part.value, name)
    if (group !== undefined && inner[group]) {
      ids.push(inner[group].id)
      inner = partsOf(inner[group])
    }
    const next = inner.find(each => each.name === name)
    if (!next) break
    ids.push(next.id)
    part = next
  }
  ids.pop()
  return ids
}

/** Where a text stands in a value, in names or in simple values, without regard to case. `isWhole`: all of it was looked through. */
export function findInTree(value: unknown, text: string): { readonly pointers: readonly string[]; readonly isWhole: boolean } {
  const wanted = text.toLowerCase()
  const pointers: string[] = []
  let looks = 0
  const look = (each: unknown, name: string, pointer: string): void => {
    if (++looks > mostLooks || pointers.length >= mostMatches) return
    const instead = shownAs(each) ?? each
    const simple = typeof instead === 'object' && instead !== null ? '' : String(instead)
    if (name.toLowerCase().includes(wanted) || simple.toLowerCase().includes(wanted)) pointers.push(pointer)
    if (typeof instead !== 'object' || instead === null) return
    for (const key in instead) {
      if (looks > mostLooks || pointers.length >= mostMatches) return
      look((instead as Record<string, unknown>)[key], Array.isArray(instead) ? '' : key, `${pointer}/${escapePointer(key)}`)
    }
  }
  if (wanted !== '') look(value, '', '')
  return { pointers, isWhole: looks <= mostLooks && pointers.length < mostMatches }
}

/** The JSON path (RFC 9535) of a place, as assertions are written with: `$.tags[0]`, `$['a b']`. */
export function jsonPathOf(root: unknown, pointer: string): string {
  let at: unknown = root
  let path = '$'
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(at)) path += `[${name}]`
    else path += /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name.replaceAll('\\', String.raw`\\`).replaceAll("'", String.raw`\'`)}']`
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined
  }
  return path
}

function isParent({ value, group }: Part): boolean {
  return group !== undefined || sizeOf(value) > 0
}

function sizeOf(value: unknown): number {
  const instead = shownAs(value) ?? value
  if (Array.isArray(instead)) return instead.length
  return typeof instead === 'object' && instead !== null ? Object.keys(instead).length : 0
}

/** Which of the groups a part is in, where there are some. */
function groupOf(value: unknown, name: string): number | undefined {
  if (sizeOf(value) <= groupSize) return undefined
  return Math.floor((Array.isArray(value) ? Number(name) : Object.keys(value as object).indexOf(name)) / groupSize)
}

function partsOf({ value, pointer, type, id, group }: Part): readonly Part[] {
  const instead = shownAs(value) ?? value
  if (typeof instead !== 'object' || instead === null) return []
  const stated = statedBy(instead)
  const keys = Array.isArray(instead) ? undefined : Object.keys(instead)
  const count = sizeOf(instead)
  const single = (index: number): Part => {
    const key = keys?.[index] ?? String(index)
    const at = `${pointer}/${escapePointer(key)}`
    return { id: at, pointer: at, name: key, value: (instead as Record<string, unknown>)[key], type: innerType(type, key, stated) }
  }
  const { from, to } = group ?? { from: 0, to: count }
  if (group || count <= groupSize) return Array.from({ length: to - from }, (_, i) => single(from + i))
  return Array.from({ length: Math.ceil(count / groupSize) }, (_, i) => {
    const inside = { from: i * groupSize, to: Math.min(count, (i + 1) * groupSize) }
    return { id: `${id}|${inside.from}`, pointer, name: `${inside.from} … ${inside.to - 1}`, value, type, group: inside }
  })
}

function rowOf({ id, pointer, name, value, type, group }: Part): Pick<TreeRow, 'id' | 'pointer' | 'name' | 'kind' | 'text' | 'value'> {
  const about = { id, pointer, name, value }
  if (group) return { ...about, kind: 'group', text: `${group.to - group.from} of them` }
  const instead = shownAs(value) ?? value
  if (Array.isArray(instead)) return { ...about, kind: 'list', text: `${instead.length} ${instead.length === 1 ? 'item' : 'items'}` }
  if (typeof instead === 'object' && instead !== null) {
    const count = sizeOf(instead)
    return { ...about, kind: 'object', text: `${count} ${count === 1 ? 'member' : 'members'}` }
  }
  if (isNumeric(type, instead)) return { ...about, kind: 'number', text: instead }
  if (typeof instead === 'string') {
    const isLong = instead.length > previewChars
    return { ...about, kind: 'text', text: JSON.stringify(isLong ? instead.slice(0, previewChars) : instead) + (isLong ? ' …' : '') }
  }
  return { ...about, kind: typeof instead === 'number' ? 'number' : 'word', text: String(instead ?? null) }
}
