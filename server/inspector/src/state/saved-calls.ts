import {
  type Collection,
  emptyCollection,
  problemText,
  readCollection,
  type SavedCall,
  writeCollection,
} from '@halibut-gateway/schemas/collection'
import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { freeName, type SaveableCall } from '../values/saved-call.ts'

/** A collection that this browser keeps. */
export interface KeptCollection {
  readonly id: string
  readonly collection: Collection
}

/** Something that could not be read: it was damaged, or a newer page has written it. */
export interface SetAside {
  readonly key: string
  readonly text: string
  readonly reason: string
}

/** What was taken away, and can be put back. */
export interface Undo {
  readonly what: string
  restore(): void
}

/** Saved calls of this browser. Each change is kept at once, or refused with why. */
export interface SavedCalls {
  /** By name. */
  readonly list: ReadonlySignal<readonly KeptCollection[]>
  readonly setAside: ReadonlySignal<readonly SetAside[]>
  readonly undo: ReadonlySignal<Undo | undefined>
  get(id: string): Collection | undefined
  /** Begins one; gives its id, or why not. */
  create(name: string): Kept
  /** Takes one in, as of a file; another one of its name stays. */
  add(collection: Collection): Kept
  /** Puts a collection in the place of another; gives why not, where it is not acceptable. */
  change(id: string, next: (before: Collection) => Collection): string | undefined
  /** Puts a call at the end of a collection; gives the name under which, or why not. */
  save(id: string, call: SaveableCall): Kept
  /** Takes away a collection, or one call of it. */
  remove(id: string, call?: string): void
  /** Puts back what was taken away last. */
  putBack(): void
  /** Forgets something that was set aside. */
  forget(key: string): void
}

/** What is kept under a name or an id, or why it is not. */
export type Kept = { readonly id: string } | { readonly problem: string }

/** Collections that a browser keeps, and characters of all of them. */
const mostCollections = 100
const mostChars = 2_097_152

/** What the store needs of `localStorage`. */
export type BrowserStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/**
 * The saved calls of a browser: an entry of its storage for each collection, which is the text of its file. `place`: that of the gateway, since
 * others may have the same origin. `onChange` hears when another tab has changed something.
 */
export function createSavedCalls(
  storage: BrowserStorage,
  place: string,
  onChange: (listener: (key: string | null) => void) => void,
): SavedCalls {
  const prefix = `halibut-gateway.saved ${place} `
  const list = signal<readonly KeptCollection[]>([])
  const setAside = signal<readonly SetAside[]>([])
  const undo = signal<Undo | undefined>(undefined)

  function load(): void {
    const kept: KeptCollection[] = []
    const aside: SetAside[] = []
    for (const key of keysOf(storage)) {
      if (!key.startsWith(prefix)) continue
      const text = storage.getItem(key) ?? ''
      const read = readCollection(text)
      if ('collection' in read) kept.push({ id: key.slice(prefix.length), collection: read.collection })
      else aside.push({ key, text, reason: read.problems.map(problemText).join('; ') })
    }
    batch(() => {
      list.value = sorted(kept)
      setAside.value = aside
    })
  }
  load()
  onChange(key => {
    if (key === null || key.startsWith(prefix)) load()
  })

  /** Why a collection cannot be kept; nothing is changed then. */
  function keep(id: string, collection: Collection): string | undefined {
    const text = writeCollection(collection)
    const read = readCollection(text)
    if ('problems' in read) return read.problems.map(problemText).join('; ')
    const others = list.peek().filter(each => each.id !== id)
    if (others.length >= mostCollections) return `There are ${mostCollections} collections, which is all that is kept here.`
    const chars = others.reduce((sum, each) => sum + (storage.getItem(prefix + each.id)?.length ?? 0), text.length)
    if (chars > mostChars) return 'There is no more room for saved calls here: export some, and delete them.'
    try {
      storage.setItem(prefix + id, text)
    } catch {
      return 'This browser does not let the page keep anything, or has no room for it.'
    }
    list.value = sorted([...others, { id, collection: read.collection }])
    return undefined
  }
  const kept = (id: string, problem: string | undefined): Kept => (problem === undefined ? { id } : { problem })
  const get = (id: string): Collection | undefined => list.value.find(each => each.id === id)?.collection
  const isTaken = (name: string): boolean => list.peek().some(({ collection }) => collection.name === name)
  const add = (collection: Collection): Kept => {
    const id = crypto.randomUUID()
    return kept(id, keep(id, { ...collection, name: freeName(collection.name, isTaken, ' ') }))
  }
  const change: SavedCalls['change'] = (id, next) => {
    const before = get(id)
    return before ? keep(id, next(before)) : 'It was deleted meanwhile.'
  }

  return {
    list,
    setAside,
    undo,
    get,
    create: name => add(emptyCollection(name)),
    add,
    change,
    save: (id, { call, variables }) => {
      const name = freeName(call.name, each => get(id)?.calls.some(other => other.name === each) ?? false, ' ')
      const problem = change(id, before => ({
        ...before,
        variables: { ...variables, ...before.variables },
        calls: [...before.calls, { ...call, name }],
      }))
      return kept(name, problem)
    },
    remove: (id, call) => {
      const before = get(id)
      if (!before) return
      if (call === undefined) {
        storage.removeItem(prefix + id)
        list.value = list.peek().filter(each => each.id !== id)
        undo.value = { what: before.name, restore: () => void keep(id, before) }
        return
      }
      const at = before.calls.findIndex(({ name }) => name === call)
      const gone = before.calls[at]
      if (!gone || change(id, now => ({ ...now, calls: now.calls.filter(each => each.name !== call) })) !== undefined) return
      undo.value = { what: call, restore: () => void change(id, now => ({ ...now, calls: withCallAt(now.calls, at, gone) })) }
    },
    putBack: () => {
      const what = undo.peek()
      undo.value = undefined
      what?.restore()
    },
    forget: key => {
      storage.removeItem(key)
      setAside.value = setAside.peek().filter(each => each.key !== key)
    },
  }
}

function withCallAt(calls: readonly SavedCall[], at: number, call: SavedCall): SavedCall[] {
  const name = freeName(call.name, each => calls.some(other => other.name === each), ' ')
  return [...calls.slice(0, at), { ...call, name }, ...calls.slice(at)]
}

function keysOf(storage: BrowserStorage): readonly string[] {
  return Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
}

const collator = new Intl.Collator('en', { numeric: true })

function sorted(collections: readonly KeptCollection[]): readonly KeptCollection[] {
  return collections.toSorted((one, other) => collator.compare(one.collection.name, other.collection.name) || (one.id < other.id ? -1 : 1))
}
