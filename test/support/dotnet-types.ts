import { parseTypeName, printType, type TypeName } from '../../server/src/codec/type-names.ts'

/** A .NET whose names are known. Both answers were asked of it: by Newtonsoft’s binder on 10, of the reference assemblies on 4.8. */
export type Platform = '.NET 10' | '.NET Framework 4.8'

const core = ['mscorlib', 'netstandard', 'System.Runtime', 'System.Private.CoreLib']
/** [on .NET 10, on .NET Framework 4.8] */
type Homes = readonly [readonly string[], readonly string[]]
const base: Homes = [core, ['mscorlib', 'netstandard', 'System.Runtime']]
const modern: Homes = [['System.Runtime', 'System.Private.CoreLib'], []]
const package_: Homes = [['System.Collections.Immutable'], ['System.Collections.Immutable']]
const inSystem: Homes = [
  ['netstandard', 'System', 'System.Collections'],
  ['System', 'System.Collections', 'netstandard'],
]

/** The assemblies through which each type of .NET itself is found, by the type’s name. */
const homes: Readonly<Record<string, Homes>> = {
  ...named('System.', base, [
    ...['Boolean', 'SByte', 'Byte', 'Int16', 'UInt16', 'Int32', 'UInt32', 'Int64', 'UInt64', 'Single', 'Double', 'Decimal'],
    ...['String', 'Char', 'Guid', 'DateTime', 'DateTimeOffset', 'TimeSpan', 'Version', 'Object', 'Nullable`1', 'Tuple`1', 'Tuple`2'],
  ]),
  ...named('System.', [core, ['mscorlib', 'System.ValueTuple', 'netstandard']], ['ValueTuple`1', 'ValueTuple`2']),
  ...named('System.', modern, ['DateOnly', 'TimeOnly']),
  'System.Uri': [
    ['netstandard', 'System', 'System.Runtime', 'System.Private.Uri'],
    ['System', 'System.Runtime', 'netstandard'],
  ],
  'System.Numerics.BigInteger': [
    ['netstandard', 'System.Numerics', 'System.Runtime.Numerics'],
    ['System.Numerics', 'System.Runtime.Numerics', 'netstandard'],
  ],
  ...named('System.Collections.Generic.', base, [
    ...['KeyValuePair`2', 'IEnumerable`1', 'ICollection`1', 'IList`1', 'IReadOnlyCollection`1', 'IReadOnlyList`1'],
    ...['IDictionary`2', 'IReadOnlyDictionary`2'],
  ]),
  ...named('System.Collections.Generic.', modern, ['IReadOnlySet`1']),
  ...named(
    'System.Collections.Generic.',
    [
      ['mscorlib', 'netstandard', 'System.Private.CoreLib', 'System.Collections'],
      ['mscorlib', 'System.Collections', 'netstandard'],
    ],
    ['List`1', 'Dictionary`2'],
  ),
  'System.Collections.Generic.HashSet`1': [
    ['netstandard', 'System.Core', 'System.Private.CoreLib', 'System.Collections'],
    ['System.Core', 'System.Collections', 'netstandard'],
  ],
  'System.Collections.Generic.ISet`1': [
    ['netstandard', 'System', 'System.Runtime', 'System.Private.CoreLib'],
    ['System', 'System.Runtime', 'netstandard'],
  ],
  'System.Collections.Generic.Queue`1': [['mscorlib', 'System.Private.CoreLib', ...inSystem[0]], inSystem[1]],
  'System.Collections.Generic.Stack`1': [['mscorlib', ...inSystem[0]], inSystem[1]],
  ...named('System.Collections.Generic.', inSystem, ['LinkedList`1', 'SortedSet`1', 'SortedDictionary`2', 'SortedList`2']),
  ...named('System.Collections.ObjectModel.', base, ['Collection`1', 'ReadOnlyCollection`1']),
  'System.Collections.ObjectModel.ReadOnlyDictionary`2': [
    [...core, 'System.ObjectModel'],
    ['mscorlib', 'System.ObjectModel', 'netstandard'],
  ],
  'System.Collections.ObjectModel.ObservableCollection`1': [
    ['netstandard', 'System', 'System.ObjectModel'],
    ['System', 'System.ObjectModel', 'netstandard'],
  ],
  'System.Collections.Concurrent.ConcurrentBag`1': [
    ['netstandard', 'System', 'System.Collections.Concurrent'],
    ['System', 'netstandard', 'System.Collections.Concurrent'],
  ],
  'System.Collections.Concurrent.ConcurrentQueue`1': [
    ['mscorlib', 'netstandard', 'System.Private.CoreLib', 'System.Collections.Concurrent'],
    ['mscorlib', 'netstandard', 'System.Collections.Concurrent'],
  ],
  ...named(
    'System.Collections.Concurrent.',
    [
      ['mscorlib', 'netstandard', 'System.Collections.Concurrent'],
      ['mscorlib', 'netstandard', 'System.Collections.Concurrent'],
    ],
    ['ConcurrentStack`1', 'ConcurrentDictionary`2'],
  ),
  ...named('System.Collections.Immutable.', package_, [
    ...['ImmutableArray`1', 'ImmutableList`1', 'ImmutableHashSet`1', 'ImmutableSortedSet`1'],
    ...['ImmutableDictionary`2', 'ImmutableSortedDictionary`2'],
  ]),
}

function named(namespace: string, where: Homes, names: readonly string[]): Record<string, Homes> {
  return Object.fromEntries(names.map(name => [namespace + name, where]))
}

/**
 * Resolves a `$type` text as .NET does: each type in it, arguments too, through the assembly that it names. `undefined` when all are found,
 * else the first that is not. `ownAssemblies` have every type that is asked of them.
 */
export function unresolvedOn(platform: Platform, text: string, ownAssemblies: readonly string[]): string | undefined {
  const type = parseTypeName(text)
  return type === undefined ? text : unresolved(platform, type, ownAssemblies)
}

function unresolved(platform: Platform, type: TypeName, ownAssemblies: readonly string[]): string | undefined {
  for (const arg of type.args) {
    const found = unresolved(platform, arg, ownAssemblies)
    if (found !== undefined) return found
  }
  const { name, assembly } = type
  const [onModern, onFramework] = (Object.hasOwn(homes, name) ? homes[name] : undefined) ?? [[], []]
  const where = platform === '.NET 10' ? onModern : onFramework
  return ownAssemblies.includes(assembly ?? '') || (assembly !== undefined && where.includes(assembly))
    ? undefined
    : `${printType(type)}, ${assembly}`
}

/** Types that .NET Framework does not have at all, under whatever name. */
export const modernOnly: readonly string[] = Object.entries(homes)
  .filter(([, [, onFramework]]) => onFramework.length === 0)
  .map(([name]) => name)
