import { HalibutError } from '../base/errors.ts'

/** Whose assembly names stand in the `$type` texts that are written (spec §4.5). Both kinds of peer resolve those of the Framework. */
export type Corlib = 'mscorlib' | 'System.Private.CoreLib'

/** A closed .NET type: what a `$type` text says, and what is needed to write one. */
export interface TypeName {
  /** With namespace, outer classes (`+`) and arity, without arguments: ``System.Collections.Generic.List`1``. */
  readonly name: string
  readonly args: readonly TypeName[]
  /** `''`, `[]`, `[,]`, `[][]` … */
  readonly arrays: string
  /** The simple assembly name; `undefined` when none was given. */
  readonly assembly: string | undefined
}

const corlibAssembly = { mscorlib: 'mscorlib', 'System.Private.CoreLib': 'System.Private.CoreLib' } as const

/**
 * Types that don’t live in the core library: [on modern .NET, on the Framework]. What the Framework has not got is in nobody’s `mscorlib`:
 * it is named as modern .NET names it, also among names of the Framework.
 */
const otherHomes: Readonly<Record<string, readonly [string, string]>> = {
  'System.DateOnly': ['System.Private.CoreLib', 'System.Private.CoreLib'],
  'System.TimeOnly': ['System.Private.CoreLib', 'System.Private.CoreLib'],
  'System.Collections.Generic.IReadOnlySet`1': ['System.Private.CoreLib', 'System.Private.CoreLib'],
  'System.Uri': ['System.Private.Uri', 'System'],
  'System.Numerics.BigInteger': ['System.Runtime.Numerics', 'System.Numerics'],
  'System.Collections.Generic.HashSet`1': ['System.Private.CoreLib', 'System.Core'],
  'System.Collections.Generic.ISet`1': ['System.Private.CoreLib', 'System'],
  'System.Collections.Generic.Queue`1': ['System.Private.CoreLib', 'System'],
  'System.Collections.Generic.Stack`1': ['System.Collections', 'System'],
  'System.Collections.Generic.LinkedList`1': ['System.Collections', 'System'],
  'System.Collections.Generic.SortedSet`1': ['System.Collections', 'System'],
  'System.Collections.Generic.SortedDictionary`2': ['System.Collections', 'System'],
  'System.Collections.Generic.SortedList`2': ['System.Collections', 'System'],
  'System.Collections.ObjectModel.ObservableCollection`1': ['System.ObjectModel', 'System'],
  'System.Collections.Concurrent.ConcurrentBag`1': ['System.Collections.Concurrent', 'System'],
  'System.Collections.Concurrent.ConcurrentDictionary`2': ['System.Collections.Concurrent', 'mscorlib'],
  'System.Collections.Concurrent.ConcurrentStack`1': ['System.Collections.Concurrent', 'mscorlib'],
  'System.Collections.Immutable.ImmutableArray`1': ['System.Collections.Immutable', 'System.Collections.Immutable'],
  'System.Collections.Immutable.ImmutableList`1': ['System.Collections.Immutable', 'System.Collections.Immutable'],
  'System.Collections.Immutable.ImmutableHashSet`1': ['System.Collections.Immutable', 'System.Collections.Immutable'],
  'System.Collections.Immutable.ImmutableSortedSet`1': ['System.Collections.Immutable', 'System.Collections.Immutable'],
  'System.Collections.Immutable.ImmutableDictionary`2': ['System.Collections.Immutable', 'System.Collections.Immutable'],
  'System.Collections.Immutable.ImmutableSortedDictionary`2': ['System.Collections.Immutable', 'System.Collections.Immutable'],
}

/** Assemblies of .NET itself, through one of which a peer may name a `System` type. */
const systemAssemblies = new Set([
  'mscorlib',
  'netstandard',
  'System',
  'System.Core',
  'System.Runtime',
  'System.Private.CoreLib',
  'System.Private.Uri',
  'System.Collections',
  'System.Collections.Concurrent',
  'System.Collections.Immutable',
  'System.ObjectModel',
  'System.Numerics',
  'System.Runtime.Numerics',
  'System.Linq',
])

/** A type of .NET itself, by its name with arity. */
export function systemType(name: string, ...args: readonly TypeName[]): TypeName {
  return { name, args, arrays: '', assembly: undefined }
}

/** A type by its name with assembly, as it stands in a contract: `Sample.Contracts.Person, Sample.Contracts`. */
export function contractType(qualifiedName: string, args: readonly TypeName[] = []): TypeName {
  const comma = qualifiedName.indexOf(',')
  if (comma < 0) return { name: qualifiedName.trim(), args, arrays: '', assembly: undefined }
  return { name: qualifiedName.slice(0, comma).trim(), args, arrays: '', assembly: qualifiedName.slice(comma + 1).trim() }
}

/** `T[]`, `T[,]` of a type. */
export function arrayType(item: TypeName, rank = 1): TypeName {
  return { ...item, arrays: `${item.arrays}[${','.repeat(rank - 1)}]` }
}

/** What tells types apart: everything but the assemblies. */
export function typeKey(type: TypeName): string {
  const args = type.args.length > 0 ? `[${type.args.map(typeKey).join('|')}]` : ''
  return `${type.name}${args}${type.arrays}`
}

/** As .NET’s `Type.ToString()` prints it: ``System.Collections.Generic.List`1[System.String]``. */
export function printType(type: TypeName): string {
  return `${type.name}${type.args.length > 0 ? `[${type.args.map(printType).join(',')}]` : ''}${type.arrays}`
}

