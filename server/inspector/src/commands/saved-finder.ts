import { signal } from '@preact/signals'
import type { SavedCalls } from '../state/saved-calls.ts'
import { match } from './matching.ts'
import type { Finder } from './registry.ts'

const mostFound = 8

/**
 * Finds saved calls by their names, and by those of their collections. They and the code that reads them come by `load` when somebody types for
 * the first time.
 */
export function savedFinder(load: () => Promise<Pick<SavedCalls, 'list'>>, open: (collection: string, call: string) => void): Finder {
  const saved = signal<Pick<SavedCalls, 'list'> | undefined>(undefined)
  let isAsked = false
  const ask = async (): Promise<void> => {
    if (isAsked) return
    isAsked = true
    try {
      saved.value = await load()
    } catch {
      // The gateway is away: it is asked again at the next letter.
      isAsked = false
    }
  }
  return {
    group: 'Saved calls',
    find: typed => {
      void ask()
      return (saved.value?.list.value ?? [])
        .flatMap(({ id, collection }) =>
          collection.calls.map(({ name }) => {
            const named = match(typed, name)
            const score = named ? named.score + 10 : match(typed, `${name} ${collection.name}`)?.score
            return { id, name, about: collection.name, score }
          }),
        )
        .filter((each): each is typeof each & { score: number } => each.score !== undefined)
        .sort((one, other) => other.score - one.score)
        .slice(0, mostFound)
        .map(({ id, name, about }) => ({ id: `saved.${id}.${name}`, name, about, run: () => open(id, name) }))
    },
  }
}
