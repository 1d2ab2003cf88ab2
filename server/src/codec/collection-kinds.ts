/** A .NET collection that a contract can name. */
export interface CollectionKind {
  /** With namespace and arity. */
  readonly dotnet: string
  readonly shape: 'list' | 'set' | 'dictionary'
  /** For an interface: the class that stands for it, and whether .NET still writes that class’s `$type` (spec §4.5, rule 3). */
  readonly standsFor?: { readonly kind: string; readonly tagged: boolean }
  /** The collection interfaces a value of this class can be assigned to, by contract name. */
  readonly implements: readonly string[]
  /** A value type: null is none of its values. */
  readonly struct?: boolean
  /** Read back in reverse: .NET pushes what it reads. */
  readonly reversed?: boolean
}

const generic = 'System.Collections.Generic'
const enumerable = ['IEnumerable']
const readOnly = ['IReadOnlyCollection', ...enumerable]
const collection = ['ICollection', ...readOnly]
const listLike = ['IList', 'IReadOnlyList', ...collection]
const setLike = ['ISet', 'IReadOnlySet', ...collection]
const dictionaryLike = ['IDictionary', 'IReadOnlyDictionary']

function face(
  name: string,
  arity: number,
  shape: CollectionKind['shape'],
  kind: string,
  tagged: boolean,
  also: readonly string[],
): CollectionKind {
  return { dotnet: `${generic}.${name}\`${arity}`, shape, standsFor: { kind, tagged }, implements: also }
}

/** Every collection by the name a contract gives it. `List`, `HashSet` and `Dictionary` have builders of their own. */
export const collectionKinds: Readonly<Record<string, CollectionKind>> = {
  List: { dotnet: `${generic}.List\`1`, shape: 'list', implements: listLike },
  HashSet: { dotnet: `${generic}.HashSet\`1`, shape: 'set', implements: setLike },
  Dictionary: { dotnet: `${generic}.Dictionary\`2`, shape: 'dictionary', implements: dictionaryLike },
  IEnumerable: face('IEnumerable', 1, 'list', 'List', false, []),
  ICollection: face('ICollection', 1, 'list', 'List', false, enumerable),
  IList: face('IList', 1, 'list', 'List', false, ['ICollection', ...enumerable]),
  IReadOnlyCollection: face('IReadOnlyCollection', 1, 'list', 'List', true, enumerable),
  IReadOnlyList: face('IReadOnlyList', 1, 'list', 'List', true, readOnly),
  ISet: face('ISet', 1, 'set', 'HashSet', false, ['ICollection', ...enumerable]),
  IReadOnlySet: face('IReadOnlySet', 1, 'set', 'HashSet', true, readOnly),
  IDictionary: face('IDictionary', 2, 'dictionary', 'Dictionary', false, []),
  IReadOnlyDictionary: face('IReadOnlyDictionary', 2, 'dictionary', 'Dictionary', true, []),
  Queue: { dotnet: `${generic}.Queue\`1`, shape: 'list', implements: readOnly },
  Stack: { dotnet: `${generic}.Stack\`1`, shape: 'list', implements: readOnly, reversed: true },
  LinkedList: { dotnet: `${generic}.LinkedList\`1`, shape: 'list', implements: collection },
  SortedSet: { dotnet: `${generic}.SortedSet\`1`, shape: 'set', implements: setLike },
  SortedDictionary: { dotnet: `${generic}.SortedDictionary\`2`, shape: 'dictionary', implements: dictionaryLike },
  SortedList: { dotnet: `${generic}.SortedList\`2`, shape: 'dictionary', implements: dictionaryLike },
  Collection: { dotnet: 'System.Collections.ObjectModel.Collection`1', shape: 'list', implements: listLike },
  ReadOnlyCollection: { dotnet: 'System.Collections.ObjectModel.ReadOnlyCollection`1', shape: 'list', implements: listLike },
  ReadOnlyDictionary: { dotnet: 'System.Collections.ObjectModel.ReadOnlyDictionary`2', shape: 'dictionary', implements: dictionaryLike },
  ObservableCollection: { dotnet: 'System.Collections.ObjectModel.ObservableCollection`1', shape: 'list', implements: listLike },
  ConcurrentBag: { dotnet: 'System.Collections.Concurrent.ConcurrentBag`1', shape: 'list', implements: readOnly },
  ConcurrentQueue: { dotnet: 'System.Collections.Concurrent.ConcurrentQueue`1', shape: 'list', implements: readOnly },
  ConcurrentStack: { dotnet: 'System.Collections.Concurrent.ConcurrentStack`1', shape: 'list', implements: readOnly, reversed: true },
  ConcurrentDictionary: { dotnet: 'System.Collections.Concurrent.ConcurrentDictionary`2', shape: 'dictionary', implements: dictionaryLike },
  ImmutableArray: { dotnet: 'System.Collections.Immutable.ImmutableArray`1', shape: 'list', implements: listLike, struct: true },
  ImmutableList: { dotnet: 'System.Collections.Immutable.ImmutableList`1', shape: 'list', implements: listLike },
  ImmutableHashSet: { dotnet: 'System.Collections.Immutable.ImmutableHashSet`1', shape: 'set', implements: setLike },
  ImmutableSortedSet: { dotnet: 'System.Collections.Immutable.ImmutableSortedSet`1', shape: 'set', implements: setLike },
  ImmutableDictionary: { dotnet: 'System.Collections.Immutable.ImmutableDictionary`2', shape: 'dictionary', implements: dictionaryLike },
  ImmutableSortedDictionary: {
    dotnet: 'System.Collections.Immutable.ImmutableSortedDictionary`2',
    shape: 'dictionary',
    implements: dictionaryLike,
  },
}

/** The interfaces that arrays implement. */
export const arrayInterfaces: readonly string[] = listLike