/** As .NET’s `Type.Name` has it: ``List`1``, `String[]`, `Inner`. */
export function shortName(type: TypeName): string {
  return type.name.slice(Math.max(type.name.lastIndexOf('.'), type.name.lastIndexOf('+')) + 1) + type.arrays
}

/** The `$type` text: simple assembly names, no version (spec §4.5). */
export function formatTypeName(type: TypeName, corlib: Corlib): string {
  const args = type.args.length > 0 ? `[${type.args.map(arg => `[${formatTypeName(arg, corlib)}]`).join(',')}]` : ''
  return `${type.name}${args}${type.arrays}, ${assemblyOf(type, corlib)}`
}

function assemblyOf(type: TypeName, corlib: Corlib): string {
  if (type.assembly !== undefined) return type.assembly
  const homes = Object.hasOwn(otherHomes, type.name) ? otherHomes[type.name] : undefined
  return homes ? homes[corlib === 'mscorlib' ? 1 : 0] : corlibAssembly[corlib]
}

/**
 * Whether a received name may stand for a known type of the same {@link typeKey}. Of .NET’s own types the assembly is ignored, as long as
 * it is one of .NET’s: they moved between versions. Any other type must name its assembly; version, culture and token are ignored.
 */
export function namesSameType(received: TypeName, known: TypeName): boolean {
  const assemblyFits =
    known.assembly === undefined
      ? received.assembly === undefined || systemAssemblies.has(received.assembly)
      : received.assembly === known.assembly
  return assemblyFits && received.args.every((arg, i) => namesSameType(arg, known.args[i] as TypeName))
}

/** Whether .NET would find such a type, though perhaps not among those it may make: decides between its two error texts. */
export function looksResolvable(type: TypeName, isContractAssembly: (assembly: string) => boolean): boolean {
  const assembly = type.assembly
  if (assembly !== undefined && !isContractAssembly(assembly) && !(systemAssemblies.has(assembly) && type.name.startsWith('System.'))) {
    return false
  }
  return type.args.every(arg => looksResolvable(arg, isContractAssembly))
}

const maxLength = 4_096
const maxDepth = 16

/**
 * Parses an assembly-qualified type name, also full ones with version, culture and token, names without an assembly, and arguments in
 * single brackets. `undefined` for what is no type name. Letter case counts.
 */
export function parseTypeName(text: string): TypeName | undefined {
  if (text.length > maxLength) return undefined
  const cursor = { text, at: 0 }
  const type = parseQualified(cursor, true, 0)
  return type !== undefined && cursor.at === text.length ? type : undefined
}

interface Cursor {
  readonly text: string
  at: number
}

function parseQualified(cursor: Cursor, withAssembly: boolean, depth: number): TypeName | undefined {
  if (depth > maxDepth) return undefined
  const { text } = cursor
  skipSpaces(cursor)
  const start = cursor.at
  while (cursor.at < text.length && !'[],'.includes(text.charAt(cursor.at))) cursor.at++
  const name = text.slice(start, cursor.at).trim()
  if (name === '') return undefined
  let args: readonly TypeName[] = []
  if (text.charAt(cursor.at) === '[' && !'],'.includes(text.charAt(cursor.at + 1))) {
    const parsed = parseArguments(cursor, depth)
    if (parsed === undefined) return undefined
    args = parsed
  }
  const arraysStart = cursor.at
  while (text.charAt(cursor.at) === '[') {
    cursor.at++
    while (text.charAt(cursor.at) === ',') cursor.at++
    if (text.charAt(cursor.at) !== ']') return undefined
    cursor.at++
  }
  const arrays = text.slice(arraysStart, cursor.at)
  skipSpaces(cursor)
  if (!withAssembly || text.charAt(cursor.at) !== ',') return { name, args, arrays, assembly: undefined }
  const assembly = parseAssembly(cursor)
  return assembly === undefined ? undefined : { name, args, arrays, assembly }
}

function parseArguments(cursor: Cursor, depth: number): readonly TypeName[] | undefined {
  const { text } = cursor
  const args: TypeName[] = []
  do {
    cursor.at++
    skipSpaces(cursor)
    const bracketed = text.charAt(cursor.at) === '['
    if (bracketed) cursor.at++
    const arg = parseQualified(cursor, bracketed, depth + 1)
    if (arg === undefined) return undefined
    args.push(arg)
    if (bracketed) {
      if (text.charAt(cursor.at) !== ']') return undefined
      cursor.at++
      skipSpaces(cursor)
    }
  } while (text.charAt(cursor.at) === ',')
  if (text.charAt(cursor.at) !== ']') return undefined
  cursor.at++
  return args
}

/** `, Name, Version=…, Culture=…`: the name counts. */
function parseAssembly(cursor: Cursor): string | undefined {
  const { text } = cursor
  const start = ++cursor.at
  while (cursor.at < text.length && text.charAt(cursor.at) !== ']') {
    if (text.charAt(cursor.at) === '[') return undefined
    cursor.at++
  }
  const name = text.slice(start, cursor.at).split(',', 1)[0]?.trim()
  return name === '' ? undefined : name
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text.charAt(cursor.at) === ' ') cursor.at++
}

/** The error for a `$type` that cannot be taken, in .NET’s words. The connection closes on it. */
export function unresolvedType(text: string, resolvable: boolean): HalibutError {
  const shown = text.length > 512 ? `${text.slice(0, 512)}…` : text
  return new HalibutError(
    'serialization_failed',
    resolvable ? `Type specified in JSON '${shown}' was not resolved.` : `Error resolving type specified in JSON '${shown}'.`,
    { dotnetType: 'Newtonsoft.Json.JsonSerializationException' },
  )
}
