/** How far what scrolls was scrolled: the page itself is `''`. */
export type Scrolled = Readonly<Record<string, number>>

/** How far the places of this tab were scrolled when they were left, also over a reload. */
export interface ScrollMemory {
  keep(key: string, scrolled: Scrolled): void
  of(key: string): Scrolled | undefined
}

const storageKey = 'halibut-gateway.scrolled'
const mostKept = 50

/** `storage`: that of the tab. */
export function createScrollMemory(storage: Pick<Storage, 'getItem' | 'setItem'>): ScrollMemory {
  const kept = read(storage.getItem(storageKey))
  return {
    keep: (key, scrolled) => {
      kept.delete(key)
      kept.set(key, scrolled)
      for (const oldest of [...kept.keys()].slice(0, -mostKept)) kept.delete(oldest)
      try {
        storage.setItem(storageKey, JSON.stringify([...kept]))
      } catch {
        // The tab has no room for it: a reload then begins at the top.
      }
    },
    of: key => kept.get(key),
  }
}

function read(text: string | null): Map<string, Scrolled> {
  try {
    return new Map(JSON.parse(text ?? '[]') as [string, Scrolled][])
  } catch {
    return new Map()
  }
}
