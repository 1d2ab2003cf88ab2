/** The .NET collections a contract can name, with their number of type arguments and how they are held in JSON and JavaScript. */
export const collections = {
  IEnumerable: { arity: 1, shape: 'list' },
  ICollection: { arity: 1, shape: 'list' },
  IList: { arity: 1, shape: 'list' },
  IReadOnlyCollection: { arity: 1, shape: 'list' },
  IReadOnlyList: { arity: 1, shape: 'list' },
  Queue: { arity: 1, shape: 'list' },
  Stack: { arity: 1, shape: 'list' },
  LinkedList: { arity: 1, shape: 'list' },
  Collection: { arity: 1, shape: 'list' },
  ReadOnlyCollection: { arity: 1, shape: 'list' },
  ObservableCollection: { arity: 1, shape: 'list' },
  ConcurrentBag: { arity: 1, shape: 'list' },
  ConcurrentQueue: { arity: 1, shape: 'list' },
  ConcurrentStack: { arity: 1, shape: 'list' },
  ImmutableArray: { arity: 1, shape: 'list' },
  ImmutableList: { arity: 1, shape: 'list' },
  ISet: { arity: 1, shape: 'set' },
  IReadOnlySet: { arity: 1, shape: 'set' },
  SortedSet: { arity: 1, shape: 'set' },
  ImmutableHashSet: { arity: 1, shape: 'set' },
  ImmutableSortedSet: { arity: 1, shape: 'set' },
  IDictionary: { arity: 2, shape: 'dictionary' },
  IReadOnlyDictionary: { arity: 2, shape: 'dictionary' },
  SortedDictionary: { arity: 2, shape: 'dictionary' },
  SortedList: { arity: 2, shape: 'dictionary' },
  ConcurrentDictionary: { arity: 2, shape: 'dictionary' },
  ReadOnlyDictionary: { arity: 2, shape: 'dictionary' },
  ImmutableDictionary: { arity: 2, shape: 'dictionary' },
  ImmutableSortedDictionary: { arity: 2, shape: 'dictionary' },
} as const satisfies Record<string, { readonly arity: 1 | 2; readonly shape: 'list' | 'set' | 'dictionary' }>

/** The name of a collection of the table. */
export type CollectionName = keyof typeof collections

/** How many type arguments the collection of this name has; `undefined` for one that is not known. */
export function collectionArity(name: string): 1 | 2 | undefined {
  return Object.hasOwn(collections, name) ? collections[name as CollectionName].arity : undefined
}
